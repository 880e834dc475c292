"""What a person does about the cases: enters, removes, chooses pictures, has seen them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from flask import Response, request

from gdtbridge.errors import TooLate
from gdtbridge.sample_audit.typed_cases import typed_cases
from gdtbridge.web.access.principal import concerns, principal
from gdtbridge.web.forms import raw_values
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.frame import Frame, Notice, Undo
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import PageRoute
from gdtbridge.web.pages.sample.devices import HOME, WRITE
from gdtbridge.web.pages.sample.page import SamplePages
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.ports import CorePorts

CASES: Final = f"{HOME}/faelle"
ONE: Final = f"{HOME}/fall/<int:case_id>"


@dataclass(frozen=True, slots=True)
class CaseActs:
    """Does what people say of the cases; each act can be taken back where it stands."""

    frame: Frame
    core: CorePorts
    pages: SamplePages
    now: Callable[[], datetime]

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the calls: path, name, view, methods."""
        return (
            (CASES, "sample_add", self.add, WRITE),
            (f"{ONE}/entfernen", "sample_remove", self.remove, WRITE),
            (f"{ONE}/auswahl", "sample_choose", self.choose, WRITE),
            (f"{ONE}/gesehen", "sample_seen", self.seen, WRITE),
            (f"{ONE}/ungesehen", "sample_unseen", self.unseen, WRITE),
        )

    def add(self) -> Response:
        """Enter the cases of a list; none where a line cannot be read."""
        fields = posted()
        typed = fields.get("cases", "")

        def add() -> Response:
            texts = self.frame.texts
            found = typed_cases(typed, self.now().date())
            wrong = tuple(
                texts("sample.line", line=one.line, problem=texts.half(one.problem))
                for one in found
                if one.problem
            )
            if wrong or not found:
                return self.pages.shown(typed, wrong or (texts("sample.no_line"),))
            try:
                added = self.core.sample.add([(one.asked, one.day or date.min) for one in found])
            except TooLate as error:
                return self.pages.shown(typed, (texts.half(str(error)),))
            concerns(subject="sample:", detail=str(added))
            return self.frame.go(HOME, Notice(texts("sample.added", n=added)))

        return self.frame.submissions.once(fields.get(FIELD, ""), add)

    def remove(self, case_id: int) -> Response:
        """Take a case off the list."""

        def remove() -> Notice:
            case = self.core.sample.remove(case_id)
            undo = Undo(CASES, {"cases": f"{case.asked} {case.day:%d.%m.%Y}"})
            return Notice(self.frame.texts("sample.removed", who=case.asked), undo)

        return self._once(HOME, remove)

    def choose(self, case_id: int) -> Response:
        """Say which pictures are handed in."""
        values = (one for one in raw_values(request) if one.name == "picture")
        chosen = {number_of(one.value.decode("utf-8", "replace")) or 0 for one in values}

        def choose() -> Notice:
            self.core.sample.choose(case_id, chosen)
            return Notice(self.frame.texts("sample.chosen", n=len(chosen)))

        return self._once(_of(case_id), choose)

    def seen(self, case_id: int) -> Response:
        """Note that the person has looked at the pictures; without an account it says its name."""
        who = principal().actor.name or posted().get("who", "").strip()[:80]
        if not who:
            sentence = self.frame.texts("sample.who_missing")
            return self.frame.go(_of(case_id), Notice(sentence))

        def seen() -> Notice:
            self.core.sample.note_seen(case_id, who)
            undo = Undo(f"{HOME}/fall/{case_id}/ungesehen")
            return Notice(self.frame.texts("sample.noted_seen", who=who), undo)

        return self._once(_of(case_id), seen)

    def unseen(self, case_id: int) -> Response:
        """Take that back."""

        def unseen() -> Notice:
            self.core.sample.note_unseen(case_id)
            return Notice(self.frame.texts("sample.noted_unseen"))

        return self._once(_of(case_id), unseen)

    def _once(self, path: str, act: Callable[[], Notice]) -> Response:
        def done() -> Response:
            notice = act()
            concerns(subject="sample:")
            return self.frame.go(path, notice)

        return self.frame.submissions.once(posted().get(FIELD, ""), done)


def _of(case_id: int) -> str:
    return f"{HOME}?fall={case_id}"
