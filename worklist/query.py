"""Matching a query against entries (PS3.4 C.2.2.2 and K.2.2.1).

A query is read once into a tree of tests, then asked about each entry. No key can stop it: a value
that cannot be read as its VR wants (devices send such) counts as universal and is named once in the
log, because an empty list is the one answer nobody at the device can explain.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from pydicom.datadict import keyword_for_tag

from gdtbridge.dataset.text import SpecificCharacterSet
from gdtbridge.dataset.values import to_instant, to_microseconds
from worklist.attributes import ROOT, SPS, WORKLIST, AttributeTables, is_key
from worklist.charset import AnswerCharset, as_shown, readable_sets
from worklist.entry import StepStatus
from worklist.item import NOTHING, Element, Item, tag_of
from worklist.names import NameForm, formed
from worklist.temporal import ValueRange, combined, da_of, instant, instant_of, parse_range, to_day
from worklist.text import TextTest, fuzzy_name_test, name_test, text_test

log = logging.getLogger(__name__)

Test = Callable[[Item], bool]

NAME = tag_of("PatientName")
STATION = tag_of("ScheduledStationAETitle")
MODALITY = tag_of("Modality")
INSTITUTION = tag_of("InstitutionName")
START_DATE = tag_of("ScheduledProcedureStepStartDate")
START_TIME = tag_of("ScheduledProcedureStepStartTime")
STATUS = tag_of("ScheduledProcedureStepStatus")


class StationPolicy(Enum):
    """What the station's AE title in a query means."""

    MATCH = "match"
    """What the standard says: a value is matched, none finds every station."""
    IGNORE = "ignore"
    """Every station sees every entry, whatever it asks for."""
    CALLING = "calling"
    """A station that asks for none is taken to ask for its own (calling) AE title."""


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """The choices the standard leaves open.

    ``charset`` decides in which character set a device is answered.
    ``combined_start``: a range of start dates and one of start times make one range from the first
    instant to the last, instead of two keys of their own (PS3.4 K.2.2.1.1 leaves both open).
    ``night`` is since when (local time) what began yesterday counts as of today, for the night duty
    (`night_before`); None by day. ``shows_started``: whether a device that asks for no status sees
    who is being examined. ``modality``: empty for what is asked, ``*`` for any whatever is asked,
    else the one a device gets. ``institution``: empty for all, else a device gets the entries of
    that one and those of none. ``extra_days`` are days before and after those asked for. ``names``
    are the forms a patient's name is shown in, and found by. ``most_answers`` is 0 for no limit.
    ``attributes`` are those of the information model that is asked. ``fuzzy_names``: whether names
    are found by words and sounds as well (`fuzzy_name_test`).
    """

    station: StationPolicy = StationPolicy.MATCH
    combined_start: bool = False
    charset: AnswerCharset = AnswerCharset.DEVICE
    shows_started: bool = True
    modality: str = ""
    institution: str = ""
    extra_days: int = 0
    night: datetime | None = None
    names: frozenset[NameForm] = frozenset()
    most_answers: int = 0
    attributes: AttributeTables = WORKLIST
    fuzzy_names: bool = False


STANDARD = MatchPolicy()


@dataclass(frozen=True, slots=True)
class KeyTest:
    """The test of one key, or of a start date and time that make one range.

    ``keys`` are what it asks for by tag, without a value where nobody asked: the practice wants it.
    """

    keys: Item
    passes: Test
    inner: Query | None = None
    """Of a sequence: the tests one and the same of its items must pass."""


@dataclass(frozen=True, slots=True)
class Query:
    """The tests of one level of a query, all of which an item must pass."""

    tests: tuple[KeyTest, ...]
    keys: Item = field(default_factory=dict)
    """What entries may be looked up by: never more than the tests were made of."""
    sets: tuple[SpecificCharacterSet, ...] = ()
    """The character sets an answer may come in; for the dataset itself only."""
    asks_for_name: bool = False
    names: frozenset[NameForm] = frozenset()

    @classmethod
    def of(cls, keys: Item, policy: MatchPolicy = STANDARD, *, calling_aet: str = "") -> Query:
        """Read the query of a device whose AE title is ``calling_aet``."""
        asked = _as_meant(keys, policy, calling_aet.strip(" \0"))
        tests = tuple(_tests(asked, ROOT, policy))
        asks_for_name = NAME in keys and not keys[NAME].is_empty
        if asks_for_name and policy.names:  # an index knows no name by its forms
            asked = {tag: key for tag, key in asked.items() if tag != NAME}
        return cls(
            (*tests, *_unasked(asked, policy), *_of_night(keys, policy)),
            asked,
            readable_sets(policy.charset, keys),
            asks_for_name=asks_for_name,
            names=policy.names,
        )

    def matches(self, item: Item) -> bool:
        """Whether the entry passes every test, with the name it has or the one the device sees."""
        return any(self._passes(form) for form in self.forms(item))

    def forms(self, item: Item) -> Iterator[Item]:
        """Yield the entry with the name it has, and with the one the device sees if that differs.

        The second only where the query asks for a name.
        """
        yield item
        if self.asks_for_name:
            name = item.get(NAME, Element("PN"))
            shown = as_shown(in_forms(name, self.names), self.sets)
            if shown is not name:
                yield {**item, NAME: shown}

    def as_named(self, answer: Item) -> Item:
        """Return an answer with the patient's name in the forms its device wants."""
        if not self.names or NAME not in answer:
            return answer
        return {**answer, NAME: in_forms(answer[NAME], self.names)}

    def _passes(self, item: Item) -> bool:
        return all(test.passes(item) for test in self.tests)


