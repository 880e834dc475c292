"""Matching a query against an entry (PS3.4 C.2.2.2 and K.2.2.1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gdtbridge.dataset.values import to_instant, to_microseconds
from worklist import (
    Entry,
    EntryDetails,
    MatchPolicy,
    StationPolicy,
    StepStatus,
    make_entry,
    matches,
    night_before,
    to_dataset,
)
from worklist.item import item_from
from worklist.query import Query
from worklist.temporal import parse_range, to_day
from worklist.text import WildcardPattern, name_test

Make = Callable[..., Entry]
Ask = Callable[..., Dataset]

YES, NO = True, False


@pytest.mark.parametrize(
    ("keyword", "key", "found"),
    [
        # universal
        ("PatientName", "", YES),
        ("PatientName", "*", YES),
        ("PatientName", "**", YES),
        ("PatientBirthDate", "*", YES),
        ("StudyInstanceUID", "*", YES),
        # person names: any case, padding and trailing carets ignored, marks may be left out
        ("PatientName", "Müller^Hans", YES),
        ("PatientName", "MÜLLER^HANS", YES),
        ("PatientName", "Mu\u0308ller^Hans", YES),
        ("PatientName", "Müller^Hans^^^", YES),
        ("PatientName", " Müller ^ Hans ", YES),
        ("PatientName", "müll*", YES),
        ("PatientName", "m?ller^*", YES),
        ("PatientName", "*^hans", YES),
        ("PatientName", "Müller", NO),
        ("PatientName", "Muller^Hans", YES),
        ("PatientName", "MUELLER*", YES),
        ("PatientName", "M?eller^Hans", YES),
        ("PatientName", "Müeller*", NO),
        ("PatientName", "Mùller*", NO),
        ("PatientName", "Moller*", NO),
        ("PatientName", "?", NO),
        # other texts: case matters, wildcards work
        ("PatientID", "4711", YES),
        ("PatientID", "4711 ", YES),
        ("PatientID", "47*", YES),
        ("PatientID", "47??", YES),
        ("PatientID", "47?", NO),
        ("PatientID", "471", NO),
        ("PatientID", "4711\\4712", YES),
        ("RequestedProcedureDescription", "abdomen", NO),
        ("RequestedProcedureDescription", "*dom*", YES),
        ("Modality", "US", YES),
        ("Modality", "CR\\US", YES),
        ("Modality", "us", NO),
        ("PatientSex", "F", NO),
        ("ScheduledStationAETitle", "US01", YES),
        ("ScheduledStationAETitle", "US01\0", YES),
        ("ScheduledStationAETitle", " US01 ", YES),
        ("ScheduledStationAETitle", "US*", YES),
        ("ScheduledStationAETitle", "US02", NO),
        # UIDs: a list of values, no wildcards
        ("StudyInstanceUID", "2.25.7", YES),
        ("StudyInstanceUID", "1.2\\2.25.7\0", YES),
        ("StudyInstanceUID", "2.25.8", NO),
        ("StudyInstanceUID", "2.25.*", NO),
        # dates
        ("ScheduledProcedureStepStartDate", "20240115", YES),
        ("ScheduledProcedureStepStartDate", "2024.01.15", YES),
        ("ScheduledProcedureStepStartDate", "20240116", NO),
        ("ScheduledProcedureStepStartDate", "20240115-20240115", YES),
        ("ScheduledProcedureStepStartDate", "20240101-20240131", YES),
        ("ScheduledProcedureStepStartDate", "2024.01.01-2024.01.31", YES),
        ("ScheduledProcedureStepStartDate", "-20240115", YES),
        ("ScheduledProcedureStepStartDate", "-20240114", NO),
        ("ScheduledProcedureStepStartDate", "20240115-", YES),
        ("ScheduledProcedureStepStartDate", "20240116-", NO),
        ("ScheduledProcedureStepStartDate", "20240120-20240110", NO),
        # times: a value is an instant
        ("ScheduledProcedureStepStartTime", "103015", YES),
        ("ScheduledProcedureStepStartTime", "10:30:15", YES),
        ("ScheduledProcedureStepStartTime", "103015.000", YES),
        ("ScheduledProcedureStepStartTime", "1030", NO),
        ("ScheduledProcedureStepStartTime", "-11", YES),
        ("ScheduledProcedureStepStartTime", "-10", NO),
        ("ScheduledProcedureStepStartTime", "1030-1031", YES),
        ("ScheduledProcedureStepStartTime", "000000-240000", YES),
        ("ScheduledProcedureStepStartTime", "000000.000-235959.999", YES),
        ("ScheduledProcedureStepStartTime", "2200-1100", NO),
        # keys nobody can read are universal
        ("ScheduledProcedureStepStartDate", "20240230", YES),
        ("ScheduledProcedureStepStartDate", "gestern", YES),
        ("ScheduledProcedureStepStartDate", "-", YES),
        ("ScheduledProcedureStepStartDate", "20240116\\morgen", YES),
        ("ScheduledProcedureStepStartDate", "20240116-2024", YES),
        ("ScheduledProcedureStepStartTime", "2561", YES),
        ("PatientBirthDate", "1961", YES),
        # the entry does not know: no value matches
        ("ReferringPhysicianName", "Haus^Arzt", NO),
        ("ReferringPhysicianName", "?*", NO),
        ("ReferringPhysicianName", "*", YES),
        ("AdmissionID", "1", NO),
        # keys nobody promised to match
        ("InstitutionName", "Praxis", YES),
        ("StudyDescription", "Leber", YES),
    ],
)
def test_one_key(make: Make, ask: Ask, keyword: str, key: str, *, found: bool) -> None:
    """Each kind of key finds what PS3.4 C.2.2.2 says, junk finds everything."""
    entry = to_dataset(make(StudyInstanceUID="2.25.7"))
    assert matches(ask(charset="ISO_IR 192", **{keyword: key}), entry) is found


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("Yamada*", YES),
        ("山田^太郎", YES),
        ("やまだ*", YES),
        ("Yamada^Tarou=山田*", YES),
        ("=山田^太郎", YES),
        ("Yamada^Tarou=鈴木*", NO),
        ("鈴木*", NO),
    ],
)
def test_every_group_of_a_name_can_be_asked_for(
    make: Make, ask: Ask, key: str, *, found: bool
) -> None:
    """One group finds the name in any script, several must fit group by group."""
    entry = to_dataset(make(PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"))
    assert matches(ask(charset="ISO_IR 192", PatientName=key), entry) is found


@pytest.mark.parametrize(
    ("key", "stored", "found"),
    [
        ("STRASSER*", "Straßer^Eva", YES),
        ("Müller^*", "Müller", YES),
        ("Müller^^Anna", "Müller^Hans^Anna", NO),
        ("*ü*a*", "Müller^Hans", YES),
        ("", "Müller", YES),
    ],
)
def test_names_as_people_type_them(key: str, stored: str, *, found: bool) -> None:
    """Sharp s is ss, and a missing given name does not hide a patient."""
    assert name_test(key)(stored) is found


def test_an_unknown_value_is_found_by_universal_keys_only(make: Make, ask: Ask) -> None:
    """An empty stored value matches no key value (PS3.4 K.2.2.1.1.1)."""
    entry = to_dataset(make(PatientBirthDate=None, PatientSex=""))
    assert matches(ask(), entry)
    assert not matches(ask(PatientBirthDate="19000101-"), entry)
    assert not matches(ask(PatientSex="M"), entry)
    assert matches(ask(PatientSex="*"), entry)


def test_any_value_of_a_multi_valued_attribute_is_enough(make: Make, ask: Ask) -> None:
    """A stored list of stations is found by each of them."""
    entry = to_dataset(make())
    entry.ScheduledProcedureStepSequence[0].ScheduledStationAETitle = ["US01", "US02"]
    assert matches(ask(ScheduledStationAETitle="US02"), entry)
    assert not matches(ask(ScheduledStationAETitle="US03"), entry)


def test_all_keys_of_a_step_must_fit_the_same_item(make: Make, ask: Ask) -> None:
    """Station of one step and modality of another are no match."""
    entry = to_dataset(make())
    other = Dataset()
    other.Modality, other.ScheduledStationAETitle = "CR", "CR01"
    entry.ScheduledProcedureStepSequence.append(other)
    assert matches(ask(Modality="US", ScheduledStationAETitle="US01"), entry)
    assert matches(ask(Modality="CR", ScheduledStationAETitle="CR01"), entry)
    assert not matches(ask(Modality="US", ScheduledStationAETitle="CR01"), entry)


@pytest.mark.parametrize("items", [None, [], [Dataset()], [Dataset(), Dataset()]])
def test_an_empty_sequence_key_is_universal(make: Make, items: list[Dataset] | None) -> None:
    """No step sequence, none in it, or one without keys: all find the entry."""
    query = Dataset()
    query.PatientID = "4711"
    if items is not None:
        query.ScheduledProcedureStepSequence = items
    assert matches(query, to_dataset(make()))


def test_what_describes_the_query_is_not_matched(make: Make, ask: Ask) -> None:
    """Character set, time zone and group lengths are no keys."""
    query = ask(charset="ISO_IR 192", TimezoneOffsetFromUTC="+0100")
    query.add_new(0x00100000, "UL", 4)
    assert matches(query, to_dataset(make()))


@pytest.mark.parametrize(
    ("policy", "calling", "asked", "found"),
    [
        (StationPolicy.MATCH, "US02", "", YES),
        (StationPolicy.MATCH, "US01", "US02", NO),
        (StationPolicy.IGNORE, "US02", "US02", YES),
        (StationPolicy.CALLING, "US02", "", NO),
        (StationPolicy.CALLING, "US02", "*", NO),
        (StationPolicy.CALLING, "US01 \0", "", YES),
        (StationPolicy.CALLING, "US02", "US01", YES),
        (StationPolicy.CALLING, "", "", YES),
    ],
)
def test_the_station_policy(
    make: Make, ask: Ask, policy: StationPolicy, calling: str, asked: str, *, found: bool
) -> None:
    """The station is matched, ignored, or taken from the caller where none is asked for."""
    query = Query.of(
        item_from(ask(ScheduledStationAETitle=asked)),
        MatchPolicy(station=policy),
        calling_aet=calling,
    )
    assert query.matches(item_from(to_dataset(make()))) is found


@pytest.mark.parametrize(
    ("dates", "times", "combined", "separate"),
    [
        ("20240114-20240115", "2200-1100", YES, NO),
        ("20240114-20240115", "2200-1000", NO, NO),
        ("20240115-20240116", "1100-0600", NO, NO),
        ("20240115", "103015", YES, YES),
        ("20240114-", "2300-", YES, NO),
        ("-20240116", "-0600", YES, NO),
        ("20240114-20240116", "10-", YES, YES),
        ("20240114-20240115", "12-", YES, NO),
        ("20240114-20240115", "-10", NO, NO),
        ("20240114-20240116", "-10", YES, NO),
        ("-20240116", "08-", YES, YES),
        ("20240101-20240131", "103015", YES, YES),
        ("20240115", "", YES, YES),
        ("", "10-11", YES, YES),
    ],
)
def test_start_date_and_time_together(
    make: Make, ask: Ask, dates: str, times: str, *, combined: bool, separate: bool
) -> None:
    """By choice the two ranges are one from instant to instant; by default each is its own key."""
    entry = to_dataset(make())
    query = ask(ScheduledProcedureStepStartDate=dates, ScheduledProcedureStepStartTime=times)
    assert matches(query, entry, MatchPolicy(combined_start=True)) is combined
    assert matches(query, entry) is separate


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("-12", "113059.654321", YES),
        ("-12", "120000", YES),
        ("-12", "120000.000001", NO),
        ("12-", "115959.999999", NO),
        ("11-121428.234763", "121428.234764", NO),
        ("11:23:17.123456", "112317.123456", YES),
    ],
)
def test_times_of_different_precision(key: str, value: str, *, found: bool) -> None:
    """What is not written counts as zero on both sides of a range."""
    wanted = parse_range(key, to_microseconds)
    assert wanted is not None
    assert wanted.holds(to_microseconds(value)) is found


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("20170224113224.000000+0030", "20170224120224+0100", YES),
        ("-2000", "19990531132417.231194", YES),
        ("-2000", "20000102000000.000001", NO),
        ("200001-", "2001010100", YES),
        ("2017-2018", "20170801", YES),
        ("2017-201803", "20180401", NO),
        ("20240115-0500", "20240115050000+0000", YES),
    ],
)
def test_date_times(key: str, value: str, *, found: bool) -> None:
    """DT keys know ranges and offsets from UTC."""
    wanted = parse_range(key, to_instant)
    assert wanted is not None
    assert wanted.holds(to_instant(value)) is found


@pytest.mark.parametrize("parse", [to_day, to_microseconds, to_instant])
@given(text=st.text(st.sampled_from("0123456789.:-+ *x\u0661"), max_size=24))
def test_no_text_breaks_the_readers_of_dates_and_times(
    parse: Callable[[str], int | None], text: str
) -> None:
    """Any text is read as a range or refused, never an exception."""
    wanted = parse_range(text, parse)
    assert wanted is None or wanted.low is not None or wanted.high is not None


TODAY = "20240116"
NIGHT = night_before(datetime.fromisoformat("2024-01-16 00:10:00"), 6)


@pytest.mark.parametrize(
    ("start", "asked", "night", "found"),
    [
        ("2024-01-15 23:50:00", TODAY, NIGHT, YES),
        ("2024-01-15 23:50:00", TODAY, None, NO),
        ("2024-01-15 23:50:00", "20240116-20240117", NIGHT, YES),
        ("2024-01-15 23:50:00", "20240116-", NIGHT, YES),
        ("2024-01-15 23:50:00", "20240117", NIGHT, NO),
        ("2024-01-15 23:50:00", "20240115", NIGHT, YES),
        ("2024-01-15 18:10:00", TODAY, NIGHT, YES),
        ("2024-01-15 18:09:00", TODAY, NIGHT, NO),
        ("2024-01-15 08:00:00", "20240115-20240116", NIGHT, YES),
        ("2024-01-15 08:00:00", "", NIGHT, YES),
        ("2024-01-14 23:50:00", TODAY, NIGHT, NO),
        ("2024-01-16 08:00:00", TODAY, NIGHT, YES),
        ("2024-01-17 00:05:00", TODAY, NIGHT, NO),
    ],
)
def test_the_list_of_the_night(
    make: Make, ask: Ask, start: str, asked: str, night: datetime | None, *, found: bool
) -> None:
    """After midnight the device asks for its new day and finds what was ordered before."""
    entry = to_dataset(make(scheduled=datetime.fromisoformat(start)))
    query = ask(ScheduledProcedureStepStartDate=asked)
    assert matches(query, entry, MatchPolicy(night=night)) is found


@pytest.mark.parametrize(
    ("now", "hours", "since"),
    [
        ("2024-01-16 00:10", 6, "2024-01-15 18:10"),
        ("2024-01-16 05:59", 6, "2024-01-15 23:59"),
        ("2024-01-16 06:00", 6, None),
        ("2024-01-16 12:00", 6, None),
        ("2024-01-16 00:10", 0, None),
        ("2024-01-16 00:10", 48, "2024-01-15 00:00"),
    ],
)
def test_when_it_is_night(now: str, hours: float, since: str | None) -> None:
    """Until what began before midnight is older than that; never before yesterday."""
    wanted = None if since is None else datetime.fromisoformat(since)
    assert night_before(datetime.fromisoformat(now), hours) == wanted


@pytest.mark.parametrize(
    ("institution", "asked", "found"),
    [("Nord", "", YES), ("Süd", "", NO), ("", "Süd", NO), ("", "Nord", YES), ("", "", YES)],
)
def test_several_practices_in_one_house(
    make: Make, ask: Ask, institution: str, asked: str, *, found: bool
) -> None:
    """A device sees the entries of its practice, and those of none."""
    policy = MatchPolicy(institution=institution)
    query = ask(charset="ISO_IR 192", InstitutionName=asked)
    ours = make(details=EntryDetails(InstitutionName="Nord"))
    assert matches(query, to_dataset(ours), policy) is found
    assert matches(query, to_dataset(make()), policy)


@pytest.mark.parametrize(
    ("key", "name", "found"),
    [
        ("Müller", "Mueller", YES),
        ("müller", "MUELLER", YES),
        ("Müller", "Muller", NO),
        ("Muller", "Mueller", NO),
        ("Francois", "François", YES),
        ("François", "Francois", YES),
        ("Strasse", "Straße", YES),
        ("Lukasz", "Łukasz", YES),
        ("Ivanov", "Иванов", YES),
        ("王*", "X", NO),
        ("王*", "王^小", YES),
    ],
)
def test_letters_a_keyboard_lacks(
    make: Make, ask: Ask, key: str, name: str, *, found: bool
) -> None:
    """A name is found by what stands for its letters; a key means no other letters than it has."""
    query = ask(charset="ISO_IR 192", PatientName=key)
    assert matches(query, to_dataset(make(PatientName=name))) is found


@pytest.mark.parametrize(
    ("shows_started", "asked", "found"),
    [
        (True, "", YES),
        (False, "", NO),
        (False, "STARTED", YES),
        (False, "SCHEDULED", NO),
        (True, "SCHEDULED", NO),
    ],
)
def test_who_is_being_examined_may_be_left_out(
    make: Make, ask: Ask, asked: str, *, shows_started: bool, found: bool
) -> None:
    """By the policy of the device, unless it asks for a status itself."""
    entry = make(ScheduledProcedureStepStatus=StepStatus.STARTED)
    policy = MatchPolicy(shows_started=shows_started)
    query = ask(ScheduledProcedureStepStatus=asked)
    assert matches(query, to_dataset(entry), policy) is found
    waiting = to_dataset(make())
    assert matches(query, waiting, policy) is (asked in {"", "SCHEDULED"})


@given(st.text(st.sampled_from("ab*?"), max_size=8), st.text(st.sampled_from("ab"), max_size=8))
def test_patterns_agree_with_their_definition(pattern: str, value: str) -> None:
    """The linear matcher finds exactly what the recursive definition of * and ? finds."""

    def defined(wanted: str, rest: str) -> bool:
        if not wanted:
            return not rest
        if wanted[0] == "*":
            return defined(wanted[1:], rest) or (bool(rest) and defined(wanted, rest[1:]))
        return bool(rest) and wanted[0] in ("?", rest[0]) and defined(wanted[1:], rest[1:])

    assert WildcardPattern.of(pattern).matches(value) is defined(pattern, value)


def test_many_stars_cost_no_time() -> None:
    """A key made to explode a backtracking matcher is answered at once."""
    started = time.process_time()
    assert not WildcardPattern.of("*a" * 500 + "b").matches("a" * 5000)
    assert time.process_time() - started < 1.0


@given(
    st.dictionaries(
        st.sampled_from(["PatientID", "PatientName", "PatientBirthDate", "AccessionNumber"]),
        st.text(max_size=20),
    )
)
def test_no_key_raises(keys: dict[str, str]) -> None:
    """Whatever a device puts into a key, there is an answer: yes or no."""
    entry = to_dataset(
        make_entry(
            AccessionNumber="R1",
            PatientID="1",
            PatientName="A",
            scheduled=datetime.fromisoformat("2024-01-01 00:00:00"),
        )
    )
    query = Dataset()
    for keyword, value in keys.items():
        query.add_new(keyword, "LO", value)
    assert matches(query, entry) in (True, False)


def test_a_malformed_key_is_named_once_without_its_value(
    make: Make, ask: Ask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log names the attribute, not what the device put there."""
    monkeypatch.setattr("worklist.query._named", set())
    for _ in range(3):
        matches(ask(PatientBirthDate="4. Mai 1961"), to_dataset(make()))
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 1
    assert "PatientBirthDate" in messages[0]
    assert "1961" not in messages[0]
