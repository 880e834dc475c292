"""Schemathesis before the API and the archive on the web: answers are held to the description."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
import requests

from gdtbridge.web.dicomweb.capabilities import NAMESPACE
from gdtbridge.web.dicomweb.place import ROOT
from tests.tools.elements import still
from tests.tools.reading_room import ReadingRoom

PEER: Final = Path(__file__).parents[2] / ".peers" / "schemathesis"
LEFT_OUT: Final = (
    # That a text is no name, a day is none, a number is somebody else's: no schema says that.
    "positive_data_acceptance",
    # To /worklist/add practice software may also POST: a form for old programs, not described.
    "unsupported_method",
    "allow_header_conformance",
)
OBJECT: Final = {"study": "2.25.1", "series": "2.25.2", "instance": "2.25.3"}
"""The one object of the archive, by the parts of its address."""
PARTS: Final = {**OBJECT, "numbers": "1", "number": "1", "place": "7FE00010"}
SEARCH: Final = {
    "limit": {"type": "integer", "minimum": 0},
    "offset": {"type": "integer", "minimum": 0},
    **{key: {"type": "string"} for key in ("StudyDate", "PatientName", "Rows", "includefield")},
}
PICTURE: Final = {key: {"type": "string"} for key in ("viewport", "window", "quality")}
STATUSES: Final = (200, 206, 304, 400, 404, 406, 410, 413)


def description(room: ReadingRoom) -> dict[str, Any]:
    """Return the API's description, with the calls the archive's own one names (WADL)."""
    told: dict[str, Any] = requests.get(f"{room.url}/api/v1/openapi.json", timeout=30).json()
    wadl = ET.fromstring(requests.options(f"{room.url}{ROOT}/", timeout=30).content)
    for resource in wadl.iter(f"{{{NAMESPACE}}}resource"):
        path = resource.attrib["path"]
        methods = {one.attrib["name"] for one in resource.iter(f"{{{NAMESPACE}}}method")}
        if "GET" in methods and path.partition("/")[0] in {"studies", "series", "instances"}:
            told["paths"][f"{ROOT}/{path}"] = {"get": call(path)}
    return told


def call(path: str) -> dict[str, Any]:
    """Return what is described of a call of the archive."""
    named = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": uid}
        for name, uid in PARTS.items()
        if f"{{{name}}}" in path
    ]
    end = path.rpartition("/")[2]
    asked = SEARCH if end in {"studies", "series", "instances"} else {"accept": {"type": "string"}}
    if end in {"rendered", "thumbnail"}:
        asked = PICTURE
    further = [{"name": name, "in": "query", "schema": schema} for name, schema in asked.items()]
    answers = {str(status): {"description": "see PS3.18"} for status in STATUSES}
    return {"parameters": [*named, *further], "responses": answers}


@pytest.mark.timeout(300)
@pytest.mark.skipif(not PEER.is_dir(), reason="schemathesis is not installed")
def test_no_call_of_the_description_is_answered_otherwise(memory: Path) -> None:
    """No 5xx; status, headers and body as described; the same calls each time."""
    with ReadingRoom(memory) as room:
        room.practice.core.orders.place(room.practice.order())
        uids = dict(zip(("StudyInstanceUID", "SeriesInstanceUID"), OBJECT.values(), strict=False))
        dataset = still(3, SOPInstanceUID=OBJECT["instance"], **uids)
        room.practice.send_dataset(dataset, SOPInstanceUID=OBJECT["instance"])
        room.practice.wait()
        schema = memory / "openapi.json"
        schema.write_text(json.dumps(description(room)))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run"),
                *(str(schema), "--url", room.url),
                *("--phases", "coverage", "--no-color"),
                *("--generation-deterministic", "--exclude-checks", ",".join(LEFT_OUT)),
            ],
            capture_output=True,
            text=True,
            timeout=280,
            cwd=memory,
            env={**os.environ, "PYTHONPATH": str(PEER)},
            check=False,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Tested: " in done.stdout
