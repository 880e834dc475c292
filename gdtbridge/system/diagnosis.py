"""The diagnosis file: what somebody who helps from outside has to know, without patient data.

Nothing is taken that a device, a person or practice software could have written a patient into:
counts instead of rows, kinds instead of items, keys of a query instead of what they ask for.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gdtbridge.attention import Attention, counts
from gdtbridge.callers import CallerRegister, KnownCaller
from gdtbridge.database import Database
from gdtbridge.devices import DeviceDirectory
from gdtbridge.durable.clock import SteadyClock
from gdtbridge.errors import BridgeError
from gdtbridge.health import PartState
from gdtbridge.logs import tail_of
from gdtbridge.queries.book import QueryBook
from gdtbridge.queries.explain import dataset_of
from gdtbridge.queries.model import QueryRecord
from gdtbridge.settings import Settings, settings_in_force
from gdtbridge.system import store
from gdtbridge.system.versions import versions

MOST_QUERIES: Final = 200
README: Final = """\
Diagnosedatei von gdtbridge / diagnosis file of gdtbridge

Enthält keine Patientendaten und keine Kennwörter: keine Namen, Nummern, Geburtsdaten,
Auftragsnummern, Dateinamen und Kennungen von Untersuchungen. Adressen und Namen der Geräte und der
Praxis, wie sie in den Einstellungen stehen, sind enthalten.

Holds no patient data and no secrets: no names, numbers, birth dates, order numbers, names of files
and identifiers of exams. Addresses and names of devices and of the practice, as settings name
them, are in it.

versions.json   was installiert ist / what is installed
settings.json   Einstellungen mit Herkunft / settings and where each comes from
parts.json      Zustand der Teile / state of each part
counts.json     wie viel in welchem Zustand ist / how much is in which state
attention.json  was einen Menschen braucht, gezählt / what needs a person, counted
devices.json    was Geräte anbieten und bekommen / what devices propose and get
queries.json    wonach Geräte fragen, ohne Werte / what devices ask for, without values
log.txt         die letzten Zeilen des Protokolls / the last lines of the log
"""


@dataclass(frozen=True, slots=True)
class DiagnosisFile:
    """Gathers what helps, and nothing of a patient."""

    settings: Settings
    database: Database
    attention: Attention
    callers: CallerRegister
    devices: DeviceDirectory
    queries: QueryBook
    clock: SteadyClock

    def content(self, parts: Mapping[str, PartState]) -> bytes:
        """Return the ZIP; ``parts`` are those of the service that runs, none where none does.

        What cannot be found out is named by the type of its error; nothing is raised.
        """
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", README)
            archive.writestr("log.txt", tail_of(self.settings.log_tail))
            for name, gather in {
                "versions": self._versions,
                "settings": self._settings,
                "parts": lambda: _parts(parts),
                "counts": self._counts,
                "attention": self._attention,
                "devices": self._devices,
                "queries": self._queries,
            }.items():
                try:
                    found: object = gather()
                except (BridgeError, OSError) as error:
                    found = {"error": type(error).__name__}
                archive.writestr(f"{name}.json", json.dumps(found, ensure_ascii=False, indent=1))
        return made.getvalue()

    def _versions(self) -> object:
        now = datetime.fromtimestamp(self.clock.utc(), UTC).isoformat(timespec="seconds")
        return {"made_at": now, **{one.name: one.version for one in versions(self.database)}}

    def _settings(self) -> object:
        return [
            {
                "key": one.key,
                "value": "hidden" if one.is_secret and one.is_set else one.value,
                "origin": one.origin.kind,
                "line": one.origin.line,
            }
            for one in settings_in_force(self.settings)
        ]

    def _counts(self) -> object:
        with self.database.read() as connection:
            return store.counts_by_state(connection)

    def _attention(self) -> object:
        return counts(self.attention.items())

    def _devices(self) -> object:
        return [
            {
                "aet": one.caller.aet,
                "address": one.caller.address,
                "profile": self.devices.profile_of(one.caller).name,
                "implementation": one.caller.implementation_version_name,
                "first_at": _moment(one.first_at),
                "last_at": _moment(one.last_at),
                "acts": list(_acts(one)),
            }
            for one in self.callers.callers()
        ]

    def _queries(self) -> object:
        return [_query(one) for one in self.queries.recent(MOST_QUERIES)]


def _parts(parts: Mapping[str, PartState]) -> object:
    return {
        name: {
            "ok": part.ok,
            "detail": part.detail,
            "since": part.since and _moment(part.since),
            "waiting": dict(part.waiting),
            "figures": {f"{one.name} {one.which}".strip(): n for one, n in part.figures.items()},
        }
        for name, part in parts.items()
    }


def _acts(known: KnownCaller) -> Iterator[Mapping[str, object]]:
    for act in known.acts:
        yield {
            "kind": act.kind,
            "what": act.what,
            "outcome": act.outcome,
            "times": act.times,
            "last_at": _moment(act.last_at),
        }


def _query(record: QueryRecord) -> object:
    """Return which keys a device asked for and which of them had a value, not the values."""
    try:
        keys = {one.keyword or str(one.tag): bool(one.value) for one in dataset_of(record)}
    except (BridgeError, ValueError):
        keys = {}
    query = record.query
    return {
        "aet": query.caller.aet,
        "last_at": _moment(record.last_at),
        "times": record.times,
        "listed": record.listed,
        "answers": query.answers,
        "status": f"{query.status:04X}",
        "seconds": round(query.seconds, 3),
        "keys_with_a_value": keys,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
