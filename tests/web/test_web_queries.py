"""``/api/v1/worklist-queries``: the JSON of what devices asked."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from gdtbridge.queries.form import preview_form, why_form
from tests.queries.conftest import AskedPractice
from tests.tools.practice import Practice
from tests.web.conftest import TODAY

PATH = "/api/v1/worklist-queries"


def get(url: str, path: str) -> tuple[int, Any]:
    """Return status and JSON of an answer."""
    try:
        with urllib.request.urlopen(url + path) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200),
        ("?device=US02&about=4711", 200),
        ("/preview?device=US02", 200),
        ("/preview", 400),
        ("?devise=US02", 400),
        (f"?about={'x' * 65}", 400),
        ("?device=AWAY", 503),
    ],
)
def test_a_call_is_answered_or_refused(url: str, path: str, status: int) -> None:
    """A misspelled parameter is none that counts; a folder that is away is no empty answer."""
    assert get(url, PATH + path)[0] == status


def test_codes_and_words(practice: Practice) -> None:
    """What programs need as codes, what people need in both languages."""
    asked = AskedPractice(practice)
    try:
        number = asked.order(family_name="Şahin")
        asked.ask("US02", Modality="OT")
    finally:
        asked.server.stop(grace=0)

    (found,) = asked.core.query_reports.why()
    form = json.loads(json.dumps(why_form(found, TODAY)))
    assert (form["device"], form["address"], form["profile"]) == ("US02", "127.0.0.1", "standard")
    assert (form["last"]["status"], form["last"]["answers"], form["last"]["listed"]) == (
        "0000",
        0,
        1,
    )
    assert form["last"]["last_at"] == "2024-01-15T09:30:15+00:00"
    path = ["ScheduledProcedureStepSequence", "Modality"]
    assert form["keys"] == [{"path": path, "asked": ["OT"]}]
    (entry,) = form["entries"]
    assert (entry["accession_number"], entry["outcome"]) == (number, "excluded")
    assert entry["excluded_by"] == [{"path": path, "asked": ["OT"], "stored": ["US"]}]
    assert entry["german"]["reason"] == "Nicht dabei, weil das Gerät nach der Modalität „OT“ fragt"
    assert entry["english"]["reason"] == 'Left out because the device asks for modality "OT"'
    assert len(entry["german"]["way_out"]) == 2

    seen = preview_form(asked.core.query_reports.preview("NEU"), TODAY)
    (answer,) = seen["answers"]
    assert (answer["patient_name"], answer["character_set"]) == ("Sahin^Änne", "ISO_IR 100")
    assert (seen["asked_at"], seen["entries"]) == (None, [])
