"""Verification (C-ECHO, PS3.4 Annex A): answered for whoever was let in."""

from __future__ import annotations

from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.service import DimseRequest, StatusOperation


def verification(request: DimseRequest) -> StatusOperation:
    """Return the operation of one C-ECHO: success."""
    return StatusOperation(request, DimseStatus.SUCCESS)
