"""What the pages of devices show of a query, a refusal, a profile: rows and lines, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from gdtbridge.addresses import own_addresses
from gdtbridge.attention.refusals import Refusal, RefusalReason
from gdtbridge.callers import ActKind, CallerAct
from gdtbridge.callers.words import CONTEXT_REFUSED, spoken
from gdtbridge.dataset.values import da_text
from gdtbridge.devices import NetworkProfile
from gdtbridge.devices.profile import VALUES
from gdtbridge.devices.quirks import known_quirks
from gdtbridge.durable.clock import local_time
from gdtbridge.overview.devices import Device, EmptyList
from gdtbridge.queries.explain import EntryOutcome, JudgedEntry
from gdtbridge.queries.report import ListPreview
from gdtbridge.queries.words import Words, person
from gdtbridge.settings import Settings
from gdtbridge.settings.hosts import is_loopback
from gdtbridge.web.pages.texts import Texts
from worklist import Item, given_keys, text_of

STATION = "ScheduledStationAETitle"
SUCCESS = "0000"


@dataclass(frozen=True, slots=True)
class ExcludedKey:
    """A key that keeps an entry from a device: its name, what was asked, what the entry says."""

    name: str
    asked: str
    stored: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of the list as a device gets it, or why it does not."""

    number: str
    name: str
    time: str
    is_seen: bool
    keys: tuple[ExcludedKey, ...]
    told: str
    """What became of it where no key excludes it."""
    ways_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepairRow:
    """What would help: the keys to leave out, and who would be on the list then."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    lines: str
    """The settings that do it on our side; empty where only the device can."""


@dataclass(frozen=True, slots=True)
class EmptyListView:
    """Why a list is empty, ready to be shown; ``asked`` are the keys in words."""

    asked: tuple[tuple[str, str], ...]
    rows: tuple[EntryRow, ...]
    change: tuple[str, str, float, float] | None
    """Value now, value before, since when, when the former one was asked last."""
    repairs: tuple[RepairRow, ...]


def empty_list_view(device: Device, found: EmptyList, words: Words) -> EmptyListView:
    """Return why a device's last query got what it got; ``words`` are of the page's language."""
    day = da_text(found.found.day)
    listed = (one for one in found.found.entries if one.entry.is_listed)
    of_day = (one for one in listed if one.entry.day == day)
    change = None
    if found.change is not None:
        key = found.change.key
        now, before = (words.values(key.keyword, one) for one in (key.asked, found.change.before))
        change = (now, before, found.change.since, found.change.last_at)
    return EmptyListView(
        asked_in_words(found.found.keys, words),
        tuple(_row(one, found.found.keys, words) for one in of_day),
        change,
        tuple(
            RepairRow(
                tuple(words.key_name(key.keyword) for key in one.keys),
                tuple(_name(entry.item) for entry in one.entries),
                _device_lines(device, station="ignore")
                if [key.keyword for key in one.keys] == [STATION]
                else "",
            )
            for one in found.repairs
        ),
    )


def preview_rows(found: ListPreview, words: Words) -> tuple[EntryRow, ...]:
    """Return the entries a device would see now, then the others of today."""
    today = da_text(found.day)
    rows = [_row(one, found.keys, words) for one in found.entries if _is_told(one, today)]
    return tuple(sorted(rows, key=lambda one: not one.is_seen))


def _is_told(judged: JudgedEntry, today: str) -> bool:
    return judged.outcome is EntryOutcome.FITS or judged.entry.day == today


def asked_in_words(keys: Item, words: Words) -> tuple[tuple[str, str], ...]:
    """Return each key that was given with what it asks for."""
    return tuple(
        (words.key_name(key.keyword), words.values(key.keyword, key.asked))
        for key in given_keys(keys)
    )


def _row(judged: JudgedEntry, keys: Item, words: Words) -> EntryRow:
    entry = judged.entry
    seen = judged.outcome in {EntryOutcome.FITS, EntryOutcome.ANSWERED}
    return EntryRow(
        text_of(entry.item, "PatientID"),
        _name(entry.item),
        words.value("Time", text_of(entry.step, "ScheduledProcedureStepStartTime")),
        seen,
        tuple(
            ExcludedKey(
                words.key_name(one.keyword),
                words.values(one.keyword, one.asked),
                words.values(one.keyword, one.stored),
            )
            for one in judged.exclusions
        ),
        "" if judged.exclusions else words.reason(judged, keys),
        tuple(words.way_out(judged)) if not seen else (),
    )


def _name(item: Item) -> str:
    return person(text_of(item, "PatientName"))


# ---------------------------------------------------------------------- refusals


def allowing_lines(one: Refusal, settings: Settings) -> str:
    """Return the lines of the settings that would let a caller in; empty where none would."""
    dicom = settings.dicom
    match one.reason:
        case RefusalReason.NETWORK:
            allowed = [*map(str, dicom.allowed_networks), one.address]
            return f"[dicom]\nallowed_networks = {json.dumps(allowed)}"
        case RefusalReason.TITLE:
            return f"[dicom]\nallowed_aets = {json.dumps([*dicom.allowed_aets, one.aet])}"
        case RefusalReason.UNKNOWN:
            return _table("device", aet=one.aet, host=one.address)
        case RefusalReason.QUERY:
            return _table("peer", aet=one.aet, host=one.address)
        case _:
            return ""


def _device_lines(device: Device, **values: str) -> str:
    address = device.addresses[0] if device.addresses else ""
    who = {"aet": device.aet} if device.aet else {"host": address}
    return _table("device", **who, **values)


def _table(name: str, **values: str) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value]
    return "\n".join([f"[[{name}]]", *lines])


# ---------------------------------------------------------------------- a device


def profile_lines(profile: NetworkProfile, texts: Texts) -> list[str]:
    """Return what a device gets other than one that keeps the standard."""
    usual = NetworkProfile(profile.name)
    found = []
    for key in sorted(VALUES):
        value = getattr(profile, key)
        if value != getattr(usual, key):
            shown = ", ".join(_said(key, one, texts) for one in value) if _is_list(value) else value
            path = f"devices.profile.{key}"
            if texts.has(f"{path}.{value}"):
                path = f"{path}.{value}"
            found.append(texts(path, value=shown))
    return found


def _is_list(value: object) -> bool:
    return isinstance(value, tuple)


def _said(key: str, value: str, texts: Texts) -> str:
    """Return one of several values; a quirk by what is wrong with the device's objects."""
    if key != "quirks":
        return value
    quirk = known_quirks()[value]
    return (quirk.german, quirk.english)[texts.language]


