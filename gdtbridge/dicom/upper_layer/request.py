"""The association request (A-ASSOCIATE-RQ, PS3.8 9.3.2) as sent, made such as pynetdicom can read.

A receiver ignores the items it does not know (PS3.8 9.3.1) and tests one bit of the protocol
version; devices pad, repeat and exceed what they fill in. pynetdicom aborts there. So a request is
read leniently here and written anew with nothing but what is negotiated: titles, presentation
contexts, maximum length, the roles that are answered. Other roles, windows, extended negotiation
and identities are left out, which answers them: the defaults hold (PS3.7 D.3.3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from gdtbridge.dataset.text import plain_text
from gdtbridge.dataset.values import is_uid, received_title
from gdtbridge.dicom.negotiation import Roles, roles_of

TITLES: Final = slice(4, 68)
"""Called and calling AE title and the reserved bytes, counted from the end of the PDU header."""
CALLED_TITLE: Final = slice(4, 20)
CALLING_TITLE: Final = slice(20, 36)

MAX_CONTEXTS: Final = 128
MAX_SYNTAXES: Final = 128
"""Transfer syntaxes of one context that are looked at; the standard has about sixty."""

_VERSION_1: Final = 0x0001
_APPLICATION_CONTEXT: Final = 0x10
_CONTEXT: Final = 0x20
_ABSTRACT_SYNTAX: Final = 0x30
_TRANSFER_SYNTAX: Final = 0x40
_USER_INFORMATION: Final = 0x50
_MAXIMUM_LENGTH: Final = 0x51
_CLASS_UID: Final = 0x52
_ROLE_SELECTION: Final = 0x54
_VERSION_NAME: Final = 0x55
_LONGEST_VERSION_NAME: Final = 16
_DICOM: Final = b"1.2.840.10008.3.1.1.1"
"""DICOM Application Context Name, the only one there is (PS3.7 A.2.1)."""


class AssociationRequestError(ValueError):
    """The bytes are no association request."""


def readable_request(body: bytes) -> bytes:
    """Return the body of an A-ASSOCIATE-RQ so that pynetdicom can read it.

    Raises `AssociationRequestError` for a body cut off.
    """
    if len(body) < TITLES.stop:
        raise AssociationRequestError("association request cut off")
    (version,) = struct.unpack_from(">H", body)
    if version & _VERSION_1:
        version = _VERSION_1
    titles = _readable_title(body[CALLED_TITLE]) + _readable_title(body[CALLING_TITLE])
    return b"".join(
        (
            struct.pack(">Hxx", version),
            titles.ljust(TITLES.stop - TITLES.start, b"\0"),
            _item(_APPLICATION_CONTEXT, _DICOM),
            *_variable_items(body[TITLES.stop :]),
        )
    )


def implementation_of(body: bytes) -> tuple[str, str]:
    """Return Implementation Class UID and Version Name of an A-ASSOCIATE-RQ (PS3.7 D.3.3.2).

    Empty where the request has none that is readable.
    """
    said = dict(_items(body[TITLES.stop :]))
    items = dict(_items(said.get(_USER_INFORMATION, b"")))
    class_uid = plain_text(items.get(_CLASS_UID, b""))
    version = received_title(items.get(_VERSION_NAME, b"")[:_LONGEST_VERSION_NAME])
    return class_uid if is_uid(class_uid) else "", version


def _readable_title(raw: bytes) -> bytes:
    """Return 16 bytes of the default repertoire without backslash, never blank (PS3.5 6.2, AE)."""
    title = received_title(raw).encode("ascii", "replace").replace(b"\\", b"?")
    return (title or b"BLANK").ljust(16)


def _variable_items(data: bytes) -> Iterator[bytes]:
    contexts: dict[int, bytes] = {}
    maximum = b""
    roles: dict[str, bytes] = {}
    for kind, value in _items(data):
        if kind == _CONTEXT and len(value) >= 4 and len(contexts) < MAX_CONTEXTS:
            contexts.setdefault(value[0], value[4:])
        elif kind == _USER_INFORMATION:
            maximum = maximum or _maximum_length(value)
            roles |= _roles(value)
    for context_id, syntaxes in contexts.items():
        if context_id % 2:  # PS3.8 9.3.2.2: odd
            yield _context(context_id, syntaxes)
    length = _item(_MAXIMUM_LENGTH, maximum) if maximum else b""
    yield _item(_USER_INFORMATION, length + b"".join(roles.values()))


def _roles(user_information: bytes) -> dict[str, bytes]:
    """Return the proposals of roles that are answered, by SOP class (PS3.7 D.3.3.4)."""
    found = {}
    for kind, value in _items(user_information):
        size = int.from_bytes(value[:2], "big")
        uid = plain_text(value[2 : 2 + size])
        user, provider = value[2 + size : 3 + size], value[3 + size : 4 + size]
        proposed = Roles(user == b"\1", provider == b"\1")
        granted = roles_of(uid) if kind == _ROLE_SELECTION else None
        if granted is not None and any(proposed & granted):
            said = struct.pack(">H", len(uid)) + uid.encode("ascii")
            found[uid] = _item(_ROLE_SELECTION, said + bytes(proposed))
    return found


def _maximum_length(user_information: bytes) -> bytes:
    values = (value for kind, value in _items(user_information) if kind == _MAXIMUM_LENGTH)
    return next((value[:4] for value in values if len(value) >= 4), b"")


def _context(context_id: int, data: bytes) -> bytes:
    """Return a context item; an abstract syntax that is no UID becomes an empty one."""
    abstract: str | None = None
    transfers: dict[str, None] = {}
    for kind, value in _items(data):
        uid = plain_text(value)
        if kind == _ABSTRACT_SYNTAX and abstract is None:
            abstract = uid if is_uid(uid) else ""
        elif kind == _TRANSFER_SYNTAX and is_uid(uid) and len(transfers) < MAX_SYNTAXES:
            transfers[uid] = None
    syntaxes = [_item(_ABSTRACT_SYNTAX, (abstract or "").encode("ascii"))]
    syntaxes += [_item(_TRANSFER_SYNTAX, uid.encode("ascii")) for uid in transfers]
    return _item(_CONTEXT, bytes((context_id, 0, 0, 0)) + b"".join(syntaxes))


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and value of items; raise `AssociationRequestError` where one is cut off.

    No item has the type 0: zeros after the last one are padding.
    """
    offset = 0
    while offset < len(data) and data[offset]:
        if len(data) - offset < 4:
            raise AssociationRequestError("item of an association request cut off")
        kind, length = struct.unpack_from(">BxH", data, offset)
        offset += 4 + length
        if offset > len(data):
            raise AssociationRequestError("item of an association request cut off")
        yield kind, data[offset - length : offset]


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value
