"""Storage commitment: a device asks whether what it sent is kept, and deletes its copy when it is.

A request (PS3.4 Annex J, PS3.18 chapter 13) is kept durably, each instance is read back from the
disk, and the answer leaves through the outbox until the device takes it, or is fetched by the
program that asked. How requests and answers travel is not decided here.
"""

from gdtbridge.commitment.book import CommitmentBook
from gdtbridge.commitment.model import (
    LARGEST_REQUEST,
    CommitmentOverview,
    CommitmentReport,
    CommitmentRequest,
    CommitmentState,
    DuplicateTransaction,
    FailureReason,
    ReferencedInstance,
    TooManyCommitments,
)

__all__ = [
    "LARGEST_REQUEST",
    "CommitmentBook",
    "CommitmentOverview",
    "CommitmentReport",
    "CommitmentRequest",
    "CommitmentState",
    "DuplicateTransaction",
    "FailureReason",
    "ReferencedInstance",
    "TooManyCommitments",
]
