"""WADO-URI (PS3.18 chapter 9), for older viewers: one object, named by parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.web.dicomweb.negotiation import MediaRange, accepted, first_of, ranges_of
from gdtbridge.web.dicomweb.rendering import (
    JPEG,
    PNG,
    PictureWish,
    RenderCalls,
    quality_of,
    viewport_of,
    window_of,
)
from gdtbridge.web.dicomweb.retrieving import DICOM, RetrieveCalls
from gdtbridge.web.problems import refuse

NAMES: Final[Mapping[str, str]] = {
    "studyUID": "study",
    "seriesUID": "series",
    "objectUID": "instance",
}
"""Parameters that name the object; a viewer may leave the first two empty (Weasis)."""
ROOT: Final = "/wado"
NOT_PLAIN: Final = "Nicht anonymisiert zu haben. / Not to be had anonymized."
_NOT_DONE: Final = ("annotation", "region", "presentationUID")


@dataclass(frozen=True, slots=True)
class UriCalls:
    """The one call of the service."""

    retrieve: RetrieveCalls
    render: RenderCalls

    def retrieve_object(self) -> Response:
        """Answer with an object as ``application/dicom``, or with a picture of it.

        A picture where nothing is said, as the standard has it (9.4).
        """
        said = request.args
        if said.get("requestType", "").upper() != "WADO" or not said.get("objectUID"):
            raise refuse(400, "requestType=WADO&studyUID=…&seriesUID=…&objectUID=…")
        if said.get("anonymize", "").lower() == "yes":
            raise refuse(400, NOT_PLAIN)
        uids = {name: said[key] for key, name in NAMES.items() if said.get(key)}
        types = said.get("contentType", "")
        ranges = ranges_of(types) if types else accepted(request)
        if first_of(ranges, JPEG, PNG, DICOM) == DICOM:
            syntaxes = tuple(filter(None, (said.get("transferSyntax", ""),)))
            return self.retrieve.file(uids, syntaxes)
        return self.render.shown(uids, _wish(ranges), said.get("frameNumber", ""))


def _wish(ranges: Sequence[MediaRange]) -> PictureWish:
    said = request.args
    wide, high = said.get("columns", ""), said.get("rows", "")
    size = f"{wide or high},{high or wide}" if wide or high else ""
    viewport = viewport_of(size, "rows, columns")
    centre, width = said.get("windowCenter", ""), said.get("windowWidth", "")
    window = window_of(f"{centre},{width}" if centre and width else "", "windowCenter, windowWidth")
    quality = quality_of(said.get("imageQuality", ""), "imageQuality=1…100")
    undone = [name for name in _NOT_DONE if name in said]
    return PictureWish(ranges, viewport, window, quality, undone)
