"""Which presentation contexts are accepted, and in which transfer syntax (PS3.8 9.3.3.2).

Storage is accepted for every SOP class that could be one: standard, retired, private, unknown. A
device gets the transfer syntax it names first, for the dataset is kept as the bytes that come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from gdtbridge.dataset.sop_classes import STANDARD_ROOT, is_storage
from gdtbridge.dataset.values import is_uid

VERIFICATION: Final = "1.2.840.10008.1.1"
MODALITY_WORKLIST: Final = "1.2.840.10008.5.1.4.31"
PERFORMED_STEP: Final = "1.2.840.10008.3.1.2.3.3"
"""Modality Performed Procedure Step (PS3.4 F.7)."""
PERFORMED_STEP_RETRIEVE: Final = "1.2.840.10008.3.1.2.3.4"
"""Modality Performed Procedure Step Retrieve (PS3.4 F.8)."""
STORAGE_COMMITMENT: Final = "1.2.840.10008.1.20.1"
"""Storage Commitment Push Model (PS3.4 J.3)."""
COMMITMENT_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
"""The one SOP instance of the Storage Commitment Push Model (PS3.4 J.3.5)."""
REQUEST_COMMITMENT: Final = 1
"""Action Type ID of a request for commitment (PS3.4 J.3.2.1)."""

_OFFERED: Final = frozenset(
    {
        VERIFICATION,
        MODALITY_WORKLIST,
        PERFORMED_STEP,
        PERFORMED_STEP_RETRIEVE,
        STORAGE_COMMITMENT,
    }
)
"""SOP classes accepted beside Storage: those a service serves."""


class Roles(NamedTuple):
    """What who calls is to be for a SOP class (PS3.7 D.3.3.4)."""

    user: bool
    provider: bool

    def __and__(self, other: Roles) -> Roles:
        """Return the roles of both."""
        return Roles(self.user and other.user, self.provider and other.provider)


_USER: Final = Roles(user=True, provider=False)
_ROLES: Final = {
    PERFORMED_STEP: _USER,
    PERFORMED_STEP_RETRIEVE: _USER,
    STORAGE_COMMITMENT: Roles(user=True, provider=True),
}
_STORAGE_ROLES: Final = Roles(user=True, provider=True)


def roles_of(sop_class: str) -> Roles | None:
    """Return the roles a caller may have where its proposal of roles is answered, else None.

    A device is the user: without an answer the defaults hold, which say the same, but some devices
    wait for one. A peer that reports what it has committed is the provider, although it calls
    (PS3.4 J.3.3); and so is who retrieves by C-GET, of what it is sent (PS3.4 C.4.3).
    """
    return _STORAGE_ROLES if is_storage(sop_class) else _ROLES.get(sop_class)


QUERY_MODELS: Final = (
    "1.2.840.10008.5.1.4.1.2.1.1",
    "1.2.840.10008.5.1.4.1.2.2.1",
    "1.2.840.10008.5.1.4.1.2.3.1",
)
"""Patient Root, Study Root and, retired, Patient/Study Only Query/Retrieve - FIND (PS3.4 C.4.1)."""

MOVE_MODELS: Final = tuple(f"{uid.removesuffix('1')}2" for uid in QUERY_MODELS)
"""The same models - MOVE (PS3.4 C.4.2)."""
GET_MODELS: Final = tuple(f"{uid.removesuffix('1')}3" for uid in QUERY_MODELS)
"""The same models - GET (PS3.4 C.4.3)."""

_MODELS: Final = frozenset((*QUERY_MODELS, *MOVE_MODELS, *GET_MODELS))
_WE_ENCODE: Final = frozenset(
    {
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    }
)
"""The transfer syntaxes we can write an answer in."""


class ContextResult(IntEnum):
    """Result of a proposed context (PS3.8 Table 9-18)."""

    ACCEPTED = 0
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


@dataclass(frozen=True, slots=True)
class NegotiatedContext:
    """The answer to one proposed context; the transfer syntax counts only when accepted."""

    result: ContextResult
    transfer_syntax: str


def answer_context(abstract_syntax: str, transfer_syntaxes: Sequence[str]) -> NegotiatedContext:
    """Return the answer to one proposed presentation context (PS3.8 9.3.3.2)."""
    proposed = [uid for uid in transfer_syntaxes if is_uid(uid)]
    refused = proposed[0] if proposed else str(ImplicitVRLittleEndian)
    if abstract_syntax in _OFFERED or abstract_syntax in _MODELS:
        chosen = next((uid for uid in proposed if uid in _WE_ENCODE), None)
    elif is_storage(abstract_syntax):
        chosen = next(filter(_is_known, proposed), proposed[0] if proposed else None)
    else:
        return NegotiatedContext(ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED, refused)
    if chosen is None:
        return NegotiatedContext(ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED, refused)
    return NegotiatedContext(ContextResult.ACCEPTED, chosen)


def _is_known(transfer_syntax: str) -> bool:
    return transfer_syntax.startswith(STANDARD_ROOT)
