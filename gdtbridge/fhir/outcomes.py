"""OperationOutcome (R4 2.38): why a call was refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gdtbridge.fhir.elements import Json

ISSUES: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "invalid",
        401: "login",
        403: "forbidden",
        404: "not-found",
        405: "not-supported",
        406: "not-supported",
        410: "expired",
        413: "too-costly",
        415: "not-supported",
        421: "forbidden",
        429: "throttled",
        431: "too-long",
        503: "transient",
    }
)
"""Status of a refusal to the type of its issue (value set issue-type)."""


def operation_outcome(status: int, text: str) -> Json:
    """Return why a call was refused; ``text`` says it to people."""
    kind = ISSUES.get(status, "exception" if status >= 500 else "processing")
    issue = {"severity": "error", "code": kind, "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
