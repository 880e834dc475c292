"""A search as it is asked for (R4 3.1.1): parameters, paging, what else is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gdtbridge.fhir.date_range import DatePrefix, DateRange, range_of
from gdtbridge.fhir.quantities import WantedQuantity
from gdtbridge.fhir.tables import (
    RESOURCES,
    Include,
    ParameterKind,
    SearchParameter,
    includes,
    parameters,
    reverse_includes,
)
from gdtbridge.retrieve.query_keys import QueryRefused

USUAL: Final = 20
"""Matches of a page where nobody says how many."""
MOST: Final = 100
"""Matches of a page; who wants more follows ``next``."""
MOST_VALUES: Final = 256
"""Values in all of a search."""
CURSOR: Final = "_cursor"
"""Where a page begins; in ``next`` alone."""
HAS: Final = "_has:"
"""What a parameter begins with that is about what leads to a match (R4 3.1.1.4.10)."""
MISSING: Final = "missing"
"""Modifier: whether there is a value at all."""
NOT: Final = "not"
"""Modifier: whatever has none of the values."""
_MODIFIERS: Final = {
    ParameterKind.STRING: frozenset({"exact", "contains"}),
    ParameterKind.TOKEN: frozenset({NOT}),
    ParameterKind.REFERENCE: frozenset({"Patient", "ServiceRequest", "ImagingStudy", "identifier"}),
}
SORTABLE: Final = frozenset({ParameterKind.DATE, ParameterKind.STRING, ParameterKind.TOKEN})
"""Kinds whose values have an order."""
LAST_UPDATED: Final = "_lastUpdated"
_FROM_ON: Final = frozenset({DatePrefix.EQ, DatePrefix.GE, DatePrefix.GT, DatePrefix.SA})
_TOTALS: Final = frozenset({"none", "estimate", "accurate"})
_COMMA: Final = re.compile(r"(?<!\\),")
_PIPE: Final = re.compile(r"(?<!\\)\|")
_ESCAPED: Final = re.compile(r"\\([\\,|$])")


@dataclass(frozen=True, slots=True)
class SearchValue:
    """One value of a parameter; ``system`` is None where a token names none.

    ``range`` and ``prefix`` are those of a date, ``quantity`` is that of a number with a unit.
    """

    text: str
    system: str | None = None
    range: DateRange | None = None
    prefix: DatePrefix = DatePrefix.EQ
    quantity: WantedQuantity | None = None


@dataclass(frozen=True, slots=True)
class SearchCondition:
    """A parameter and its values, one of which has to fit."""

    parameter: SearchParameter
    values: tuple[SearchValue, ...]
    modifier: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether what it is about has one of the values, so that an index can look for it."""
        return self.modifier not in {MISSING, NOT}

    @property
    def texts(self) -> tuple[str, ...]:
        """The values without systems."""
        return tuple(one.text for one in self.values)


@dataclass(frozen=True, slots=True)
class SortKey:
    """A parameter matches are sorted by, the smallest value first unless ``is_down``."""

    parameter: SearchParameter
    is_down: bool = False


@dataclass(frozen=True, slots=True)
class ChainedCondition:
    """What the patient of a resource must be: ``patient.identifier``."""

    condition: SearchCondition


