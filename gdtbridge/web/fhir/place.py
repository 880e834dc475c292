"""Where FHIR is, and in what form."""

from __future__ import annotations

from typing import Final

ROOT: Final = "/fhir"
MEDIA_TYPE: Final = "application/fhir+json"


def is_fhir(path: str) -> bool:
    """Return whether a call is one of FHIR: its refusals are OperationOutcomes, too."""
    return path == ROOT or path.startswith(f"{ROOT}/")
