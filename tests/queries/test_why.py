"""Why an entry is not on a device's list, in words a nurse can read to somebody on the phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gdtbridge.orders import OrderState
from gdtbridge.queries.explain import OF_STATE, EntryOutcome
from gdtbridge.queries.words import KEYS, OUTCOMES
from tests.queries.conftest import AskedPractice
from tests.tools.device import Rejected, send_raw

EXCLUDED = [
    ({"ScheduledStationAETitle": "US02"}, "nach der Station „US02“ fragt", "Station: US01"),
    ({"ScheduledStationAETitle": "US0?X"}, "nach der Station „US0?X“ fragt", "Station: US01"),
    ({"Modality": "OT"}, "nach der Modalität „OT“ fragt", "Modalität: US"),
    ({"PatientName": "Maier*"}, "nach dem Namen „Maier*“ fragt", "Name: Müller, Änne"),
    ({"PatientName": "MAIER^JAN"}, "nach dem Namen „MAIER, JAN“ fragt", "Name: Müller, Änne"),
    ({"PatientID": "12"}, "nach der Patientennummer „12“ fragt", "Patientennummer: 4711"),
    (
        {"ScheduledProcedureStepStartDate": "20240114"},
        "nach dem Tag „14.01.2024“ fragt",
        "Tag: 15.01.2024 (heute)",
    ),
    (
        {"ScheduledProcedureStepStartDate": "20240116-"},
        "nach dem Tag „16.01.2024 bis offen“ fragt",
        "Tag: 15.01.2024 (heute)",
    ),
    (
        {"AdmissionID": "F-7"},
        "nach Admission ID „F-7“ fragt",
        "Admission ID: ohne Angabe",
    ),
]


@pytest.mark.parametrize(("keys", "cause", "stored"), EXCLUDED)
def test_the_key_that_excluded_an_entry_is_told(
    asked: AskedPractice, keys: dict[str, str], cause: str, stored: str
) -> None:
    """What the device asked for, what the entry says, and what to do."""
    number = asked.order()

    assert asked.ask(**keys) == []

    told = asked.why()
    assert f"Nicht dabei, weil das Gerät {cause} (1 Eintrag):" in told
    (line,) = (one for one in told.splitlines() if number in one)
    assert line.startswith(f"    {number}  heute 09:30  Müller, Änne (4711)")
    assert line.endswith(stored)
    assert "    → Am Gerät " in told
    assert "Bekommen:        kein Eintrag" in told
    assert "Auf der Liste:   1 Eintrag" in told


@pytest.mark.parametrize("settings_text", ['[[device]]\naet = "US02"\nstation = "calling"\n'])
def test_what_the_profile_adds_is_not_said_to_be_asked(asked: AskedPractice) -> None:
    """Where a setting of the bridge keeps an entry back, the device is not sent to be changed."""
    asked.order()
    assert asked.ask("US02") == []
    assert "nach seinem Profil nur Einträge hat zu: der Station „US02“ (1 Eintrag)" in asked.why()


def _later(asked: AskedPractice) -> str:
    asked.ask()
    asked.practice.clock.turn(300)
    return asked.order()


def _done(asked: AskedPractice) -> str:
    number = asked.order()
    (entry,) = asked.core.orders.all()
    asked.practice.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber=number)
    asked.core.orders.clean()
    asked.practice.clock.turn(60)
    asked.ask()
    return number


def _cancelled(asked: AskedPractice) -> str:
    number = asked.order()
    asked.core.orders.cancel(number)
    asked.practice.clock.turn(60)
    asked.ask()
    return number


def _left_after(asked: AskedPractice) -> str:
    number = asked.order()
    asked.ask()
    asked.practice.clock.turn(60)
    asked.core.orders.cancel(number)
    return number


def _gone(asked: AskedPractice) -> str:
    number = asked.order()
    (file,) = asked.core.worklist.path.glob("*.wl")
    file.unlink()
    asked.core.worklist.refresh()
    asked.ask()
    return number


def _changed(asked: AskedPractice) -> str:
    number = asked.order(station="US02")
    asked.ask(ScheduledStationAETitle="US01")
    asked.practice.clock.turn(120)
    asked.core.orders.change(number, asked.practice.order(station="US01"))
    return number


def _delivered(asked: AskedPractice) -> str:
    number = asked.order()
    asked.ask()
    return number


LIVES = [
    (_later, EntryOutcome.LATER, "Erst nach der Abfrage", "heute 09:35:15, 5 Minuten danach"),
    (_done, EntryOutcome.DONE, "Die Untersuchung ist fertig (so gemeldet, oder", "heute 09:30:15"),
    (_cancelled, EntryOutcome.CANCELLED, "Vor der Abfrage storniert", "heute 09:30:15"),
    (_left_after, EntryOutcome.ANSWERED, "Geliefert", ""),
    (_gone, EntryOutcome.GONE, "ohne dass die Bridge ihn entfernt hat", ""),
    (_changed, EntryOutcome.CHANGED, "wurde aber erst danach geändert", "2 Minuten danach"),
    (_delivered, EntryOutcome.ANSWERED, "Geliefert", ""),
]


@pytest.mark.parametrize(("life", "outcome", "cause", "when"), LIVES)
def test_what_happened_to_an_entry_before_and_after_is_told(
    asked: AskedPractice,
    life: Callable[[AskedPractice], str],
    outcome: EntryOutcome,
    cause: str,
    when: str,
) -> None:
    """An entry that came later or had left is told as such, not as excluded by a key."""
    number = life(asked)

    (found,) = asked.core.query_reports.why()
    (entry,) = found.entries
    assert (entry.entry.number, entry.outcome) == (number, outcome)
    told = asked.why()
    assert cause in told
    (line,) = (one for one in told.splitlines() if number in one)
    assert line.rstrip().endswith(when)


def test_entries_of_one_cause_stand_together_and_other_days_in_one_line(
    asked: AskedPractice,
) -> None:
    """The list of a large house is read all the same: many entries, few lines."""
    for number in range(12):
        asked.order(patient_id=f"1{number:02}", station="US02")
    tomorrow = asked.practice.clock.local().replace(day=16)
    asked.order(patient_id="9", scheduled=tomorrow)

    asked.ask(ScheduledStationAETitle="US01", ScheduledProcedureStepStartDate="20240115")

    told = asked.why().splitlines()
    assert sum("Station: US02" in line for line in told) == 10
    assert "    und weitere" in told
    assert "  Für andere Tage: 1 Eintrag." in told


def test_an_empty_list_is_said_to_be_empty(asked: AskedPractice) -> None:
    """Where nobody ordered anything, nobody looks for a fault at the device."""
    asked.ask()
    told = asked.why()
    assert "Auf der Liste:   nichts" in told
    assert "Für diesen Tag ist kein Auftrag angekommen." in told


def test_a_device_that_never_asked_is_told_where_to_ask(asked: AskedPractice) -> None:
    """Nobody asked: the device asks another server, or is turned away."""
    told = asked.why("US02")
    assert "hat US02 die Arbeitsliste hier nicht abgefragt" in told
    assert "AE-Titel GDTBRIDGE" in told

    send_raw(asked.server.port, [], calling="US02")
    asked.core.callers.keep()
    told = asked.why("US02")
    assert "US02 (127.0.0.1) war zuletzt heute 09:30:15 hier, ohne die Arbeitsliste" in told

    with pytest.raises(Rejected):
        send_raw(asked.server.port, [], calling="FREMD")
    asked.core.refusals.keep()
    told = asked.why("FREMD")
    assert "Abgewiesen: FREMD (127.0.0.1): 1x AE-Titel nicht erlaubt" in told
    assert "dicom.allowed_aets" in told


def test_one_patient_is_asked_about(asked: AskedPractice) -> None:
    """By number, name or accession number; an order that left days ago, and one that never came."""
    old = asked.order(patient_id="1", family_name="Alt")
    asked.core.orders.cancel(old)
    asked.practice.clock.turn(5 * 86400.0)
    asked.order(patient_id="2", family_name="Neu")
    asked.ask()

    assert "Alt, Änne (1)" in asked.why(about=old)
    assert "Alt, Änne (1)" in asked.why(about="1")
    assert "Neu, Änne (2)" in asked.why(about="neu")
    assert "Alt" not in asked.why(about="neu")
    assert "Zu „Niemand“ gibt es keinen Auftrag" in asked.why(about="Niemand")


def test_the_page_for_people_says_what_the_program_says(project: Path) -> None:
    """What to do, and how an outcome is called, stands there in the program's own words."""
    text = (project / "docs" / "praxis" / "arbeitsliste.md").read_text("utf-8")
    ways = {way for row in KEYS.values() for way in row.way_out[0].split(" | ")}
    shown = re.findall(r"^    → (.+)$", text, re.MULTILINE)
    assert shown
    assert ways.issuperset(shown)
    plain = text.replace("**", "")
    for outcome in (EntryOutcome.LATER, EntryOutcome.DONE, EntryOutcome.ANSWERED):
        assert OUTCOMES[outcome].name[0] in plain