@dataclass(frozen=True, slots=True)
class ActRow:
    """One thing a device did with one outcome."""

    what: str
    outcome: str
    times: int
    last_at: float
    is_well: bool


def act_rows(acts: Iterable[CallerAct]) -> list[ActRow]:
    """Return what a device asked and sent, what it was answered, and what was not accepted."""
    told = list(_told(acts))
    return sorted(told, key=lambda one: (one.is_well, one.what))


def _told(acts: Iterable[CallerAct]) -> Iterator[ActRow]:
    for one in acts:
        if one.kind is ActKind.REQUEST:
            well = one.outcome == SUCCESS
            yield ActRow(spoken(one.what), one.outcome, one.times, one.last_at, well)
        elif one.kind is ActKind.CONTEXT and one.outcome in CONTEXT_REFUSED:
            yield ActRow(
                spoken(one.what), CONTEXT_REFUSED[one.outcome], one.times, one.last_at, False
            )


@dataclass(frozen=True, slots=True)
class EnteringSheet:
    """What to type into a device: our AE title, addresses and ports, and the device's own title."""

    aet: str
    addresses: tuple[str, ...]
    port: int
    tls_port: int | None
    device_aet: str
    is_local: bool
    """Whether no other machine can connect as things are set."""
    has_plain: bool
    """Whether the unencrypted port can be reached from elsewhere."""


def entering_sheet(settings: Settings, aet: str, port: int) -> EnteringSheet:
    """Return what to type into a device that calls itself ``aet``; ``port`` is the real one."""
    dicom = settings.dicom
    is_any = dicom.host in {"", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    addresses: Sequence[str] = own_addresses() if is_any else (dicom.host,)
    return EnteringSheet(
        dicom.aet,
        tuple(addresses),
        port or dicom.port,
        dicom.tls_port,
        aet,
        is_loopback(dicom.host),
        not is_loopback(dicom.plain_host),
    )


def words_of(texts: Texts, at: float) -> Words:
    """Return the words of a page's language for what was asked at a moment (UTC seconds)."""
    today: date = local_time(at).date()
    return Words(texts.language, today)
