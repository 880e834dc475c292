"""What may be put beside an exam, what a script is told of a picture, and parts of a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from werkzeug.wrappers import Request

from gdtbridge.day.exam import ShownObject
from gdtbridge.exams import PatientExam
from gdtbridge.exams.model import Claim, ClaimState
from gdtbridge.language import Language
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.viewing import (
    GreyWindow,
    MediaContent,
    PictureDescription,
    PlaybackSpeed,
    SpeedSource,
)
from gdtbridge.web.pages.exams.beside import exams_before
from gdtbridge.web.pages.exams.panels import PicturePanel
from gdtbridge.web.pages.exams.picture_words import PictureWords
from gdtbridge.web.pages.exams.tiles import tiles_of
from gdtbridge.web.pages.formats import Formats
from gdtbridge.web.pages.texts import texts_of
from gdtbridge.web.problems import CallRefused
from gdtbridge.web.ranges import part_of


def exam(
    number: int, *states: ClaimState, chart: str = "4711", said: str = "4711", person: int = 1
) -> PatientExam:
    """Return an exam with a claim in each of the states, all of one chart."""
    claims = tuple(
        Claim(
            id=at,
            exam_id=number,
            patient_id=said,
            patient_name="Müller^Änne",
            patient_birth_date="19581224",
            patient_sex="F",
            accession_number="",
            modality="US",
            study_description="Abdomen",
            study_date=f"202601{number:02}",
            study_time="",
            instances=1,
            first_at=0.0,
            person=person,
            state=state,
            held_because="",
            number=chart if state is ClaimState.SETTLED else "",
            order_number="",
            word="",
            order_word="",
            of_receipt_day=False,
            confirmed=False,
            unmatched=False,
        )
        for at, state in enumerate(states)
    )
    return PatientExam(
        id=number,
        study_instance_uid=f"2.25.{number}",
        person=person,
        patient_id="4711",
        study_date=f"202601{number:02}",
        claims=claims,
    )


SETTLED = ClaimState.SETTLED


def test_only_what_was_decided_stands_beside() -> None:
    """Of this exam and of the others: no name and no number of a device says whose it is."""
    found = [
        exam(9, SETTLED),  # later
        exam(5, SETTLED),
        exam(4, ClaimState.OPEN),
        exam(3, SETTLED, ClaimState.HELD),
        exam(2, ClaimState.FETCHED, person=0),
        replace(exam(1, SETTLED), modality="SR"),
        exam(1, SETTLED, SETTLED),
        exam(0, SETTLED, chart="77"),
    ]
    assert [(one.exam_id, one.day) for one in exams_before(found, 5, 1)] == [(1, date(2026, 1, 1))]
    assert exams_before(found, 4, 1) == ()
    assert exams_before(found, 3, 1) == ()
    assert exams_before(found, 5, 2) == ()
    assert exams_before([], 5, 1) == ()


def described(**changes: object) -> PictureDescription:
    """Return what is known of a loop of 93 frames."""
    speed = PlaybackSpeed(30.0, SpeedSource.FRAME_TIME, (), 15.0, False, 1, 93)
    known: dict[str, object] = {"instance_id": 1, "exam_id": 1, "person": 1, "key": "k"}
    known |= {"kind": ObjectKind.CLIP, "transfer_syntax": "", "frames": 93, "speed": speed}
    return PictureDescription(**{**known, **changes})  # type: ignore[arg-type]


def told(language: Language = Language.GERMAN, **changes: object) -> dict[str, object]:
    """Return what a script is told of a picture."""
    return PictureWords(Formats(texts_of(language))).told(described(**changes))


def test_both_speeds_are_offered_and_named() -> None:
    """That of the device first; without one it is said that it is assumed."""
    speeds = told()["speeds"]
    assert isinstance(speeds, list)
    assert [one["label"] for one in speeds] == ["30 B/s (Gerät)", "15 B/s (empfohlen)"]
    assert [one["interval"] for one in speeds] == [pytest.approx(33.333, abs=0.001), 1000 / 15]
    assert told()["length"] == "3,1 s"
    slow = PlaybackSpeed(2.5, SpeedSource.ASSUMED, (0.0, 400.0, 800.0), None, True, 2, 2)
    english = told(Language.ENGLISH, speed=slow, frames=2)
    assert english["speeds"] == [
        {"label": "2.5 fps (assumed)", "interval": 400.0, "moments": [0.0, 400.0, 800.0]}
    ]
    assert (english["first"], english["last"], english["there_and_back"]) == (2, 2, True)


def test_a_window_is_for_what_a_screen_cannot_show_at_once() -> None:
    """Eight bits have brightness and contrast; without an own window all values are shown."""
    assert told(grey_range=(0.0, 255.0))["window"] is None
    assert told(grey_range=None)["window"] is None
    whole = {"centre": 2047.5, "width": 4095.0, "low": 0.0, "high": 4095.0}
    assert told(grey_range=(0.0, 4095.0))["window"] == whole
    own = told(grey_range=(0.0, 4095.0), window=GreyWindow(40, 400))["window"]
    assert own == {"centre": 40, "width": 400, "low": 0.0, "high": 4095.0}


def test_what_cannot_be_shown_has_a_reason_and_no_length() -> None:
    """And it is said that nothing is lost."""
    found = told(problem="damaged", frames=0)
    assert found["why"] == (
        "Dieses Bild lässt sich hier nicht zeigen: Es ist beschädigt oder unvollständig."
        " Die Datei ist gespeichert."
    )
    assert found["length"] == ""


def test_tiles_count_what_is_looked_at() -> None:
    """Reports and documents have a tile and no number; a panel of reports alone says so."""
    kinds = (ObjectKind.REPORT, ObjectKind.IMAGE, ObjectKind.DOCUMENT, ObjectKind.CLIP)
    objects = [
        ShownObject(at, 1, kind, 6, '<b>"', 0.0, 1, f"{at:064}") for at, kind in enumerate(kinds)
    ]
    formats = Formats(texts_of(Language.GERMAN))
    tiles = tiles_of(7, objects, formats)
    assert [one.number for one in tiles] == [0, 1, 0, 2]
    assert tiles[3].label.startswith('Clip 2 von 2 · 6 Einzelbilder · <b>" · ')
    assert tiles[3].address == f"/untersuchung/7/bild/3/{'0' * 16}"
    panel = PicturePanel(7, 1, "", date(2026, 1, 1), "", tiles, "")
    assert not panel.has_values_alone
    assert replace(panel, tiles=tiles[:1]).has_values_alone
    assert not replace(panel, tiles=()).has_values_alone


TEN = MediaContent.of_bytes("video/mp4", b"0123456789")


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ({}, 200, b"0123456789"),
        ({"Range": "bytes=2-4"}, 206, b"234"),
        ({"Range": "bytes=7-"}, 206, b"789"),
        ({"Range": "bytes=-2"}, 206, b"89"),
        ({"Range": "bytes=7-", "If-Range": '"now"'}, 206, b"789"),
        ({"Range": "bytes=7-", "If-Range": '"before"'}, 200, b"0123456789"),
        ({"Range": "bytes=7-", "If-Range": "Tue, 01 Dec 2026 12:00:00 GMT"}, 200, b"0123456789"),
        ({"Range": "bytes=0-1,4-5"}, 200, b"0123456789"),
        ({"Range": "lines=0-1"}, 200, b"0123456789"),
    ],
)
def test_a_video_is_had_in_parts(asked: dict[str, str], status: int, body: bytes) -> None:
    """As a browser needs them to wind forward; what it cannot have it gets whole."""
    answer = part_of(TEN, Request.from_values(headers=asked), "now")

    assert (answer.status_code, b"".join(answer.response)) == (status, body)  # type: ignore[arg-type]
    assert answer.content_length == len(body)


def test_behind_its_end_there_is_no_part() -> None:
    """Who goes on with what came whole is told so (RFC 9110 15.5.17)."""
    with pytest.raises(CallRefused) as refused:
        part_of(TEN, Request.from_values(headers={"Range": "bytes=10-"}))

    problem = refused.value.problem
    assert (problem.status, problem.headers) == (416, (("Content-Range", "bytes */10"),))
