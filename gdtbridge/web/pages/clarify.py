"""*Zu klären*: what waits for a person, the evidence, what would happen, and the acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.clarifying import (
    Assignment,
    Candidate,
    ClarifyingDesk,
    ClarifyingLine,
    ClarifyingPart,
    ClarifyingView,
    ReasonView,
)
from gdtbridge.clarifying.acting import Foreseen
from gdtbridge.errors import AlreadyDecided, BridgeError, NotFound, OrderError, Outdated, TooLate
from gdtbridge.web.pages.clarify_words import ClarifyWords
from gdtbridge.web.pages.frame import Frame, Notice, Undo
from gdtbridge.web.pages.header import PATHS, Area, area_of
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import PageRoute
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.pages.visitor import visitor

HOME: Final = PATHS[Area.CLARIFY]
OTHER: Final = "other"
"""The choice of somebody who is no candidate: the number is typed."""
KEYS: Final = ("list", "choice")


@dataclass(frozen=True, slots=True)
class PartChoice:
    """What is chosen for one part: a candidate, somebody else, or nothing yet."""

    part: ClarifyingPart
    chosen: str
    """Key of a candidate, `OTHER`, or empty."""
    typed: str
    """What was typed for somebody else."""
    found: tuple[Candidate, ...] = ()
    """Whom that leads to."""
    moved: tuple[int, ...] = ()
    """Claims of other parts that go along."""

    @property
    def person(self) -> int:
        """Which of the exam's people."""
        return self.part.person

    @property
    def assignment(self) -> Assignment | None:
        """Whose it is then; None while nothing is chosen."""
        if self.chosen == OTHER:
            typed = self.typed.strip()
            number = self.found[0].patient.id if len(self.found) == 1 else typed
            return Assignment(self.person, number, claims=self.moved) if number else None
        if not self.chosen:
            return None
        number, _, order = self.chosen.partition("/")
        return Assignment(self.person, number, order, self.moved)


