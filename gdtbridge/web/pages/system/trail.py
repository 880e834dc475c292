"""*Wer tat was*: the audit trail with filters that stand in the address; for who administers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from flask import Response, request

from gdtbridge.accounts import Role
from gdtbridge.audit import ACTS, ActorKind, AuditEntry, AuditQuery, AuditTrail
from gdtbridge.typed_dates import TypedDateError, typed_past_day
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import PATHS, Area
from gdtbridge.web.pages.routing import READ, PageRoute

HOME: Final = f"{PATHS[Area.SYSTEM]}/verlauf"
PAGE: Final = 100
ARROW: Final = " → "
"""Between what something was and what it is, in the detail of an entry."""
LONGEST: Final = 100
NAMES: Final = ("wer", "was", "nummer", "tag")
"""Parameters: a part of the name, the code of an act, a patient number, a day as typed."""


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What is looked for, as it was typed, and what is wrong with it."""

    said: dict[str, str]
    day: date | None
    error: str

    @property
    def is_empty(self) -> bool:
        """Whether everything is shown."""
        return not any(self.said.values())


@dataclass(frozen=True, slots=True)
class TrailLine:
    """An entry as people read it."""

    at: float
    who: str
    what: str
    patient_id: str
    subject: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Shows who did what, the newest first, a hundred at a time."""

    frame: Frame
    trail: AuditTrail

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the page: path, name, view, methods."""
        return ((HOME, "trail", self.show, READ),)

    def show(self) -> Response:
        """Return the entries that fit the filters of the address."""
        chosen = self._filter()
        before = request.args.get("vor", "")
        found = self.trail.entries(_query(chosen, number_of(before)))
        lines, more = found[:PAGE], len(found) > PAGE
        following = {**chosen.said, "vor": str(lines[-1].id)} if more else {}
        return self.frame.show(
            "system/trail.html",
            self.frame.texts("trail.title"),
            Area.SYSTEM,
            own=True,
            lines=[self._line(one) for one in lines],
            chosen=chosen,
            acts={code: self.frame.texts.half(words) for code, words in ACTS.items()},
            home=HOME,
            older=f"{HOME}?{urlencode(following)}" if more else "",
            is_first=not before,
        )

    def _filter(self) -> TrailFilter:
        said = {name: request.args.get(name, "").strip()[:LONGEST] for name in NAMES}
        day, error, today = None, "", datetime.now().astimezone().date()
        if said["tag"]:
            try:
                day = typed_past_day(said["tag"], today)
            except TypedDateError as wrong:
                error = self.frame.texts.half(str(wrong))
        return TrailFilter(said, day, error)

    def _line(self, entry: AuditEntry) -> TrailLine:
        actor, done, texts = entry.actor, entry.done, self.frame.texts
        kind = texts(f"trail.kinds.{actor.kind}")
        who = actor.name or kind
        if actor.name and actor.kind is not ActorKind.ACCOUNT:
            who = f"{actor.name} ({kind})"
        words = texts.half(ACTS[done.act])
        return TrailLine(
            entry.at,
            who,
            words,
            done.patient_id,
            self._about(done.subject),
            self._detail(done.detail),
            actor.address,
        )

    def _detail(self, detail: str) -> str:
        """Return what else is told, roles in the words of the page: ``Praxis → nur lesen``."""
        parts = detail.split(ARROW)
        return ARROW.join(
            self.frame.texts(f"role.{part}") if part in set(Role) else part for part in parts
        )

    def _about(self, subject: str) -> str:
        """Return ``Auftrag R0000000042`` for ``order:R0000000042``; a page by its path."""
        kind, mark, name = subject.partition(":")
        path = f"trail.about.{kind}"
        return self.frame.texts(path, name=name) if mark and self.frame.texts.has(path) else subject


def _query(chosen: TrailFilter, before_id: int | None) -> AuditQuery:
    acts = (chosen.said["was"],) if chosen.said["was"] in ACTS else ()
    since, until = 0.0, None
    if chosen.day is not None:
        begin = datetime.combine(chosen.day, datetime.min.time()).astimezone()
        since, until = begin.timestamp(), (begin + timedelta(days=1)).timestamp()
    return AuditQuery(
        since,
        until,
        name=chosen.said["wer"],
        acts=acts,
        patient_id=chosen.said["nummer"],
        before_id=before_id,
        most=PAGE + 1,
    )
