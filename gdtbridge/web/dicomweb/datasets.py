"""Bodies and answers that are one dataset (PS3.18 8.7.3): JSON comes and goes, XML goes."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from gdtbridge.retrieve.dicom_json import json_dataset, json_text
from gdtbridge.retrieve.dicom_xml import xml_dataset
from gdtbridge.retrieve.json_item import JsonRefused, read_json_dataset
from gdtbridge.web.dicomweb.negotiation import accepted
from gdtbridge.web.problems import RETRY_SECONDS, refuse
from worklist import Item
from worklist.item import Element, tag_of, text_element

JSON: Final = "application/dicom+json"
XML: Final = "application/dicom+xml"
TYPES: Final = frozenset({JSON, "application/json"})
WRONG_TYPE: Final = f"Erwartet wird {JSON}. / {JSON} is expected."
NO_DATASET: Final = (
    "Kein Datensatz im DICOM JSON Model: {0}. / No dataset in the DICOM JSON Model: {0}."
)


def sent_dataset() -> Item:
    """Return the dataset of a request's body; raise `CallRefused` for anything else.

    The type is insisted on because a web page can send forms anywhere, but not JSON.
    """
    if request.mimetype not in TYPES:
        raise refuse(415, WRONG_TYPE)
    try:
        return read_json_dataset(request.get_data())
    except JsonRefused as error:
        raise refuse(400, NO_DATASET.format(error)) from None


def answer_with(dataset: Item, status: int = 200) -> Response:
    """Return the answer of a call that has done something already: nobody is refused for a form.

    The type has no parameter, for some clients compare it letter by letter (dicomweb-client).
    """
    told = json_dataset(dataset)
    if _wants_xml():
        response = Response(xml_dataset(told), status, content_type=XML)
    else:
        response = Response(json_text(told), status, content_type=JSON)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _wants_xml() -> bool:
    for one in accepted(request):
        if one.content in {XML, "application/xml"}:
            return True
        if one.takes(JSON) or one.content in TYPES:
            return False
    return False


def reference(sop_class: str, sop_instance: str) -> dict[int, Element]:
    """Return the item of a sequence that names an instance (PS3.3 Table 10-11)."""
    return dict(
        (
            text_element("ReferencedSOPClassUID", sop_class),
            text_element("ReferencedSOPInstanceUID", sop_instance),
        )
    )


def failure(reason: int) -> dict[int, Element]:
    """Return Failure Reason (0008,1197)."""
    return {tag_of("FailureReason"): Element("US", other=reason)}
