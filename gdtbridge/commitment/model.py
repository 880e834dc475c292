"""What a device asks, or a program by the web, and what it is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final, Self

from gdtbridge.archive.verifying import FileFault
from gdtbridge.dataset.sop_classes import is_storage
from gdtbridge.dataset.values import is_uid
from gdtbridge.errors import BridgeError

LARGEST_REQUEST: Final = 4 * 1024 * 1024
"""Bytes of a request, also inflated: about 25,000 instances; 2,000 have 300 KB."""


class FailureReason(IntEnum):
    """Failure Reason (0008,1197) of an instance that is not committed (PS3.3 C.14.1.1)."""

    PROCESSING_FAILURE = 0x0110
    """It is here and damaged, or the disk does not give it."""
    NO_SUCH_INSTANCE = 0x0112
    """It was not received, or its file is gone."""
    CLASS_INSTANCE_CONFLICT = 0x0119
    """It is of another SOP class than the device says."""
    CLASS_NOT_SUPPORTED = 0x0122
    """The SOP class is none whose instances are stored."""
    RESOURCE_LIMITATION = 0x0213
    """It could not be looked at: memory or descriptors are used up."""


REASON_OF_FAULT: Final[Mapping[FileFault, FailureReason]] = MappingProxyType(
    {
        FileFault.MISSING: FailureReason.NO_SUCH_INSTANCE,
        FileFault.DAMAGED: FailureReason.PROCESSING_FAILURE,
        FileFault.UNREADABLE: FailureReason.PROCESSING_FAILURE,
        FileFault.EXHAUSTED: FailureReason.RESOURCE_LIMITATION,
    }
)


@dataclass(frozen=True, slots=True)
class InstanceVerdict:
    """What was found of an instance; ``reason`` None: it is kept.

    ``instance_id`` is that of one whose file is not what it should be.
    """

    reason: FailureReason | None = None
    instance_id: int | None = None


class CommitmentState(StrEnum):
    """Where a request is on its way."""

    REQUESTED = "requested"
    """It is to be looked at, now or when missing instances have had time to come."""
    VERIFIED = "verified"
    """The answer is on its way, or was taken by the device."""
    ENDED = "ended"
    """A person ended it: no answer is sent."""


@dataclass(frozen=True, slots=True)
class ReferencedInstance:
    """An item of Referenced SOP Sequence (0008,1199); the class is empty where it was left out.

    ``failure`` is what is known without looking.
    """

    sop_class_uid: str
    sop_instance_uid: str
    failure: FailureReason | None = None

    @classmethod
    def of(cls, sop_class_uid: str, sop_instance_uid: str) -> Self:
        """Return what somebody asks about; raise `ValueError` where that is not said by UIDs."""
        if not is_uid(sop_instance_uid) or not (sop_class_uid == "" or is_uid(sop_class_uid)):
            raise ValueError("an instance without a UID")
        stored = sop_class_uid == "" or is_storage(sop_class_uid)
        failure = None if stored else FailureReason.CLASS_NOT_SUPPORTED
        return cls(sop_class_uid, sop_instance_uid, failure)


@dataclass(frozen=True, slots=True)
class CommitmentRequest:
    """A request as it came: who asks, by which title it called us, from where, about what.

    ``same_association``: it wants the answer on the association it asked on. ``peer`` is empty
    where a program asks by the web (PS3.18 chapter 13): nobody is called, the answer is fetched.
    """

    transaction_uid: str
    calling_aet: str
    called_aet: str
    peer: str
    references: tuple[ReferencedInstance, ...]
    same_association: bool = False

    @property
    def is_by_web(self) -> bool:
        """Whether the answer will be fetched."""
        return not self.peer

    @property
    def asked(self) -> str:
        """Return a digest of what it asks about, in whatever order."""
        pairs = sorted((one.sop_class_uid, one.sop_instance_uid) for one in self.references)
        return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CommitmentReport:
    """An answer: every instance of the request stands once in ``committed`` or in ``failed``.

    Both hold SOP class and instance UID, ``failed`` a Failure Reason as well.
    """

    commitment_id: int
    transaction_uid: str
    calling_aet: str
    called_aet: str
    peer: str
    same_association: bool = False
    committed: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str, int], ...] = ()

    def payload(self) -> bytes:
        """Return the answer as the outbox keeps it: JSON in ASCII."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(values).encode()

    @classmethod
    def of(cls, payload: bytes) -> Self:
        """Return the answer of a `payload`."""
        values = json.loads(payload)
        for name in ("committed", "failed"):
            values[name] = tuple(tuple(one) for one in values[name])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class CommitmentOverview:
    """A request as a person sees it; times in UTC seconds, ``failed`` counts instances.

    ``waiting`` says that the device has not taken the answer, ``last_error`` why.
    """

    id: int
    transaction_uid: str
    calling_aet: str
    peer: str
    state: CommitmentState
    requested_at: float
    instances: int
    failed: int
    waiting: bool
    last_error: str

    @property
    def is_open(self) -> bool:
        """Whether an answer is still to be found or to be taken."""
        return self.state is CommitmentState.REQUESTED or self.waiting


class DuplicateTransaction(BridgeError):
    """A transaction is under way for other instances: status 0131 (PS3.3 C.14.1.1)."""


class TooManyCommitments(BridgeError):
    """A device has too many requests under way: status 0213 (PS3.7 C.5.21)."""

    retriable = True
