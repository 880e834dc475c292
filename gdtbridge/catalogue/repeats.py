"""Values of a report that share an id: which has it, what the others are called, the greatest.

They are repeats of one measurement, or one measurement the device coded in two ways. What the
device chose has the id, else what was measured last. The others have the id and their number in the
order measured (``LVIDD0R1``), and all say which of how many they are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from gdtbridge.catalogue.chart_value import ChartValue
from gdtbridge.catalogue.wording import REPEAT
from gdtbridge.sr.identity import LONGEST_ID
from gdtbridge.sr.model import Measurement

MARK: Final = "0R"
"""What stands between an id and the number of a repeat; no term of the catalogue looks like it."""

MOST: Final = 9
"""The greatest number an id may end with, for ids have no 0 but between their parts."""

MAXIMUM: Final = "0MAX"
"""What is appended for the greatest of several, as for one the device calls a maximum."""

LAST_OF_ITS_KIND: Final = 1_000_000


def told_apart(
    measurements: Sequence[Measurement], shown: Sequence[ChartValue]
) -> tuple[ChartValue, ...]:
    """Return the values of a report in their order, each with an id of its own."""
    alike: dict[str, list[int]] = {}
    for at, one in enumerate(shown):
        alike.setdefault(one.id, []).append(at)
    shown = [replace(one, order=_beside(one, alike[one.id][0])) for one in shown]
    found = list(shown)
    for several in alike.values():
        if len(several) > 1:
            for at, one in _numbered(measurements, shown, several):
                found[at] = one
        elif shown[several[0]].warning:
            found[several[0]] = _with_number(shown[several[0]], measurements[several[0]])
    first = {at: several[0] for several in alike.values() for at in several}
    ids = {one.id for one in found}
    return tuple(_placed(one, first[at], ids) for at, one in enumerate(found))


def _placed(one: ChartValue, place: int, ids: Collection[str]) -> ChartValue:
    """Return a value with an order that keeps it beside the others of its measurement."""
    greatest = one.besides
    if greatest is not None:
        own = greatest.id not in ids
        greatest = replace(greatest, order=_order(greatest, place)) if own else None
    return replace(one, order=_order(one, place), besides=greatest)


def _order(one: ChartValue, place: int) -> tuple[int, ...]:
    return (*one.order[:-1], 1, place, one.order[-1])


def _beside(one: ChartValue, first: int) -> tuple[int, ...]:
    """Return the order that keeps values of one id together where the first of them stands."""
    return (*one.order[:-1], first, one.order[-1])


def _with_number(one: ChartValue, measurement: Measurement) -> ChartValue:
    """Return a value in a unit of its own, whose repeats may have others, with its number."""
    if measurement.stands:
        return one
    return one.ending(f" ({measurement.repeat} von {measurement.repeats})")


def _numbered(
    measurements: Sequence[Measurement], shown: Sequence[ChartValue], several: list[int]
) -> list[tuple[int, ChartValue]]:
    """Return the values of one id by their index."""
    timed = all(measurements[at].observed for at in several)
    ordered = sorted(several, key=lambda at: _measured_at(measurements[at], timed=timed))
    ranks = {at: (measurements[at].precedence, not measurements[at].stands) for at in ordered}
    plain = [at for at in ordered if ranks[at] == min(ranks.values())][-1]
    greatest = _greatest(measurements, shown, ordered)
    result = []
    for number, at in enumerate(ordered, start=1):
        one = _said(shown[at], number, len(ordered))
        if at != plain:
            one = _called(one, measurements[at], number, len(ordered))
        if at == greatest:
            one = replace(one, besides=_maximum(shown[at], len(ordered)))
        result.append((at, one))
    return result


def _measured_at(one: Measurement, *, timed: bool) -> tuple[str, list[int]]:
    place = [int(number) for number in one.place.split(".") if number]
    return (one.observed or "") if timed else "", place


def _said(one: ChartValue, number: int, count: int) -> ChartValue:
    """Return the value with the remark which of how many it is."""
    others = (remark for remark in one.remarks if not remark.startswith(f"{REPEAT}: "))
    return replace(one, remarks=(*others, f"{REPEAT}: {number} von {count}"))


def _called(one: ChartValue, measurement: Measurement, number: int, count: int) -> ChartValue:
    """Return a value that does not stand for the others under a name and id of its own."""
    made = f"{one.id}{MARK}{number}"
    if number > MOST or len(made) > LONGEST_ID:
        made = measurement.id
    called = one.ending(f" ({number} von {count})")
    return replace(called, id=made, order=(*one.order[:-1], number + 1))


def _greatest(
    measurements: Sequence[Measurement], shown: Sequence[ChartValue], ordered: list[int]
) -> int | None:
    """Return the value whose greatness is told besides; None where one of them was chosen."""
    if not all(shown[at].maximum for at in ordered):
        return None
    if any(measurements[at].precedence < 2 for at in ordered):
        return None
    return max(ordered, key=lambda at: abs(shown[at].value))


def _maximum(one: ChartValue, count: int) -> ChartValue | None:
    """Return the greatest of several as a value of its own; None where no id is short enough."""
    made = f"{one.id}{MAXIMUM}"
    if len(made) > LONGEST_ID:
        return None
    kept = tuple(remark for remark in one.remarks if not remark.startswith(f"{REPEAT}: "))
    return replace(
        one.ending(", Maximum"),
        id=made,
        remarks=(*kept, f"größter von {count} Werten"),
        order=(*one.order[:-1], LAST_OF_ITS_KIND),
    )


def in_order(shown: Sequence[ChartValue]) -> list[ChartValue]:
    """Return the values as a chart has them: by their order, maxima behind what they are of."""
    every = [*shown, *(one.besides for one in shown if one.besides is not None)]
    return sorted(every, key=lambda one: one.order)