def in_forms(name: Element, forms: frozenset[NameForm]) -> Element:
    """Return a PN element in the forms a device is shown; itself where that changes nothing."""
    texts = tuple(formed(text, forms) for text in name.texts)
    return name if texts == name.texts else replace(name, texts=texts)


def _as_meant(keys: Item, policy: MatchPolicy, calling_aet: str) -> Item:
    """Return the keys with what ``policy`` puts in the place of those of the step."""
    step = _step_of(keys)
    changed = {
        **_meant_station(step, policy.station, calling_aet),
        **_meant_modality(policy.modality),
        **_meant_days(step, policy),
    }
    meant = {SPS: Element("SQ", items=({**step, **changed},))} if changed else {}
    if policy.institution:
        meant[INSTITUTION] = Element("LO", texts=(policy.institution,))
    return {**keys, **meant} if meant else keys


def _meant_station(step: Item, policy: StationPolicy, calling_aet: str) -> Item:
    if policy is StationPolicy.IGNORE:
        return {STATION: Element("AE")}
    asks = any(text != "*" for text in step.get(STATION, Element("AE")).texts)
    if policy is StationPolicy.MATCH or asks or not calling_aet:
        return NOTHING
    return {STATION: Element("AE", texts=(calling_aet,))}


def _meant_modality(modality: str) -> Item:
    if not modality:
        return NOTHING
    return {MODALITY: Element("CS", texts=() if modality == "*" else (modality,))}


def _meant_days(step: Item, policy: MatchPolicy) -> Item:
    """Return the start date asked for with the policy's further days before and after."""
    extra = policy.extra_days
    before = 1 if _is_of_night(step, policy) else extra
    days = _single_range(step.get(START_DATE), to_day) if before else None
    if days is None:
        return NOTHING
    low = "" if days.low is None else da_of(days.low - before)
    high = "" if days.high is None else da_of(days.high + extra)
    return {START_DATE: Element("DA", texts=(f"{low}-{high}",))}


def _is_of_night(step: Item, policy: MatchPolicy) -> bool:
    """Return whether a device asks from today on in a night that began yesterday."""
    if policy.night is None or policy.extra_days:
        return False
    days = _single_range(step.get(START_DATE), to_day)
    return days is not None and days.low == policy.night.toordinal() + 1


def _tests(keys: Item, level: int, policy: MatchPolicy) -> Iterator[KeyTest]:
    separate = dict(keys)
    if level == SPS and policy.combined_start:
        start = _start_test(keys)
        if start is not None:
            del separate[START_DATE], separate[START_TIME]
            yield KeyTest({tag: keys[tag] for tag in (START_DATE, START_TIME)}, start)
    for tag, key in separate.items():
        if not is_key(tag):
            continue
        inner = _inner(tag, key, policy) if key.VR == "SQ" else None
        test = _sequence_test(inner) if inner is not None else _key_test(tag, key, policy)
        if test is not None:
            required = policy.attributes.is_matching(level, tag)
            yield KeyTest({tag: key}, _on_item(tag, test, required=required), inner)


def _unasked(keys: Item, policy: MatchPolicy) -> Iterator[KeyTest]:
    """Yield what the practice wants of an entry beside what the device asks for."""
    if not policy.shows_started and _step_of(keys).get(STATUS, Element("CS")).is_empty:
        status = {STATUS: Element("CS")}
        waits = Query((KeyTest(status, _on_item(STATUS, _is_waiting, required=False)),))
        test = _sequence_test(waits)
        if test is not None:
            yield KeyTest({SPS: Element("SQ")}, _on_item(SPS, test, required=False), waits)


