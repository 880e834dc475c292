"""The API described in OpenAPI 3.1: the calls of ``openapi.json``, the models that read and write.

What the document takes from the code is empty in the file: version, parameters, schemas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from gdtbridge import __version__
from gdtbridge.web.api import schema
from gdtbridge.web.api.studies import API_PARAMETERS, OPEN_PARAMETERS, StudiesView, StudySearch
from gdtbridge.web.parameters import PARAMETERS, Parameter

Json = dict[str, object]

IN_QUERY: Final[Mapping[str, tuple[Parameter, ...]]] = {
    "/worklist/add": PARAMETERS,
    "/api/v1/studies": API_PARAMETERS,
    "/studies/open": OPEN_PARAMETERS,
}
"""The parameters of the calls with GET, by path."""
PUBLISHED: Final[Mapping[str, str]] = {
    "OrderBody": "Order",
    "DetailsBody": "Details",
    "OrderChangeBody": "Change",
    "PatientBody": "Patient",
}
"""What the document calls our models, where that is not the name of the class."""


def _schemas() -> Json:
    """Return the JSON schema of every model, by the name it is published under."""
    models = (
        schema.OrderBody,
        schema.OrderChangeBody,
        schema.EntryView,
        schema.ListView,
        StudySearch,
        StudiesView,
    )
    _, shapes = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    text = json.dumps(shapes["$defs"])
    for ours, published in PUBLISHED.items():
        text = re.sub(rf'(?<=["/]){ours}(?=")', published, text)
    return dict(sorted(json.loads(text).items()))


@cache
def description() -> Json:
    """Return the OpenAPI document."""
    text = resources.files("gdtbridge.web.api").joinpath("openapi.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    document["info"]["version"] = __version__
    for path, parameters in IN_QUERY.items():
        document["paths"][path]["get"]["parameters"] = [
            {"name": p.name, "in": "query", "required": p.required, "schema": {"type": "string"}}
            for p in parameters
        ]
    document["components"]["schemas"] = _schemas()
    return document