@dataclass(frozen=True, slots=True)
class ReverseCondition:
    """What one of the resources that lead to a match must be: ``_has:ImagingStudy:patient:…``."""

    include: Include
    condition: SearchCondition


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceQuery:
    """A search for resources of one type: all conditions have to be met."""

    kind: str
    conditions: tuple[SearchCondition, ...] = ()
    chained: tuple[ChainedCondition, ...] = ()
    reverse: tuple[ReverseCondition, ...] = ()
    includes: tuple[Include, ...] = ()
    reverse_includes: tuple[Include, ...] = ()
    sorting: tuple[SortKey, ...] = ()
    elements: tuple[str, ...] = ()
    """The elements that are wanted; none: all."""
    count: int = USUAL
    """Matches of a page; 0: only how many there are."""
    cursor: str = ""
    wants_total: bool = False
    used: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The parameters that count, as they came."""

    def of(self, *names: str) -> Iterator[SearchCondition]:
        """Yield the conditions of parameters with some names, in their plain meaning."""
        for one in self.conditions:
            if one.parameter.name in names and one.is_plain:
                yield one

    def one(self, condition: SearchCondition) -> ResourceQuery:
        """Return the search with a further condition."""
        return replace(self, conditions=(*self.conditions, condition), chained=())


def changed_since(conditions: Iterable[SearchCondition]) -> float | None:
    """Return since when what some conditions are for has changed (UTC seconds); None for ever."""
    found: list[float] = []
    for one in conditions:
        first = one.values[0]
        if one.is_plain and len(one.values) == 1 and first.range is not None:
            found += [first.range.begin.timestamp()] if first.prefix in _FROM_ON else []
    return max(found, default=None)


def read_query(kind: str, said: Iterable[tuple[str, str]], *, strict: bool) -> ResourceQuery:
    """Return the search for a type that names and values ask for; raise `QueryRefused`.

    What nobody knows is passed over, or refused where the client is ``strict`` (R4 3.1.1.3.1).
    """
    reader = _QueryReader(kind, strict=strict)
    for name, value in said:
        if value.strip():
            reader.read(name, value)
    return reader.query()


class _QueryReader:
    """Reads the parameters of a search, one after the other."""

    def __init__(self, kind: str, *, strict: bool) -> None:
        if kind not in RESOURCES:
            raise QueryRefused(kind)
        self._kind, self._strict = kind, strict
        self._conditions: list[SearchCondition] = []
        self._chained: list[ChainedCondition] = []
        self._has: list[ReverseCondition] = []
        self._includes: list[Include] = []
        self._reverse: list[Include] = []
        self._sorting: list[SortKey] = []
        self._elements: list[str] = []
        self._used: list[tuple[str, str]] = []
        self._count, self._cursor, self._total = USUAL, "", False

    def query(self) -> ResourceQuery:
        """Return what was read."""
        led = [one.condition for one in self._chained] + [one.condition for one in self._has]
        if sum(len(one.values) for one in (*self._conditions, *led)) > MOST_VALUES:
            raise QueryRefused("so many values")
        return ResourceQuery(
            kind=self._kind,
            conditions=tuple(self._conditions),
            chained=tuple(self._chained),
            reverse=tuple(self._has),
            includes=tuple(dict.fromkeys(self._includes)),
            reverse_includes=tuple(dict.fromkeys(self._reverse)),
            sorting=tuple(self._sorting),
            elements=tuple(self._elements),
            count=self._count,
            cursor=self._cursor,
            wants_total=self._total,
            used=tuple(self._used),
        )

    def read(self, name: str, value: str) -> None:
        """Read a parameter."""
        if self._controls(name, value):
            return
        if name.startswith(HAS):
            self._reverse_chain(name, value)
            return
        base, _, modifier = name.partition(":")
        head, chain, behind = name.partition(".")
        known = parameters()[self._kind]
        if chain and (found := known.get(head.partition(":")[0])) is not None:
            self._chain(name, head, behind, value, found)
        elif (found := known.get(base)) is not None and modifier == "identifier":
            self._chain(name, base, "identifier", value, found)
        elif found is not None:
            self._conditions.append(_condition(found, modifier, value, name))
            self._used.append((name, value))
        elif self._strict:
            raise QueryRefused(name)

    def _chain(self, name: str, head: str, behind: str, value: str, found: SearchParameter) -> None:
        kind = head.partition(":")[2] or "Patient"
        base, _, modifier = behind.partition(":")
        of_patient = parameters()["Patient"].get(base)
        leads = found.kind is ParameterKind.REFERENCE and found.name in {"patient", "subject"}
        if not leads or kind != "Patient" or of_patient is None:
            raise QueryRefused(name)
        self._chained.append(ChainedCondition(_condition(of_patient, modifier, value, name)))
        self._used.append((name, value))

    def _reverse_chain(self, name: str, value: str) -> None:
        """Read what leads to a match; what cannot be looked for so would find too much."""
        kind, _, rest = name.removeprefix(HAS).partition(":")
        path, _, asked = rest.partition(":")
        base, _, modifier = asked.partition(":")
        known = reverse_includes()[self._kind]
        led = next((one for one in known if (one.source, one.name) == (kind, path)), None)
        parameter = parameters()[kind].get(base) if led is not None else None
        if led is None or parameter is None:
            raise QueryRefused(name)
        condition = _condition(parameter, modifier, value, name)
        self._has.append(ReverseCondition(led, condition))
        self._used.append((name, value))

    def _controls(self, name: str, value: str) -> bool:
        """Read what is about the answer; return whether it was."""
        match name:
            case "_count":
                self._count = min(_number(name, value), MOST)
            case "_cursor":
                self._cursor = value
                return True
            case "_summary":
                self._summarise(name, value)
            case "_total":
                if value not in _TOTALS:
                    raise QueryRefused(name)
                self._total = value != "none"
            case "_elements":
                self._elements += [one.strip() for one in value.split(",") if one.strip()]
            case "_sort":
                return self._sort(name, value)
            case "_include" | "_revinclude":
                return self._include(name, value)
            case "_format" | "_pretty":
                return True
            case _:
                return False
        self._used.append((name, value))
        return True

    def _summarise(self, name: str, value: str) -> None:
        """Read which elements of a resource are wanted; all but the text are, and there is none."""
        if value == "count":
            self._count = 0
        elif value not in {"false", "data"} and self._strict:
            raise QueryRefused(name)

    def _sort(self, name: str, value: str) -> bool:
        """Read what matches are sorted by, all of it or nothing."""
        known = parameters()[self._kind]
        names = [one.strip() for one in value.split(",")]
        found = [known.get(one.removeprefix("-")) for one in names]
        keys = [
            SortKey(parameter, one.startswith("-"))
            for one, parameter in zip(names, found, strict=True)
            if parameter is not None and parameter.kind in SORTABLE
        ]
        if len(keys) < len(names):
            if self._strict:
                raise QueryRefused(f"{name}={value}")
        else:
            self._sorting = keys
            self._used.append((name, value))
        return True

    def _include(self, name: str, value: str) -> bool:
        """Read what is wanted beside the matches."""
        is_reverse = name == "_revinclude"
        known = (reverse_includes() if is_reverse else includes())[self._kind]
        kind, _, rest = value.partition(":")
        wanted, _, target = rest.partition(":")
        found = [
            one
            for one in known
            if value == "*"
            or (kind == one.source and wanted in {one.name, "*"} and target in {"", one.target})
        ]
        if found:
            (self._reverse if is_reverse else self._includes).extend(found)
            self._used.append((name, value))
        elif self._strict:
            raise QueryRefused(f"{name}={value}")
        return True


def _number(name: str, value: str) -> int:
    plain = value.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 9):
        raise QueryRefused(name)
    return int(plain)


def _condition(parameter: SearchParameter, modifier: str, value: str, name: str) -> SearchCondition:
    """Return a condition; raise `QueryRefused` for a modifier or a value that is none."""
    if modifier == MISSING:
        if value not in {"true", "false"}:
            raise QueryRefused(name)
        return SearchCondition(parameter, (SearchValue(value),), modifier)
    if modifier and modifier not in _MODIFIERS.get(parameter.kind, ()):
        raise QueryRefused(name)
    texts = [one for one in _COMMA.split(value) if one.strip()]
    made = tuple(_value(parameter.kind, one.strip(), name) for one in texts)
    if not made:
        raise QueryRefused(name)
    if modifier and parameter.kind is ParameterKind.REFERENCE:
        made = tuple(replace(one, text=_typed(one.text, modifier)) for one in made)
        modifier = ""
    return SearchCondition(parameter, made, modifier)


def _typed(text: str, kind: str) -> str:
    return text if "/" in text else f"{kind}/{text}"


def _value(kind: ParameterKind, text: str, name: str) -> SearchValue:
    match kind:
        case ParameterKind.DATE:
            return _date(text, name)
        case ParameterKind.TOKEN:
            system, pipe, code = _split(text)
            return SearchValue(code, system if pipe else None)
        case ParameterKind.QUANTITY:
            number, _, unit = text.partition("|")
            wanted = WantedQuantity.of(number, unit)
            if wanted is None:
                raise QueryRefused(name)
            return SearchValue(text, quantity=wanted)
        case _:
            return SearchValue(_ESCAPED.sub(r"\1", text))


def _split(text: str) -> tuple[str, bool, str]:
    """Return system and code of a token, and whether a bar stands between."""
    parts: Sequence[str] = _PIPE.split(text, maxsplit=1)
    system, code = (parts[0], parts[1]) if len(parts) == 2 else ("", parts[0])
    return _ESCAPED.sub(r"\1", system), len(parts) == 2, _ESCAPED.sub(r"\1", code)


def _date(text: str, name: str) -> SearchValue:
    prefix, rest = text[:2], text[2:]
    if prefix not in set(DatePrefix):
        prefix, rest = DatePrefix.EQ, text
    found = range_of(rest)
    if found is None:
        raise QueryRefused(name)
    return SearchValue(rest, range=found, prefix=DatePrefix(prefix))
