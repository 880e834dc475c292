"""Why a list is empty, as lines for a person: what was asked and answered, then each entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from gdtbridge.commands.options import columns
from gdtbridge.dataset.values import da_text
from gdtbridge.durable.clock import local_time
from gdtbridge.queries.explain import EntryOutcome, JudgedEntry
from gdtbridge.queries.report import DeviceQueries, ListPreview, is_named
from gdtbridge.queries.words import Words, person
from worklist import Item, given_keys, item_from, items_of, text_of

REFUSED: Final = "device-refused"
MOST_SHOWN: Final = 10
"""Entries of one kind that are shown one by one."""
LABEL: Final = 17
"""Columns of what stands before a colon."""

if TYPE_CHECKING:
    from gdtbridge.core import Core

Group = list[JudgedEntry]


def why_lines(found: DeviceQueries, words: Words) -> Iterator[str]:
    """Yield what a device asked last, what it got, and why it did not get the other entries."""
    record, say = found.last, words.say
    yield _device(found.caller.aet, found.caller.address)
    asked = words.moment(record.last_at)
    if record.times > 1:
        since = f"{local_time(record.first_at):%H:%M:%S}"
        asked += say(
            f" (seit {since} {record.times}-mal gleich)",
            f" ({record.times} times the same since {since})",
        )
    yield _labelled(say("Letzte Abfrage", "Last query"), asked)
    if found.day != words.today:
        yield _labelled(say("Heute", "Today"), say("noch nicht gefragt", "has not asked yet"))
    yield _labelled(say("Gefragt nach", "Asked for"), _asked(found.keys, words))
    yield _labelled(say("Bekommen", "Got"), words.result(record))
    listed = words.listed(record) if record.listed else say("nichts", "nothing")
    yield _labelled(say("Auf der Liste", "On the list"), listed)
    yield from _entries(found, found.entries, words)
    if not found.entries and not record.listed:
        yield from _nothing_ordered(words)
    if found.earlier:
        told = [f"{local_time(one.last_at):%H:%M} {words.result(one)}" for one in found.earlier[:5]]
        yield _labelled(say("Davor", "Before"), "; ".join(told))


def preview_lines(found: ListPreview, words: Words) -> Iterator[str]:
    """Yield what a device would see now, in its letters, and what it would not, and why."""
    say = words.say
    yield _device(found.caller.aet, found.caller.address)
    if found.asked_at is None:
        query = say("die übliche; das Gerät hat noch nie gefragt", "the usual one; it never asked")
    else:
        query = say("die letzte: ", "the last one: ") + words.moment(found.asked_at)
        query += say(", auf heute übertragen", ", moved to today") if found.moved else ""
    yield _labelled(say("Abfrage", "Query"), query)
    yield _labelled(say("Gefragt nach", "Asked for"), _asked(found.keys, words))
    yield _labelled(say("Profil", "Profile"), found.profile)
    yield _labelled(say("Sieht jetzt", "Sees now"), words.entries(len(found.answers)))
    yield from _table([_answer(item_from(one), words) for one in found.answers[:MOST_SHOWN]])
    if len(found.answers) > MOST_SHOWN:
        yield "    " + say("und weitere", "and more")
    letters = {str(one.get("SpecificCharacterSet") or "ASCII") for one in found.answers}
    if letters:
        yield _labelled(say("Zeichensatz", "Letters"), ", ".join(sorted(letters)))
    missed = [one for one in found.entries if one.outcome is not EntryOutcome.FITS]
    yield from _entries(found, missed, words)
    if not found.answers and not found.entries:
        yield from _nothing_ordered(words)


def nothing_lines(
    core: Core, device: str, about: str, found: Sequence[DeviceQueries], words: Words
) -> Iterator[str]:
    """Yield what to look at where no device asked, or where no entry is what was asked about."""
    say = words.say
    if about and found and not any(one.entries for one in found):
        yield say(
            f"Zu {words.quoted(about)} gibt es keinen Auftrag, auch keinen alten.",
            f"There is no order for {words.quoted(about)}, nor an old one.",
        )
        yield "  → " + say(
            "Der Auftrag ist hier nicht angekommen: gdtbridge attention list, gdtbridge check",
            "The order has not arrived here: gdtbridge attention list, gdtbridge check",
        )
    refused = [
        item
        for item in core.refusals.items()
        if item.code == REFUSED and (not device or device.casefold() in item.detail.casefold())
    ]
    for item in refused:
        yield say("Abgewiesen: ", "Turned away: ") + f"{item.detail} ({item.way_out})"
    if not found:
        yield from _nobody(core, device, words)


def _nobody(core: Core, device: str, words: Words) -> Iterator[str]:
    days, dicom = core.settings.worklist.query_days, core.settings.dicom
    if not days:
        yield words.say(
            "Abfragen werden nicht aufgehoben: worklist.query_days = 0.",
            "Queries are not kept: worklist.query_days = 0.",
        )
        return
    who = device or words.say("ein Gerät", "any device")
    yield words.say(
        f"In den letzten {days:g} Tagen hat {who} die Arbeitsliste hier nicht abgefragt.",
        f"In the last {days:g} days {who} has not asked this worklist.",
    )
    seen = [one for one in core.callers.callers() if not device or is_named(one.caller, device)]
    for one in seen[:MOST_SHOWN]:
        name, last = _device(one.caller.aet, one.caller.address), words.moment(one.last_at)
        yield "  " + words.say(
            f"{name} war zuletzt {last} hier, ohne die Arbeitsliste abzufragen.",
            f"{name} was here {last} and did not ask for the worklist.",
        )
    yield "  → " + words.say(
        f"Am Gerät als Worklist-Server eintragen: AE-Titel {dicom.aet}, Port {dicom.port}, Adresse"
        f" dieses Rechners; mit „Verify“ oder „Echo“ prüfen.",
        f"Set up as worklist server at the device: AE title {dicom.aet}, port {dicom.port}, address"
        f" of this machine; try it with verify or echo.",
    )


def _device(aet: str, address: str) -> str:
    return f"{aet} ({address})" if address else aet


def _labelled(label: str, text: str) -> str:
    return f"  {label + ':':<{LABEL}}{text}"


def _asked(keys: Item, words: Words) -> str:
    told = [words.asked(key.keyword, key.asked) for key in given_keys(keys)]
    return ", ".join(told) or words.say("allem", "everything")


def _nothing_ordered(words: Words) -> Iterator[str]:
    yield "  " + words.say(
        "Für diesen Tag ist kein Auftrag angekommen.", "No order has come for that day."
    )
    yield "    → " + words.say(
        "Aufträge aus der Praxissoftware prüfen: gdtbridge check",
        "Look after the orders of the practice software: gdtbridge check",
    )


def _answer(item: Item, words: Words) -> tuple[str, ...]:
    """Return the cells of an answer."""
    step = next(iter(items_of(item, "ScheduledProcedureStepSequence")), {})
    day, time = (text_of(step, f"ScheduledProcedureStepStart{one}") for one in ("Date", "Time"))
    return (
        text_of(item, "AccessionNumber"),
        f"{words.value('Date', day)} {words.value('Time', time)}".strip(),
        f"{person(text_of(item, 'PatientName'))} ({text_of(item, 'PatientID')})",
        text_of(step, "ScheduledStationAETitle"),
        text_of(step, "Modality"),
    )


# ---------------------------------------------------------------------------- entries by cause


def _entries(
    found: DeviceQueries | ListPreview, entries: Sequence[JudgedEntry], words: Words
) -> Iterator[str]:
    """Yield the entries by what became of them: the nearest misses first."""
    day = da_text(found.day)
    other_days = [one for one in entries if one.is_of_another_day and one.entry.day != day]
    ours = [one for one in entries if not one.is_of_another_day or one.entry.day == day]
    for group in _groups(ours):
        yield f"  {words.reason(group[0], found.keys)} ({words.entries(len(group))}):"
        yield from _table([words.entry(one, found.asked_at) for one in group[:MOST_SHOWN]])
        if len(group) > MOST_SHOWN:
            yield "    " + words.say("und weitere", "and more")
        if group[0].outcome is not EntryOutcome.ANSWERED:
            yield from (f"    → {one}" for one in words.way_out(group[0]))
    if other_days:
        count = words.entries(len(other_days))
        yield "  " + words.say(f"Für andere Tage: {count}.", f"For other days: {count}.")


def _groups(entries: Iterable[JudgedEntry]) -> list[Group]:
    """Return the entries with one cause together: few keys before many, delivered ones last."""
    groups: dict[object, Group] = {}
    for one in entries:
        cause = tuple((key.path, key.asked) for key in one.exclusions)
        key = (one.outcome, cause if one.outcome is EntryOutcome.EXCLUDED else ())
        groups.setdefault(key, []).append(one)
    return sorted(groups.values(), key=_rank)


def _rank(group: Group) -> tuple[bool, int, int]:
    first = group[0]
    return first.outcome is EntryOutcome.ANSWERED, len(first.exclusions), -len(group)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines with their columns below one another."""
    if rows:
        yield from (f"    {line}" for line in columns(rows))