def test_every_outcome_has_its_words() -> None:
    """Excluded entries are told by their keys, all others by the table; no order is without one."""
    assert OUTCOMES.keys() | {EntryOutcome.EXCLUDED} == set(EntryOutcome)
    assert OF_STATE.keys() == set(OrderState)


def test_what_a_device_sends_does_nothing_to_a_terminal(asked: AskedPractice) -> None:
    """Control characters of a key are blanks where a person reads it."""
    asked.ask(PatientComments="A\x1b[31m\nB")
    assert "Patient Comments „A [31m B“" in asked.why()


def test_english_where_it_is_wanted(asked: AskedPractice) -> None:
    """The same in English."""
    asked.order()
    asked.ask(Modality="OT")
    told = asked.why(english=True)
    assert 'Left out because the device asks for modality "OT" (1 entry):' in told
    assert "    → At the device: leave the modality empty" in told
    assert "Gerät" not in told


def test_a_preview_is_what_the_device_would_get(asked: AskedPractice) -> None:
    """Its last query for today, by its profile, in its letters; and what it would not get."""
    asked.ask(ScheduledStationAETitle="US01", ScheduledProcedureStepStartDate="20240115")
    assert "noch nicht gefragt" not in asked.why()
    asked.practice.clock.turn(86400.0)
    assert "Heute:           noch nicht gefragt" in asked.why()
    asked.order(family_name="Şahin")
    asked.order(patient_id="2", station="US02")

    told = asked.preview("us01")

    assert "die letzte: 15.01.2024 09:30:15, auf heute übertragen" in told
    assert "Station „US01“, Tag „16.01.2024 (heute)“" in told
    assert "Sieht jetzt:     1 Eintrag" in told
    assert "Sahin, Änne (4711)  US01  US" in told
    assert "Zeichensatz:     ISO_IR 100" in told
    assert "fragt (1 Eintrag):" in told


def test_a_preview_of_a_device_that_never_asked(asked: AskedPractice) -> None:
    """The usual query: everything of today."""
    asked.order()
    told = asked.preview("NEU")
    assert "das Gerät hat noch nie gefragt" in told
    assert "Sieht jetzt:     1 Eintrag" in told