@dataclass(frozen=True, slots=True)
class ClarifyPages:
    """The pages of what a person decides."""

    frame: Frame
    desk: ClarifyingDesk

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        read, write = ("GET", "HEAD"), ("POST",)
        return (
            (HOME, "clarify", self.everything, read),
            (f"{HOME}/<key>", "clarify_one", self.one, read),
            (f"{HOME}/<key>", "clarify_assign", self.assign, write),
            (f"{HOME}/<key>/folgen", "clarify_then", self.then, write),
            (f"{HOME}/<key>/wer", "clarify_who", self.who, read),
            (f"{HOME}/<key>/verwerfen", "clarify_discard", self.ask_discard, read),
            (f"{HOME}/<key>/verwerfen", "clarify_discarded", self.discard, write),
            (f"{HOME}/<key>/zurueckziehen", "clarify_withdraw", self.ask_withdraw, read),
            (f"{HOME}/<key>/zurueckziehen", "clarify_withdrawn", self.withdraw, write),
            (
                f"{HOME}/<key>/zurueckziehen/folgen",
                "clarify_withdraw_then",
                self.withdraw_then,
                write,
            ),
            (f"{HOME}/<key>/rueckgaengig", "clarify_undo", self.undo, write),
            (f"{HOME}/<key>/erledigt", "clarify_seen", self.seen, write),
            (f"{HOME}/<key>/antwort", "clarify_answer", self.answer, write),
        )

    # ------------------------------------------------------------------ looking

    def everything(self) -> Response:
        """Show everything that waits, and the first of it where there is room."""
        first = next(iter(self.desk.queue.lines()), None)
        return self._show(first, meant=False)

    def one(self, key: str) -> Response:
        """Show one thing that waits, with what would happen by what is chosen."""
        try:
            line = self.desk.queue.line(key)
        except NotFound:
            return self._gone(key)
        return self._show(line)

    def then(self, key: str) -> Response:
        """Show what would happen by what a form chooses; changes nothing."""
        fields = posted()
        try:
            line = self.desk.queue.line(key)
        except NotFound:
            return self._gone(key)
        return self._show(line, fields)

    def who(self, key: str) -> Response:
        """Note that somebody looks, and tell who else does."""
        others = self.desk.leases.look(key, visitor().name)
        return self.frame.show("clarify_who.html", "", key=key, others=others, own=True)

    def _show(
        self,
        line: ClarifyingLine | None,
        chosen: Mapping[str, str] | None = None,
        error: BridgeError | None = None,
        status: int = 200,
        *,
        meant: bool = True,
    ) -> Response:
        """Show the queue and one thing of it; ``meant`` says that somebody chose that."""
        lines = self.desk.queue.lines()
        values = self._values(line, chosen or {}, error) if line is not None else {}
        title = self.frame.texts("nav.clarify")
        return self.frame.show(
            "clarify.html",
            f"({len(lines)}) {title}" if lines else title,
            Area.CLARIFY,
            status=status,
            keys=KEYS,
            own=bool(chosen) or error is not None,
            lines=lines,
            decisions=[one for one in lines if one.reason.view is not ReasonView.NOTICE],
            notices=[one for one in lines if one.reason.view is ReasonView.NOTICE],
            line=line,
            meant=meant,
            device_name=self.desk.device_name,
            mended=self._mended,
            words=self._words,
            follows=True,
            problem=self._problem(error) if error is not None else "",
            others=self.desk.leases.look(line.key, visitor().name) if line is not None else (),
            **{**_NOTHING, **values},
        )

    def _mended(self, line: ClarifyingLine) -> tuple[Area, str] | None:
        """Return the area and the page where something is mended; None where that is this one."""
        area = area_of(line.item.code) if line.item is not None else Area.CLARIFY
        return (area, PATHS[area]) if area is not Area.CLARIFY else None

    def _values(
        self, line: ClarifyingLine, chosen: Mapping[str, str], error: BridgeError | None
    ) -> dict[str, object]:
        if line.reason.view is ReasonView.QUESTION:
            return {"question": self.desk.question(int(line.key.partition("-")[2]))}
        if not line.exam_id or line.item is not None:
            return {}
        view = self.desk.exams.view(line.exam_id)
        choices = self._choices(view, chosen)
        assigned = [found for one in choices if (found := one.assignment) is not None]
        foreseen, wrong = self._foreseen(view, assigned)
        return {
            "view": view,
            "choices": choices,
            "foreseen": foreseen,
            "sentences": self._words.sentences(foreseen, view) if foreseen is not None else [],
            "wrong": wrong or (error.problem if isinstance(error, OrderError) else ""),
            "charts": list(dict.fromkeys(one.number for one in assigned)),
            "moved": {
                name.removeprefix("move-"): value
                for name, value in chosen.items()
                if name.startswith("move-")
            },
        }

    @property
    def _words(self) -> ClarifyWords:
        return ClarifyWords(self.frame.texts, self.frame.formats)

    def _choices(self, view: ClarifyingView, chosen: Mapping[str, str]) -> tuple[PartChoice, ...]:
        found = []
        for part in view.parts:
            said = chosen.get(f"choice-{part.person}")
            typed = chosen.get(f"typed-{part.person}", "")
            moved = _moved(chosen, part.person)
            people = self.desk.people.find(typed) if said == OTHER and typed.strip() else ()
            wanted = part.preselected if said is None else said
            if said is None and not part.candidates:
                wanted = OTHER
            found.append(PartChoice(part, wanted, typed, people, moved))
        return tuple(found)

    def _foreseen(
        self, view: ClarifyingView, assigned: Sequence[Assignment]
    ) -> tuple[Foreseen | None, str]:
        """Return what would happen, and what is wrong with what was typed."""
        if not assigned:
            return None, ""
        try:
            return self.desk.acts.foresee(view.exam.id, assigned), ""
        except OrderError as error:
            return None, error.problem

    def _gone(self, key: str, error: AlreadyDecided | None = None) -> Response:
        """Show who decided what somebody else looks at."""
        if error is None and key.startswith("exam-") and key[5:].isdecimal():
            error = self.desk.acts.decided(int(key[5:]))
        return self.frame.show(
            "clarify_done.html",
            self.frame.texts("clarify.done.title"),
            Area.CLARIFY,
            own=True,
            sentence=self._decided(error or AlreadyDecided()),
        )

    def _decided(self, error: AlreadyDecided) -> str:
        texts = self.frame.texts
        if not error.at:
            return texts("clarify.done.somebody")
        what = f"clarify.done.{error.what}"
        kind = what if error.number or error.what == "discarded" else "clarify.done.other"
        return texts(
            kind,
            who=error.who or texts("clarify.done.nobody"),
            when=self.frame.formats.moment(error.at),
            number=error.number,
        )

    def _problem(self, error: BridgeError) -> str:
        if isinstance(error, AlreadyDecided):
            return self._decided(error)
        if isinstance(error, Outdated):
            return self.frame.texts("clarify.outdated")
        if isinstance(error, OrderError):
            return self.frame.texts.half(error.problem)
        return self.frame.texts.half(str(error))

    # ------------------------------------------------------------------ acting

    def assign(self, key: str) -> Response:
        """Send parts of an exam to charts."""
        fields = posted()
        return self.frame.submissions.once(fields.get(FIELD, ""), lambda: self._assign(key, fields))

    def _assign(self, key: str, fields: Mapping[str, str]) -> Response:
        try:
            line = self.desk.queue.line(key)
            view = self.desk.exams.view(line.exam_id)
        except NotFound:
            return self._gone(key)
        choices = self._choices(view, fields)
        chosen = [found for one in choices if (found := one.assignment) is not None]
        mark = fields.get("mark", "")
        if not chosen or not mark:
            return self._show(line, fields, status=422)
        try:
            self.desk.acts.assign(view.exam.id, chosen, mark, visitor().name)
        except AlreadyDecided as error:
            return self._gone(key, error)
        except (Outdated, OrderError) as error:
            return self._show(line, fields, error, 409 if isinstance(error, Outdated) else 422)
        numbers = ", ".join(dict.fromkeys(one.number for one in chosen))
        sentence = self.frame.texts("clarify.assigned", number=numbers)
        undo = Undo(f"{HOME}/{key}/rueckgaengig", {"person": str(chosen[0].person)})
        rest = len(chosen) < len(view.parts)
        path = f"{HOME}/{key}" if rest else HOME
        return self.frame.go(path, Notice(sentence, undo if len(chosen) == 1 else None))

    def undo(self, key: str) -> Response:
        """Take back what was said of a part, as long as nothing left."""
        fields = posted()
        exam_id, person = _exam_of(key), int(fields.get("person", "0") or 0)
        try:
            self.desk.acts.undo(exam_id, person, visitor().name)
        except TooLate:
            return self.frame.go(
                f"{HOME}/{key}/zurueckziehen", Notice(self.frame.texts("clarify.too_late"))
            )
        return self.frame.go(f"{HOME}/{key}", Notice(self.frame.texts("clarify.undone")))

    # ------------------------------------------------------------------ discard, withdraw

    def ask_discard(self, key: str) -> Response:
        """Ask why something is not to be sent, and say what that means."""
        return self._ask_discard(key)

    def _ask_discard(self, key: str, reason: str = "", error: str = "") -> Response:
        try:
            view = self.desk.exams.view(_exam_of(key))
        except NotFound:
            return self._gone(key)
        wanted = request.values.get("part", "")
        people = [one.person for one in view.parts if wanted in {"", str(one.person)}]
        foreseen = self.desk.acts.foresee_discard(view.exam.id, people)
        said = foreseen.consequences
        return self.frame.show(
            "clarify_discard.html",
            self.frame.texts("clarify.discard.title"),
            Area.CLARIFY,
            status=422 if error else 200,
            keys=("form",),
            own=True,
            words=self._words,
            key=key,
            view=view,
            parts=[one for one in view.parts if one.person in people],
            wanted=wanted,
            mark=foreseen.mark,
            reason=reason,
            error=error,
            sentences=self._words.sentences(foreseen, view) if said.charts or said.held else [],
        )

    def discard(self, key: str) -> Response:
        """Say that something is not sent."""
        fields = posted()
        return self.frame.submissions.once(
            fields.get(FIELD, ""), lambda: self._discard(key, fields)
        )

    def _discard(self, key: str, fields: Mapping[str, str]) -> Response:
        reason = fields.get("reason", "")
        if not reason.strip():
            return self._ask_discard(key, error=self.frame.texts("clarify.discard.no_reason"))
        try:
            view = self.desk.exams.view(_exam_of(key))
            wanted = fields.get("part", "")
            people = [one.person for one in view.parts if wanted in {"", str(one.person)}]
            mark = fields.get("mark", "")
            self.desk.acts.discard(view.exam.id, people, reason, mark, visitor().name)
        except (NotFound, AlreadyDecided) as error:
            return self._gone(key, error if isinstance(error, AlreadyDecided) else None)
        except Outdated:
            return self._ask_discard(key, reason, self.frame.texts("clarify.outdated"))
        return self.frame.go(HOME, Notice(self.frame.texts("clarify.discarded")))

    def ask_withdraw(self, key: str) -> Response:
        """Ask why a result is taken back from a chart, and whose it is."""
        return self._ask_withdraw(key, {})

    def _ask_withdraw(
        self, key: str, fields: Mapping[str, str], error: str = "", status: int = 200
    ) -> Response:
        exam_id = _exam_of(key)
        charts = self.desk.exams.charts(exam_id)
        number = fields.get("number", "") or (charts[0].id if charts else "")
        to = fields.get("to", "").strip()
        foreseen = None
        if number:
            try:
                foreseen = self.desk.acts.foresee_withdrawal(exam_id, number, to)
            except (OrderError, NotFound) as wrong:
                problem = wrong.problem if isinstance(wrong, OrderError) else str(wrong)
                error = error or self.frame.texts.half(problem)
        return self.frame.show(
            "clarify_withdraw.html",
            self.frame.texts("clarify.withdraw.title"),
            Area.EXAMS,
            status=status,
            keys=("form",),
            own=True,
            words=self._words,
            key=key,
            charts=charts,
            number=number,
            to=to,
            reason=fields.get("reason", ""),
            error=error,
            mark=foreseen.mark if foreseen is not None else "",
            sentences=self._words.sentences(foreseen) if foreseen is not None else [],
        )

    def withdraw_then(self, key: str) -> Response:
        """Show what would happen by a withdrawal; changes nothing."""
        return self._ask_withdraw(key, posted())

    def withdraw(self, key: str) -> Response:
        """Take a result back from a chart."""
        fields = posted()
        return self.frame.submissions.once(
            fields.get(FIELD, ""), lambda: self._withdraw(key, fields)
        )

    def _withdraw(self, key: str, fields: Mapping[str, str]) -> Response:
        number, to = fields.get("number", ""), fields.get("to", "").strip()
        said = (number, fields.get("reason", ""), to, fields.get("mark", ""))
        if not said[1].strip():
            wrong = self.frame.texts("clarify.discard.no_reason")
            return self._ask_withdraw(key, fields, wrong, 422)
        try:
            self.desk.acts.withdraw(_exam_of(key), *said, visitor().name)
        except Outdated:
            return self._ask_withdraw(key, fields, self.frame.texts("clarify.outdated"), 409)
        except (OrderError, NotFound) as error:
            return self._ask_withdraw(key, fields, self._problem(error), 422)
        except AlreadyDecided as error:
            return self._gone(key, error)
        sentence = self.frame.texts("clarify.withdrawn", number=number)
        return self.frame.go(HOME, Notice(sentence))

    # ------------------------------------------------------------------ without consequences

    def seen(self, key: str) -> Response:
        """Take what somebody has seen off the list."""
        posted()
        try:
            line = self.desk.queue.line(key)
            if line.item is None or line.reason.view is not ReasonView.SEEN:
                raise NotFound("")
            study = line.item.names["study"]
            self.desk.acts.dismiss_study(study, line.person, visitor().name)
        except NotFound:
            return self._gone(key)
        return self.frame.go(HOME, Notice(self.frame.texts("clarify.seen")))

    def answer(self, key: str) -> Response:
        """Say whether a delivery arrived, or have it sent again."""
        fields = posted()
        arrived = fields.get("arrived") == "yes"
        try:
            self.desk.acts.answer(int(key.partition("-")[2] or 0), arrived=arrived)
        except (AlreadyDecided, ValueError):
            return self._gone(key)
        told = "clarify.arrived" if arrived else "clarify.again"
        return self.frame.go(HOME, Notice(self.frame.texts(told)))


_NOTHING: Final[Mapping[str, object]] = {
    "view": None,
    "question": None,
    "choices": (),
    "foreseen": None,
    "sentences": [],
    "wrong": "",
    "charts": [],
    "moved": {},
}


def _exam_of(key: str) -> int:
    """Return the exam of a key; raise `NotFound` for another."""
    kind, _, number = key.partition("-")
    if kind != "exam" or not number.isdecimal():
        raise NotFound("Das gibt es hier nicht. / There is no such thing here.")
    return int(number)


def _moved(chosen: Mapping[str, str], person: int) -> tuple[int, ...]:
    """Return the claims that were moved into a part: fields ``move-CLAIM`` with its number."""
    found = (
        name.removeprefix("move-")
        for name, value in chosen.items()
        if name.startswith("move-") and value == str(person)
    )
    return tuple(int(one) for one in found if one.isdecimal())
