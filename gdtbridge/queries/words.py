"""The words for what devices asked: German, or English, from the tables beside this module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from pydicom.datadict import dictionary_description

from gdtbridge.dataset.text import one_line
from gdtbridge.dataset.values import PersonName, to_date, to_time
from gdtbridge.durable.clock import local_time
from gdtbridge.language import Language
from gdtbridge.queries.explain import CANCELLED, SUCCESS, EntryOutcome, JudgedEntry
from gdtbridge.queries.history import KnownEntry
from gdtbridge.queries.model import QueryRecord
from gdtbridge.tsv import table
from worklist import Exclusion, Item, given_keys, text_of

Pair = tuple[str, str]
"""The same in German and in English."""


class _Row(NamedTuple):
    name: Pair
    asked: Pair
    """The name as it follows "nach"."""
    way_out: Pair


KEYS: Final[Mapping[str, _Row]] = {
    keyword: _Row((german, english), (after, english), (way_out, way_out_english))
    for keyword, german, after, english, way_out, way_out_english in table("queries/keys.tsv")
}
"""The keys by keyword; ``*`` stands for all others."""
OUTCOMES: Final[Mapping[EntryOutcome, _Row]] = {
    EntryOutcome(key): _Row((german, english), (german, english), (way_out, way_out_english))
    for key, german, english, way_out, way_out_english in table("queries/outcomes.tsv")
}

FAILURES: Final[Mapping[int, Pair]] = {
    0xA700: ("die Arbeitsliste war nicht erreichbar", "the worklist could not be read"),
    0xA900: ("die Abfrage war nicht lesbar", "the query could not be read"),
}
FAILED: Final[Pair] = ("interner Fehler, siehe Protokoll", "internal error, see the log")
NUMBERS: Final[Sequence[Pair]] = (
    ("kein Eintrag", "no entry"),
    ("1 Eintrag", "1 entry"),
    ("{} Einträge", "{} entries"),
)
NOT_SAID: Final[Pair] = ("ohne Angabe", "not known")
MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Words:
    """Says in one language what a person needs to know; ``today`` is the practice's."""

    language: Language
    today: date

    def of(self, pair: Pair) -> str:
        """Return the text of a pair in this language."""
        return pair[self.language]

    def say(self, german: str, english: str) -> str:
        """Return one of two texts."""
        return (german, english)[self.language]

    # ------------------------------------------------------------------------ values

    def entries(self, count: int) -> str:
        """Return so many entries."""
        return self.of(NUMBERS[min(count, 2)]).format(count)

    def quoted(self, text: str) -> str:
        """Return a text between the quotation marks of the language."""
        return self.say(f"„{text}“", f'"{text}"')

    def day(self, day: date) -> str:
        """Return a day; today by that name."""
        if day == self.today:
            return self.say("heute", "today")
        return self.language.day(day)

    def full_day(self, day: date) -> str:
        """Return a day with its date, and whether it is today."""
        told = self.language.day(day)
        return f"{told} ({self.day(day)})" if day == self.today else told

    def moment(self, at: float) -> str:
        """Return a moment (UTC seconds) in the practice's time."""
        when = local_time(at)
        return f"{self.day(when.date())} {when:%H:%M:%S}"

    def value(self, keyword: str, text: str) -> str:
        """Return one value of an attribute as people write it."""
        if keyword.endswith("Date"):
            return self.say(" bis ", " to ").join(self._days(text))
        if keyword.endswith("Time"):
            moment = to_time(text)
            return f"{moment:%H:%M}" if moment is not None else text
        if keyword.endswith("Name") and "*" not in text and "?" not in text:
            return person(text)
        return text

    def _days(self, text: str) -> Iterator[str]:
        for part in text.split("-"):
            day = to_date(part.strip())
            yield self.full_day(day) if day is not None else part or self.say("offen", "open")

    def values(self, keyword: str, texts: Sequence[str]) -> str:
        """Return the values of an attribute."""
        shown = (one_line(self.value(keyword, one)) for one in texts)  # a terminal obeys signs
        some = self.say(" oder ", " or ").join(shown)
        return some or self.of(NOT_SAID)

    # ------------------------------------------------------------------------ keys

    def key_name(self, keyword: str) -> str:
        """Return what a key is called."""
        if keyword in KEYS:
            return self.of(KEYS[keyword].name)
        try:
            return str(dictionary_description(keyword))
        except (KeyError, ValueError):
            return keyword

    def asked(self, keyword: str, texts: Sequence[str]) -> str:
        """Return a key with what was asked for."""
        return f"{self.key_name(keyword)} {self.quoted(self.values(keyword, texts))}"

    def reason(self, judged: JudgedEntry, keys: Item) -> str:
        """Return what became of an entry in a query with ``keys``, and why."""
        row = OUTCOMES.get(judged.outcome)
        if row is not None:
            return self.of(row.name)
        given = {key.path: key.asked for key in given_keys(keys)}
        told = self.say(" und ", " and ").join(map(self._asked_after, judged.exclusions))
        if all(given.get(key.path) == key.asked for key in judged.exclusions):
            return self.say(
                f"Nicht dabei, weil das Gerät nach {told} fragt",
                f"Left out because the device asks for {told}",
            )
        return self.say(
            f"Nicht dabei, weil das Gerät nach seinem Profil nur Einträge hat zu: {told}",
            f"Left out because by its profile the device gets only entries of: {told}",
        )

    def way_out(self, judged: JudgedEntry) -> list[str]:
        """Return what to do about an entry that was not answered, in the order of trying."""
        row = OUTCOMES.get(judged.outcome)
        if row is None:
            row = KEYS.get(judged.exclusions[0].keyword, KEYS["*"])
        return self.of(row.way_out).split(" | ")

    def _asked_after(self, key: Exclusion) -> str:
        """Return a key as it follows "nach" and "asks for"."""
        name = self.key_name(key.keyword)
        if key.keyword in KEYS:
            name = self.of(KEYS[key.keyword].asked)
        return f"{name} {self.quoted(self.values(key.keyword, key.asked))}"

    def stored(self, exclusion: Exclusion) -> str:
        """Return what an entry says where a key excludes it."""
        told = self.values(exclusion.keyword, exclusion.stored)
        return f"{self.key_name(exclusion.keyword)}: {told}"

    # ------------------------------------------------------------------------ queries

    def result(self, record: QueryRecord) -> str:
        """Return what a device got."""
        query, count = record.query, self.entries(record.query.answers)
        if query.status == SUCCESS:
            return count
        if query.status == CANCELLED:
            return self.say(
                f"{count}, dann hat das Gerät abgebrochen", f"{count}, then the device broke it off"
            )
        reason = self.of(FAILURES.get(query.status, FAILED))
        return self.say("Fehler", "failure") + f" {query.status:04X}: {reason}"

    def listed(self, record: QueryRecord) -> str:
        """Return what stood on the list then."""
        return self.entries(record.listed)

    # ------------------------------------------------------------------------ entries

    def entry(self, judged: JudgedEntry, asked_at: float | None) -> tuple[str, ...]:
        """Return the cells of an entry: number, when, who, why not."""
        entry = judged.entry
        number = text_of(entry.item, "PatientID")
        who = f"{person(text_of(entry.item, 'PatientName'))} ({number})"
        return (entry.number, self._scheduled(entry), who, self._remark(judged, asked_at))

    def _scheduled(self, entry: KnownEntry) -> str:
        day = to_date(entry.day)
        time = self.value("Time", text_of(entry.step, "ScheduledProcedureStepStartTime"))
        return f"{self.day(day) if day is not None else entry.day} {time}".strip()

    def _remark(self, judged: JudgedEntry, asked_at: float | None) -> str:
        order = judged.entry.order
        if judged.outcome is EntryOutcome.EXCLUDED:
            return ", ".join(map(self.stored, judged.exclusions))
        if judged.outcome is EntryOutcome.LATER and judged.entry.came_at is not None:
            return self._later(judged.entry.came_at, asked_at)
        if judged.outcome is EntryOutcome.CHANGED and order and order.changed_at is not None:
            return self._later(order.changed_at, asked_at)
        if order is not None and not judged.entry.is_listed and order.unlisted_at is not None:
            return self.moment(order.unlisted_at)
        return ""

    def _later(self, at: float, asked_at: float | None) -> str:
        if asked_at is None:
            return self.moment(at)
        minutes = round((at - asked_at) / MINUTE)
        if minutes < 1:
            after = self.say("gleich danach", "right after")
        elif minutes < 100:
            after = self.say(f"{minutes} Minuten danach", f"{minutes} minutes after")
        else:
            after = self.say("später", "later")
        return f"{self.moment(at)}, {after}"


def person(name: str) -> str:
    """Return a PN as people write it: ``Family, Given``."""
    parts = PersonName.of(name).written.parts if name else ()
    return ", ".join(part for part in parts[:2] if part)
