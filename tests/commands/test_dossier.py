"""What `gdtbridge exams show` prints of an exam."""

from __future__ import annotations

from gdtbridge.commands.dossier import EVENTS, SOURCES, STATES, lines_of
from gdtbridge.exams.evidence import Source
from gdtbridge.exams.model import ClaimState, EventKind
from tests.tools.practice import Practice


def test_the_chart_is_told_where_it_is_not_the_one_the_device_named(practice: Practice) -> None:
    """A person who looks sees at once whose chart has the result."""
    practice.send(PatientID="", StudyInstanceUID="2.25.1000")
    practice.wait()
    practice.core.held.release("2.25.1000", "815")
    practice.wait()
    practice.send(PatientID="9", StudyInstanceUID="2.25.1001")
    practice.wait()

    (told,) = _people(practice, "2.25.1000")
    assert told == "Person 1: Müller, Änne 24.12.1958: übermittelt / sent -> 815"
    (told,) = _people(practice, "2.25.1001")
    assert told == "Person 1: 9 Müller, Änne 24.12.1958: übermittelt / sent"


def test_every_word_is_told() -> None:
    """No event, no source and no state is left without words for a person."""
    assert set(EVENTS) == set(EventKind)
    assert set(SOURCES) == set(Source)
    assert set(STATES) == set(ClaimState)


def _people(practice: Practice, study: str) -> list[str]:
    lines = lines_of(practice.core.overview.dossier(study))
    return [line for line in lines if line.startswith("Person")]
