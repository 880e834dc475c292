"""The API described in OpenAPI 3.1, made from the models that read and write it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from pydantic.json_schema import models_json_schema

from gdtbridge import __version__
from gdtbridge.web.api import schema
from gdtbridge.web.api.studies import API_PARAMETERS, OPEN_PARAMETERS, StudiesView, StudySearch
from gdtbridge.web.parameters import PARAMETERS, Parameter

Json = dict[str, object]

ACCESSION: Final[Json] = {
    "name": "accession",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
}


def _reference(name: str) -> Json:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def _json(text: str, name: str) -> Json:
    return {"description": text, "content": {"application/json": _reference(name)}}


def _call(name: str, summary: str, answers: Mapping[str, object], takes: str | None = None) -> Json:
    call: Json = {
        "operationId": name,
        "summary": summary,
        "responses": {**answers, "default": _PROBLEM},
    }
    if takes:
        content = {"application/json": _reference(takes)}
        call["requestBody"] = {"required": True, "content": content}
    return call


_PROBLEM: Final[Json] = {
    "description": "Refused (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}


_TEXT: Final[Json] = {"text/plain": {"schema": {"type": "string"}}}


def _worklist() -> Json:
    created = {
        "200": _json("There already (a repeated click)", "EntryView"),
        "201": _json("Placed", "EntryView"),
    }
    page = [
        {"name": name, "in": "query", "schema": {"type": "integer", "minimum": 0}}
        for name in ("limit", "offset")
    ]
    listed = _call("worklist_list", "List the worklist", {"200": _json("A page", "ListView")})
    return {
        "get": {**listed, "parameters": page},
        "post": _call("worklist_create", "Place an order", created, "Order"),
    }


def _entry() -> Json:
    one: Json = {"200": _json("The entry", "EntryView")}
    gone: Json = {"204": {"description": "Taken off the worklist"}}
    return {
        "parameters": [ACCESSION],
        "get": _call("worklist_read", "Read an entry", one),
        "put": _call("worklist_change", "Replace an entry", one, "Change"),
        "delete": _call("worklist_cancel", "Take an entry off the worklist", gone),
    }


def _in_query(parameters: Sequence[Parameter]) -> list[Json]:
    return [
        {"name": p.name, "in": "query", "required": p.required, "schema": {"type": "string"}}
        for p in parameters
    ]


def _studies() -> Json:
    found = {"200": _json("The studies that fit", "StudiesView")}
    call = _call("studies_list", "Find a patient's studies", found)
    return {"get": {**call, "parameters": _in_query(API_PARAMETERS)}}


def _search() -> Json:
    found = {"200": _json("The studies that fit", "StudiesView")}
    call = _call("studies_search", "Find the studies a GDT file asks for", found)
    file: Json = {"schema": {"type": "string", "contentEncoding": "binary"}}
    body: Json = {
        "required": True,
        "content": {
            "application/json": _reference("StudySearch"),
            "application/octet-stream": file,
            "text/plain": file,
        },
    }
    return {"post": {**call, "requestBody": body}}


def _text_call(
    name: str, summary: str, parameters: Sequence[Parameter], answers: Mapping[str, object]
) -> Json:
    """Return a call of practice software, which is refused in one line of text."""
    refused: Json = {"description": "One line: error: …", "content": _TEXT}
    call: Json = {"operationId": name, "summary": summary, "parameters": _in_query(parameters)}
    responses: Json = {**answers, "default": refused}
    return {"get": {**call, "responses": responses}}


def _open() -> Json:
    text: Json = {"text/html": {"schema": {"type": "string"}}, **_TEXT}
    answers = {
        "300": {"description": "Several studies fit", "content": text},
        "302": {"description": "To the viewer, on the one study that fits"},
        "404": {"description": "No study fits", "content": text},
    }
    summary = "Open a study in the viewer, the practice software's way"
    return _text_call("studies_open", summary, OPEN_PARAMETERS, answers)


def _add() -> Json:
    answers = {"200": {"description": "A GDT 6310 record", "content": _TEXT}}
    summary = "Place an order, the practice software's way"
    return _text_call("worklist_add", summary, PARAMETERS, answers)


def _state(name: str, summary: str, *statuses: int) -> Json:
    answers = {str(status): {"description": summary} for status in statuses}
    return {"get": {"operationId": name, "summary": summary, "responses": answers}}


PUBLISHED: Final[Mapping[str, str]] = {
    "OrderBody": "Order",
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
    return {
        "openapi": "3.1.0",
        "info": {"title": "gdtbridge", "version": __version__},
        "paths": {
            "/worklist/add": _add(),
            "/api/v1/worklist": _worklist(),
            "/api/v1/worklist/{accession}": _entry(),
            "/api/v1/studies": _studies(),
            "/api/v1/studies/search": _search(),
            "/studies/open": _open(),
            "/healthz": _state("healthz", "Alive", 200),
            "/readyz": _state("readyz", "State of each part", 200, 503),
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }
