"""An entry: what it may hold, and when it is stale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from gdtbridge.dataset.values import new_uid
from worklist import Entry, EntryError, is_stale, make_entry

Make = Callable[..., Entry]


def test_ids_nobody_gave_are_derived_from_the_accession_number(make: Make) -> None:
    """Requested Procedure ID and Scheduled Procedure Step ID default to the accession number."""
    entry = make(AccessionNumber="R0000000042")
    assert entry.RequestedProcedureID == "R0000000042"
    assert entry.ScheduledProcedureStepID == "R0000000042"


def test_a_study_uid_is_made_for_every_entry(make: Make) -> None:
    """Two entries never share a Study Instance UID, and it is a UUID-derived one."""
    uids = {make().StudyInstanceUID for _ in range(50)} | {new_uid()}
    assert len(uids) == 51
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)


def test_values_are_tidied(make: Make) -> None:
    """Padding, trailing carets, decomposed letters, unseen marks and fractions are removed."""
    entry = make(
        PatientName=" Mu\u0308ller ^Hans^^ ",
        PatientID=" \u00a04711\u200e ",
        scheduled=datetime.fromisoformat("2024-01-15 10:30:15.000999"),
    )
    assert entry.PatientName == "Müller^Hans"
    assert entry.PatientID == "4711"
    assert entry.scheduled == datetime.fromisoformat("2024-01-15 10:30:15")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("AccessionNumber", ""),
        ("AccessionNumber", "R" * 17),
        ("StudyInstanceUID", "1.2.03"),
        ("StudyInstanceUID", "2.25." + "1" * 60),
        ("PatientID", "  "),
        ("PatientID", "\u00a0\u200e"),
        ("PatientID", "4711\t"),
        ("PatientID", "1" * 65),
        ("PatientID", "47\\11"),
        ("PatientName", "^^"),
        ("PatientName", "Müller\r\n^Hans"),
        ("PatientName", "ü" * 60 + "Ł" + "^Hans"),
        ("PatientName", "a^b^c^d^e^f"),
        ("PatientName", "a=b=c=d"),
        ("PatientName", "Muller\x85"),
        ("PatientName", "M\ud800"),
        ("PatientSex", "X"),
        ("Modality", "us"),
        ("Modality", ""),
        ("ScheduledStationAETitle", "GERÄT"),
        ("ScheduledStationAETitle", "A" * 17),
        ("ScheduledStationAETitle", "A\x01B"),
        ("ScheduledStationAETitle", ""),
        ("RequestedProcedureDescription", "x" * 65),
        ("RequestedProcedureDescription", "Leber\u2028Galle"),
        ("ScheduledPerformingPhysicianName", "Meier\t^A"),
        ("RequestedProcedureID", "x" * 17),
        ("ScheduledProcedureStepID", "a\\b"),
        ("PatientBirthDate", date(2024, 1, 16)),
        ("PatientBirthDate", date(1849, 12, 31)),
        ("scheduled", datetime.fromisoformat("1969-12-31 23:59:59")),
        ("created", datetime.fromisoformat("2400-01-01 00:00:00")),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_repeated(
    make: Make, field: str, value: object
) -> None:
    """The error names the attribute in two languages and never quotes the value."""
    with pytest.raises(EntryError) as refused:
        make(**{field: value})
    assert refused.value.field == field
    assert " / " in refused.value.problem
    assert not str(value).strip() or str(value) not in str(refused.value)


@pytest.mark.parametrize("field", ["AccessionNumber", "PatientID", "PatientName", "scheduled"])
def test_what_must_be_there_is_asked_for(field: str) -> None:
    """An entry without one of the attributes nobody can derive is refused."""
    values: dict[str, object] = {
        "AccessionNumber": "R1",
        "PatientID": "1",
        "PatientName": "A",
        "scheduled": datetime.fromisoformat("2024-01-01 00:00:00"),
    }
    del values[field]
    with pytest.raises(EntryError) as refused:
        make_entry(**values)  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("PatientName", "ü" * 64),
        ("PatientName", "Żółć^Łukasz"),
        ("PatientName", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("PatientName", "von der Ohe-Müller^Anna Maria^^Dr.^MdB"),
        ("PatientBirthDate", None),
        ("PatientBirthDate", date(2024, 1, 15)),
        ("PatientSex", ""),
        ("RequestedProcedureDescription", ""),
    ],
)
def test_what_is_allowed_is_kept(make: Make, field: str, value: object) -> None:
    """Values at the limits and in any script are stored as they are."""
    assert getattr(make(**{field: value}), field) == value


@pytest.mark.parametrize(
    ("scheduled", "created", "now", "stale"),
    [
        ("15 10", "15 10", "15 23", False),
        ("15 10", "15 10", "16 00", True),
        ("15 23", "15 23", "16 04", False),
        ("15 23", "15 23", "16 05", True),
        ("15 23", "10 08", "16 00", False),
        ("15 08", "15 22", "16 03", False),
        ("15 08", "15 22", "16 04", True),
        ("20 08", "15 08", "16 23", False),
        ("15 08", "28 08", "16 08", True),
        ("15 08", None, "16 00", True),
    ],
)
def test_stale_is_yesterday_and_old_enough(
    make: Make, scheduled: str, created: str | None, now: str, *, stale: bool
) -> None:
    """An entry goes when its day is over and six hours passed since its start and its creation."""

    def at(day_and_hour: str) -> datetime:
        return datetime.fromisoformat(f"2024-01-{day_and_hour}:00")

    entry = make(scheduled=at(scheduled), created=None if created is None else at(created))
    assert is_stale(entry, at(now), min_age=timedelta(hours=6)) is stale
