"""``gdtbridge devices``: who connects, with which profile, and whether it answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import (
    as_json_option,
    columns,
    fail,
    print_json,
    print_rows,
    view_of,
    with_settings,
)
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.callers import CallerAct, KnownCaller
    from gdtbridge.core import Core
    from gdtbridge.devices import NetworkProfile

_NEVER: Final = "war noch nie da / was never seen"


@click.group()
def devices() -> None:
    """Die Geräte, die sich melden. / The devices that connect."""


@devices.command("list")
@with_settings
@as_json_option
def devices_list(settings: Settings, *, as_json: bool) -> None:
    """Zeigen, wer sich meldet und wer eingetragen ist. / Show who connects and who is entered.

    Das zuletzt Gesehene zuerst. / The last seen first.
    """
    with view_of(settings) as core:
        rows = [_row(core, one) for one in _everyone(core)]
    print_rows(rows, as_json=as_json)


@devices.command("show")
@with_settings
@as_json_option
@click.argument("device")
def devices_show(settings: Settings, device: str, *, as_json: bool) -> None:
    """Alles über ein Gerät: AE-Titel oder Adresse. / All of a device: AE title or address.

    Was es angeboten, gefragt und gesendet hat und welche Antwort es bekam. / What it proposed,
    asked and sent, and what it was answered.
    """
    with view_of(settings) as core:
        found = _named(core, device)
        shown = [_details(core, one) for one in found]
        lines = [line for one in found for line in _lines(core, one)]
    if as_json:
        print_json(shown)
    else:
        click.echo("\n".join(lines))


@devices.command("echo")
@with_settings
@click.argument("device")
def devices_echo(settings: Settings, device: str) -> None:
    """Prüfen, ob ein Gerät antwortet (C-ECHO). / Verify that a device answers.

    An der Adresse aus [[device]], sonst an der, von der es zuletzt kam. / At the address of
    [[device]], else at the one it came from last.
    """
    from gdtbridge.dicom.client import PeerError
    from gdtbridge.dicom.device_echo import DeviceEcho

    with view_of(settings) as core:
        known = _named(core, device)[0].caller
        verification = DeviceEcho(core.devices, core.encryption, settings.dicom.aet)
    try:
        where = verification.verify(known)
    except PeerError as error:
        fail(f"{error}")
    click.echo(f"{where}: antwortet. / answers.")


def _everyone(core: Core) -> list[KnownCaller]:
    """Return who is known, then who is entered and was never seen."""
    from gdtbridge.callers import KnownCaller
    from gdtbridge.devices import Caller

    seen = core.callers.callers()
    entered = {id(core.devices.device_of(one.caller)) for one in seen}
    missing = (one for one in core.devices.devices if id(one) not in entered)
    return [*seen, *(KnownCaller(Caller(one.aet, one.host), 0, 0) for one in missing)]


def _named(core: Core, device: str) -> list[KnownCaller]:
    """Return the callers with an AE title or address; end with a line where there is none."""
    from gdtbridge.dataset.values import folded_title

    wanted = folded_title(device)
    found = [
        one
        for one in _everyone(core)
        if wanted in (folded_title(one.caller.aet), one.caller.address.casefold())
    ]
    if not found:
        fail(
            f"{device}: Ein Gerät mit diesem AE-Titel oder dieser Adresse hat sich nie gemeldet; "
            "gdtbridge devices list zeigt alle. / No device with this AE title or address ever "
            "called."
        )
    return found


def _row(core: Core, known: KnownCaller) -> dict[str, str]:
    caller = known.caller
    return {
        "aet": caller.aet,
        "address": caller.address,
        "implementation": caller.implementation_version_name or caller.implementation_class_uid,
        "profile": core.devices.profile_of(caller).name,
        "entered": "[[device]]" if core.devices.device_of(caller) is not None else "",
        "last": _moment(known.last_at),
        "state": _state(known),
    }


def _state(known: KnownCaller) -> str:
    """Return what came of the last association, and how many came about."""
    from gdtbridge.attention.refusals import told_reason

    acts = _acts_of(known, "association")
    if not acts:
        return _NEVER
    last = max(acts, key=lambda one: one.last_at)
    times = sum(one.times for one in acts if one.outcome == "accepted")
    if last.outcome == "accepted":
        return f"angenommen / accepted ({times}x)"
    return f"abgewiesen / refused: {told_reason(last.outcome)} ({last.times}x)"


def _moment(seconds: float) -> str:
    from gdtbridge.durable.clock import local_time

    return f"{local_time(seconds):%d.%m.%Y %H:%M}" if seconds else ""


def _details(core: Core, known: KnownCaller) -> dict[str, object]:
    caller = known.caller
    return {
        **_row(core, known),
        "implementation_class_uid": caller.implementation_class_uid,
        "implementation_version_name": caller.implementation_version_name,
        "first_at": known.first_at,
        "last_at": known.last_at,
        "values": _values(core.devices.profile_of(caller)),
        "acts": [
            {
                "kind": str(one.kind),
                "what": one.what,
                "outcome": one.outcome,
                "times": one.times,
                "first_at": one.first_at,
                "last_at": one.last_at,
            }
            for one in sorted(known.acts, key=lambda one: one.key)
        ],
    }


def _values(profile: NetworkProfile) -> dict[str, object]:
    from gdtbridge.devices.profile import VALUES

    return {key: getattr(profile, key) for key in sorted(VALUES)}


def _lines(core: Core, known: KnownCaller) -> Iterator[str]:
    from gdtbridge.devices import NetworkProfile

    caller, profile = known.caller, core.devices.profile_of(known.caller)
    yield f"{caller.aet or '-'} ({caller.address or '-'})"
    told = " ".join(
        filter(None, (caller.implementation_version_name, caller.implementation_class_uid))
    )
    yield f"  Programm / implementation: {told or '-'}"
    yield f"  Profil / profile: {profile.name} ({profile.title})"
    usual = _values(NetworkProfile(profile.name))
    for key, value in _values(replace(profile, title="", source="")).items():
        if value != usual[key]:
            yield f"    {key} = {json.dumps(value, ensure_ascii=False)}"
    if not known.acts:
        yield f"  {_NEVER}"
        return
    yield f"  zuerst, zuletzt / first, last: {_moment(known.first_at)}, {_moment(known.last_at)}"
    yield from _told(
        "Verbindungen / associations", map(_association, _acts_of(known, "association"))
    )
    yield from _exchanged(known)


def _exchanged(known: KnownCaller) -> Iterator[str]:
    """Yield what a caller asked and sent, then what it proposed, by what came of it."""
    from gdtbridge.callers.words import CONTEXT_REFUSED, spoken

    requests = (
        [spoken(one.what), one.outcome, f"{one.times}x", _moment(one.last_at)]
        for one in _acts_of(known, "request")
    )
    yield from _told("Gefragt und gesendet, mit Status / asked and sent, with status", requests)
    contexts = _acts_of(known, "context")
    refused = (
        [spoken(one.what), CONTEXT_REFUSED[one.outcome]]
        for one in contexts
        if one.outcome in CONTEXT_REFUSED
    )
    yield from _told("Angeboten und abgelehnt / proposed and refused", refused)
    accepted: dict[str, list[str]] = {}
    for one in contexts:
        if one.outcome not in CONTEXT_REFUSED:
            accepted.setdefault(spoken(one.what), []).append(spoken(one.outcome))
    offered = ([what, ", ".join(syntaxes)] for what, syntaxes in accepted.items())
    yield from _told("Angeboten und angenommen / proposed and accepted", offered)


def _acts_of(known: KnownCaller, kind: str) -> list[CallerAct]:
    return sorted((one for one in known.acts if one.kind == kind), key=lambda one: one.key)


def _told(heading: str, rows: Iterable[list[str]]) -> Iterator[str]:
    """Yield a heading and its rows, or nothing where there are none."""
    if found := list(rows):
        yield f"  {heading}:"
        yield from (f"    {line}" for line in columns(found))


def _association(act: CallerAct) -> list[str]:
    from gdtbridge.attention.refusals import told_reason

    accepted = act.outcome == "accepted"
    told = "angenommen / accepted" if accepted else told_reason(act.outcome)
    return [told, f"{act.times}x", _moment(act.last_at)]
