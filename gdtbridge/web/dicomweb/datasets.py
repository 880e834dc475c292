"""Answers that are one dataset, in the form a client wants (PS3.18 8.7.3): JSON, or XML."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from gdtbridge.retrieve.dicom_json import JsonDataset, json_text
from gdtbridge.retrieve.dicom_xml import xml_dataset
from gdtbridge.web.dicomweb.negotiation import accepted
from gdtbridge.web.problems import RETRY_SECONDS

JSON: Final = "application/dicom+json"
XML: Final = "application/dicom+xml"


def answer_with(dataset: JsonDataset, status: int = 200) -> Response:
    """Return the answer of a call that has done something already: nobody is refused for a form.

    The type has no parameter, for some clients compare it letter by letter (dicomweb-client).
    """
    ordered = dict(sorted(dataset.items()))
    if _wants_xml():
        response = Response(xml_dataset(ordered), status, content_type=XML)
    else:
        response = Response(json_text(ordered), status, content_type=JSON)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _wants_xml() -> bool:
    for one in accepted(request):
        if one.content in {XML, "application/xml"}:
            return True
        if one.takes(JSON) or one.content == "application/json":
            return False
    return False


def element(vr: str, *values: object) -> dict[str, object]:
    """Return an attribute of DICOM JSON, without ``Value`` where it is empty."""
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def reference(sop_class: str, sop_instance: str) -> JsonDataset:
    """Return the item of a sequence that names an instance (PS3.3 Table 10-11)."""
    return {
        "00081150": element("UI", *filter(None, (sop_class,))),
        "00081155": element("UI", sop_instance),
    }