def _of_night(keys: Item, policy: MatchPolicy) -> Iterator[KeyTest]:
    """Yield the test that leaves out what began yesterday before the night did."""
    step, since = _step_of(keys), policy.night
    if since is not None and _is_of_night(step, policy):
        asked = {START_DATE: step[START_DATE]}
        first = instant_of(since)
        began = Query((KeyTest(asked, lambda item: (_start_of(item) or first) >= first),))
        test = _sequence_test(began)
        if test is not None:
            yield KeyTest({SPS: Element("SQ")}, _on_item(SPS, test, required=False), began)


def _is_waiting(status: Element) -> bool:
    return StepStatus.STARTED not in status.texts


def _step_of(item: Item) -> Item:
    return next(iter(item[SPS].items), NOTHING) if SPS in item else NOTHING


def _on_item(tag: int, test: Callable[[Element], bool], *, required: bool) -> Test:
    """Return the test of an item by one of its elements.

    An unknown value matches no key (PS3.4 K.2.2.1.1.1); a key nobody promised to match decides only
    where the entry has a value.
    """

    def on_item(item: Item) -> bool:
        element = item.get(tag)
        if element is None or element.is_empty:
            return not required
        return test(element)

    return on_item


def _key_test(tag: int, key: Element, policy: MatchPolicy) -> Callable[[Element], bool] | None:
    """Return the test one key asks for, ``None`` when it is universal."""
    if not key.texts:
        return None if key.is_empty else lambda stored: stored.other == key.other
    wanted = [text for text in key.texts if text]
    if any(not text.strip("*") for text in wanted):
        return None
    test_of = TEXT_TESTS.get(key.VR, _exact_test)
    if key.VR == "PN" and policy.fuzzy_names:
        test_of = fuzzy_name_test
    tests = [test for text in wanted if (test := test_of(text)) is not None]
    if len(tests) < len(wanted):
        _name_once(tag)
        return None
    return lambda stored: any(test(text) for text in stored.texts for test in tests)


def _inner(tag: int, key: Element, policy: MatchPolicy) -> Query:
    """Return the tests of a sequence key, all to be passed by one and the same item."""
    if len(key.items) > 1:
        _name_once(tag)  # PS3.4 C.2.2.2.6 allows one item; the first is taken
    keys = key.items[0] if key.items else NOTHING
    return Query(tuple(_tests(keys, tag, policy)), keys)


def _sequence_test(inner: Query) -> Callable[[Element], bool] | None:
    if not inner.tests:
        return None
    return lambda stored: any(inner.matches(item) for item in stored.items)


def _exact_test(key: str) -> TextTest | None:
    return lambda value: value == key


def _range_test(parse: Callable[[str], int | None]) -> Callable[[str], TextTest | None]:
    def test_of(key: str) -> TextTest | None:
        wanted = parse_range(key, parse)
        return None if wanted is None else lambda value: wanted.holds(parse(value))

    return test_of


TEXT_TESTS: Mapping[str, Callable[[str], TextTest | None]] = MappingProxyType(
    {
        **dict.fromkeys(("AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"), text_test),
        "PN": name_test,
        "DA": _range_test(to_day),
        "TM": _range_test(to_microseconds),
        "DT": _range_test(to_instant),
    }
)
"""How a key of each VR is compared; the others (UI, IS, DS, AS) know equality only."""


def _start_test(keys: Item) -> Test | None:
    """Return one test for start date and time together, ``None`` where they do not combine."""
    days = _single_range(keys.get(START_DATE), to_day)
    times = _single_range(keys.get(START_TIME), to_microseconds)
    wanted = combined(days, times) if days is not None and times is not None else None
    return None if wanted is None else lambda item: wanted.holds(_start_of(item))


def _single_range(key: Element | None, parse: Callable[[str], int | None]) -> ValueRange | None:
    if key is None or len(key.texts) != 1:
        return None
    return parse_range(key.texts[0], parse)


def _start_of(item: Item) -> int | None:
    days = item.get(START_DATE, Element("DA")).texts
    times = item.get(START_TIME, Element("TM")).texts
    day = to_day(days[0]) if days else None
    micros = to_microseconds(times[0]) if times else None
    return None if day is None or micros is None else instant(day, micros)


_named: set[int] = set()
MOST_NAMED = 200
"""So many different malformed keys are named; a device that invents more cannot fill the log."""


def _name_once(tag: int) -> None:
    """Say once, without the value, that a key is not as the standard wants it."""
    if tag not in _named and len(_named) < MOST_NAMED:
        _named.add(tag)
        name = keyword_for_tag(tag) or f"{tag:08X}"
        log.warning("a worklist query has a malformed key, which is not matched: %s", name)
