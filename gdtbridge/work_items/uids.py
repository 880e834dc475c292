"""The UID of a work item that no client has named: made from its order, and found again by it.

It is the UID of a UUID of version 8 (RFC 9562 5.8; PS3.5 B.2): the order's number in the last 62
bits, and before it bits of a digest of its study's UID, so that no other installation makes it too.
"""

from __future__ import annotations

import hashlib
from typing import Final

from gdtbridge.dataset.values import is_valid_uid, uid_from
from gdtbridge.orders.model import Order

_NUMBER_BITS: Final = 62
_HIGHEST: Final = 2**31 - 1
"""Of the numbers a database gives."""
_VERSION: Final = 8 << 76
_VARIANT: Final = 2 << 62
_ROOT: Final = uid_from(0).removesuffix("0")


def derived_uid(order: Order) -> str:
    """Return the SOP Instance UID of an order's work item."""
    digest = hashlib.sha256(f"work item {order.study_instance_uid}".encode()).digest()
    bits = int.from_bytes(digest[:8])
    high, middle = bits >> 16, bits & 0xFFF
    return uid_from(high << 80 | _VERSION | middle << 64 | _VARIANT | order.id)


def order_id_in(uid: str) -> int | None:
    """Return the number of the order a UID may have been made from; whether it was, is compared."""
    number = uid.removeprefix(_ROOT)
    if not uid.startswith(_ROOT) or not number.isdecimal() or not is_valid_uid(uid):
        return None
    found = int(number) & ((1 << _NUMBER_BITS) - 1)
    return found if found <= _HIGHEST else None
