"""Whether a candidate is a hit: each condition compared with what a line says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from gdtbridge.dataset.values import folded_title, to_date
from gdtbridge.day.linking import ExamPart, LineFacts
from gdtbridge.day.model import DayLine, ShownDevice
from gdtbridge.day.search.model import Condition, ConditionKind, NamePart
from gdtbridge.day.search.stock import numbers_of
from gdtbridge.durable.clock import local_time
from gdtbridge.exams.model import ReportState
from gdtbridge.orders import Order
from gdtbridge.people import Patient
from gdtbridge.people.folding import folded_words
from worklist import canonical_number


@dataclass(frozen=True, slots=True)
class Said:
    """What an exam, an order, both, or master data say that can be searched."""

    people: tuple[Patient, ...]
    """Every description of the patient."""
    numbers: frozenset[str] = frozenset()
    """Patient numbers, former ones too."""
    orders: frozenset[str] = frozenset()
    """Accession numbers."""
    procedures: tuple[str, ...] = ()
    modalities: frozenset[str] = frozenset()
    devices: tuple[ShownDevice, ...] = ()
    days: frozenset[date] = frozenset()
    has_values: bool = False

    def fulfils(self, condition: Condition) -> bool:
        """Return whether all this is what a condition asks for; states are judged elsewhere."""
        found = True
        match condition.kind:
            case ConditionKind.DEVICE:
                wanted = {folded_title(one) for one in condition.devices}
                found = any(folded_title(one.aet) in wanted for one in self.devices)
            case ConditionKind.BIRTH:
                found = any(one.birth_date_da in condition.births for one in self.people)
            case ConditionKind.DAY:
                found = not self.days.isdisjoint(condition.days)
            case ConditionKind.NUMBER:
                found = not self.numbers.isdisjoint(numbers_of(condition))
            case ConditionKind.ORDER:
                found = any(_is_numbered(one, condition.word) for one in self.orders)
            case ConditionKind.MODALITY:
                found = condition.word in self.modalities
            case ConditionKind.WORD:
                found = any(_fits(word, condition) for word in self._words(condition.part))
            case ConditionKind.VALUES:
                found = self.has_values
        return found

    def _words(self, part: NamePart) -> Iterator[str]:
        """Yield the words a word may be the beginning of."""
        for one in self.people:
            if part is not NamePart.GIVEN:
                yield from folded_words(one.family_name)
            if part is not NamePart.FAMILY:
                yield from folded_words(one.given_names)
            if part in {NamePart.ANY, NamePart.NAME}:
                yield from folded_words(one.person_name)
        if part is NamePart.ANY:
            texts = (*self.procedures, *(f"{one.name} {one.aet}" for one in self.devices))
            yield from folded_words(" ".join(texts))


def is_hit(line: LineFacts, shown: DayLine, conditions: Sequence[Condition]) -> bool:
    """Return whether a line is what all conditions ask for, by its exam, its order, or both."""
    said = said_by_all(line, shown)
    return all(_is(one, said, shown) for one in conditions)


def _is(condition: Condition, said: Said, shown: DayLine) -> bool:
    if condition.kind is ConditionKind.STATE:
        return shown.state in condition.states
    return said.fulfils(condition)


def said_by_all(line: LineFacts, shown: DayLine) -> Said:
    """Return what a line says, by its order and all its exams."""
    order, parts = line.order, line.parts
    people = [shown.patient]
    if order is not None:
        people.append(order.patient)
    claims = [claim for part in parts for claim in part.claims]
    results = [one for part in parts for one in part.facts.results]
    people += [*(one.patient for one in claims), *(one.patient for one in results)]
    return Said(
        people=tuple(dict.fromkeys(people)),
        numbers=frozenset(one.id for one in people) | {one.number for one in claims} - {""},
        orders=frozenset(_orders(order, parts)),
        procedures=(shown.procedure, *(one.study_description for one in claims)),
        modalities=frozenset({shown.modality, *(one.modality for one in claims)}),
        devices=(*shown.devices, *_senders(parts, shown)),
        days=frozenset(_days(order, parts, shown)),
        has_values=any(
            one.state is ReportState.REPORTED for part in parts for one in part.facts.reports
        )
        and bool(results),
    )


def _orders(order: Order | None, parts: Iterable[ExamPart]) -> Iterator[str]:
    if order is not None:
        yield order.accession_number
    for part in parts:
        for one in part.claims:
            yield from filter(None, (one.accession_number, one.order_number))


def _senders(parts: Iterable[ExamPart], shown: DayLine) -> Iterator[ShownDevice]:
    """Yield the devices that sent the exams, where the order names others."""
    known = {one.aet for one in shown.devices}
    yield from (
        ShownDevice(part.facts.exam.device) for part in parts if part.facts.exam.device not in known
    )


def _days(order: Order | None, parts: Iterable[ExamPart], shown: DayLine) -> Iterator[date]:
    """Yield the days a line is found by: as it is shown, and what its order and exams say."""
    yield shown.at.date()
    if order is not None and order.scheduled is not None:
        yield order.scheduled.date()
    for part in parts:
        yield local_time(part.facts.exam.first_instance_at).date()
        yield from (day for one in part.claims if (day := to_date(one.study_date)))


def _fits(word: str, condition: Condition) -> bool:
    return word == condition.word if condition.is_exact else word.startswith(condition.word)


def _is_numbered(number: str, typed: str) -> bool:
    """Return whether a number is the typed one, or ends with its digits."""
    if number.casefold() == typed.casefold() or number == canonical_number(typed):
        return True
    digits = "".join(char for char in typed if char.isdigit())
    return bool(digits) and number.endswith(digits)
