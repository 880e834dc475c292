"""*Zu klären*: what waits for a person, the evidence, what would happen, and the acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.clarifying import (
    Assignment,
    ClarifyingDesk,
    ClarifyingLine,
    ClarifyingView,
    ReasonView,
)
from gdtbridge.clarifying.acting import Foreseen
from gdtbridge.clarifying.queue import QueuePage
from gdtbridge.errors import AlreadyDecided, BridgeError, NotFound, OrderError, Outdated, TooLate
from gdtbridge.web.access.admission import FOLLOWS
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.clarify.choices import choices, moves
from gdtbridge.web.pages.clarify.outcomes import ClarifyOutcomes, exam_of
from gdtbridge.web.pages.clarify.removing import RemovingPages
from gdtbridge.web.pages.clarify.words import ClarifyWords
from gdtbridge.web.pages.exams.panels import PicturePanels
from gdtbridge.web.pages.frame import Frame, Notice, Undo
from gdtbridge.web.pages.header import PATHS, Area, area_of
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.pages.visitor import visitor

HOME: Final = PATHS[Area.CLARIFY]
KEYS: Final = ("list", "choice", "viewer")


@dataclass(frozen=True, slots=True)
class ClarifyPages:
    """The pages of what a person decides."""

    frame: Frame
    desk: ClarifyingDesk
    pictures: PicturePanels

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        read, write = READ, ("POST",)
        return (
            (HOME, "clarify", self.everything, read),
            (f"{HOME}/<key>", "clarify_one", self.one, read),
            (f"{HOME}/<key>", "clarify_assign", self.assign, write),
            (f"{HOME}/<key>/folgen", "clarify_then", self.then, write),
            (f"{HOME}/<key>/wer", "clarify_who", self.who, read),
            (f"{HOME}/<key>/rueckgaengig", "clarify_undo", self.undo, write),
            (f"{HOME}/<key>/erledigt", "clarify_seen", self.seen, write),
            (f"{HOME}/<key>/antwort", "clarify_answer", self.answer, write),
            *self._removing.routes(),
        )

    # ------------------------------------------------------------------ looking

    def everything(self) -> Response:
        """Show everything that waits, and the first of it where there is room."""
        page = self.desk.queue.page(number_of(request.args.get("ab", "")) or 0)
        return self._show(next(iter(page.lines), None), page=page, meant=False)

    def one(self, key: str) -> Response:
        """Show one thing that waits, with what would happen by what is chosen."""
        page = self.desk.queue.page(about=key)
        try:
            line = page.line(key)
        except NotFound:
            return self._outcomes.gone(key)
        numbers = [one.id for one in line.patients]
        concerns(numbers[0] if len(numbers) == 1 else "", line.key)
        return self._show(line, page=page)

    def then(self, key: str) -> Response:
        """Show what would happen by what a form chooses; changes nothing."""
        fields = posted()
        try:
            line = self.desk.queue.line(key)
        except NotFound:
            return self._outcomes.gone(key)
        return self._show(line, fields)

    def who(self, key: str) -> Response:
        """Note that somebody looks, and tell who else does."""
        others = self.desk.leases.look(key, visitor().name)
        return self.frame.part("clarify_who.html", key=key, others=others)

    def _show(
        self,
        line: ClarifyingLine | None,
        chosen: Mapping[str, str] | None = None,
        error: BridgeError | None = None,
        status: int = 200,
        *,
        page: QueuePage | None = None,
        meant: bool = True,
    ) -> Response:
        """Show a page of the queue and one thing of it; ``meant`` says that somebody chose that."""
        page = page or self.desk.queue.page(about=line.key if line is not None else "")
        lines = page.lines
        follows = FOLLOWS in request.headers
        values: dict[str, object] = {}
        if line is not None and not follows:  # only the lists follow
            try:
                values = self._values(line, chosen or {}, error)
            except (NotFound, AlreadyDecided):
                return self._outcomes.gone(line.key)
        title = self.frame.texts("nav.clarify")
        return self.frame.show(
            "clarify.html",
            f"({page.total}) {title}" if page.total else title,
            Area.CLARIFY,
            status=status,
            keys=KEYS,
            own=bool(chosen) or error is not None,
            page=page,
            decisions=[one for one in lines if one.reason.view is not ReasonView.NOTICE],
            notices=[one for one in lines if one.reason.view is ReasonView.NOTICE],
            decided=self.desk.queue.decided_today(),
            line=line,
            shown=line is not None and not follows,
            meant=meant,
            device_name=self.desk.device_name,
            first_values=self.desk.first_values,
            mended=self._mended,
            words=self._words,
            follows=True,
            problem=self._outcomes.problem(error) if error is not None else "",
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
        chosen_parts = tuple(choices(view, chosen, self.desk.people))
        assigned = [found for one in chosen_parts if (found := one.assignment) is not None]
        foreseen, wrong = self._foreseen(view, assigned)
        numbers = {one.id: one.number for part in view.parts for one in part.objects}
        return {
            "view": view,
            "panels": self.pictures.of_exam(view.exam.id, numbers),
            "choices": chosen_parts,
            "foreseen": foreseen,
            "sentences": self._words.sentences(foreseen, view) if foreseen is not None else [],
            "wrong": wrong or (error.problem if isinstance(error, OrderError) else ""),
            "charts": _charts(assigned),
            "moved": moves(chosen),
        }

    @property
    def _outcomes(self) -> ClarifyOutcomes:
        return ClarifyOutcomes(self.frame, self.desk)

    @property
    def _removing(self) -> RemovingPages:
        return RemovingPages(self.frame, self.desk, self._outcomes)

    @property
    def _words(self) -> ClarifyWords:
        return ClarifyWords(self.frame.texts, self.frame.formats)

    def _foreseen(
        self, view: ClarifyingView, assigned: Sequence[Assignment]
    ) -> tuple[Foreseen | None, str]:
        """Return what would happen, and what is wrong with what was typed."""
        if not _charts(assigned):
            return None, ""
        try:
            return self.desk.acts.foresee(view.exam.id, assigned), ""
        except OrderError as error:
            return None, error.problem

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
            return self._outcomes.gone(key)
        chosen_parts = tuple(choices(view, fields, self.desk.people))
        chosen = [found for one in chosen_parts if (found := one.assignment) is not None]
        mark = fields.get("mark", "")
        charts = _charts(chosen)
        if not charts or not mark:
            return self._show(line, fields, status=422)
        try:
            self.desk.acts.assign(view.exam.id, chosen, mark, self._outcomes.who)
        except AlreadyDecided as error:
            return self._outcomes.gone(key, error)
        except (Outdated, OrderError) as error:
            return self._show(line, fields, error, 409 if isinstance(error, Outdated) else 422)
        concerns(charts[0] if len(charts) == 1 else "", f"exam:{view.exam.id}", " ".join(charts))
        numbers = ", ".join(charts)
        sentence = self.frame.texts("clarify.assigned", number=numbers)
        decided = [one for one in chosen if one.number]
        undo = Undo(f"{HOME}/{key}/rueckgaengig", {"person": str(decided[0].person)})
        rest = len(decided) < len(view.parts)
        path = f"{HOME}/{key}" if rest else HOME
        return self.frame.go(path, Notice(sentence, undo if len(decided) == 1 else None))

    def undo(self, key: str) -> Response:
        """Take back what was said of a part, as long as nothing was collected."""
        fields = posted()
        exam_id, person = exam_of(key), number_of(fields.get("person", "")) or 0
        try:
            recalled = self.desk.acts.undo(exam_id, person, self._outcomes.who)
        except TooLate:
            return self._removing.too_late(key)
        concerns("", f"exam:{exam_id}")
        sentence = self.frame.texts("clarify.recalled" if recalled else "clarify.undone")
        return self.frame.go(f"{HOME}/{key}", Notice(sentence))

    # ------------------------------------------------------------------ without consequences

    def seen(self, key: str) -> Response:
        """Take what somebody has seen off the list."""
        posted()
        try:
            line = self.desk.queue.line(key)
            if line.item is None or line.reason.view is not ReasonView.SEEN:
                raise NotFound("")
            study = line.item.names["study"]
            self.desk.acts.dismiss_study(study, line.person, self._outcomes.who)
            concerns("", line.item.subject)
        except NotFound:
            return self._outcomes.gone(key)
        return self.frame.go(HOME, Notice(self.frame.texts("clarify.seen")))

    def answer(self, key: str) -> Response:
        """Say whether a delivery arrived, or have it sent again."""
        fields = posted()
        arrived = fields.get("arrived") == "yes"
        kind, _, question = key.partition("-")
        number = number_of(question) if kind == "question" else None
        try:
            self.desk.acts.answer(number or 0, arrived=arrived)
        except AlreadyDecided:
            return self._outcomes.gone(key)
        told = "clarify.arrived" if arrived else "clarify.again"
        return self.frame.go(HOME, Notice(self.frame.texts(told)))


def _charts(assigned: Sequence[Assignment]) -> list[str]:
    """Return the numbers of the charts something goes into, each once."""
    return list(dict.fromkeys(one.number for one in assigned if one.number))


_NOTHING: Final[Mapping[str, object]] = {
    "view": None,
    "panels": {},
    "question": None,
    "choices": (),
    "foreseen": None,
    "sentences": [],
    "wrong": "",
    "charts": [],
    "moved": {},
}
