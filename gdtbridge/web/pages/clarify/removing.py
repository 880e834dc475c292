"""Discarding what is held, and withdrawing what is in a chart: both with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, request

from gdtbridge.clarifying import ClarifyingDesk
from gdtbridge.errors import AlreadyDecided, NotFound, OrderError, Outdated
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.clarify.outcomes import ClarifyOutcomes, exam_of
from gdtbridge.web.pages.clarify.words import ClarifyWords
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import PATHS, Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD

HOME = PATHS[Area.CLARIFY]


@dataclass(frozen=True, slots=True)
class RemovingPages:
    """The pages that ask why something is not to be sent, or is to be taken back."""

    frame: Frame
    desk: ClarifyingDesk
    outcomes: ClarifyOutcomes

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        discard, withdraw = f"{HOME}/<key>/verwerfen", f"{HOME}/<key>/zurueckziehen"
        return (
            (discard, "clarify_discard", self.ask_discard, READ),
            (discard, "clarify_discarded", self.discard, ("POST",)),
            (withdraw, "clarify_withdraw", self.ask_withdraw, READ),
            (withdraw, "clarify_withdrawn", self.withdraw, ("POST",)),
            (f"{withdraw}/folgen", "clarify_withdraw_then", self.withdraw_then, ("POST",)),
        )

    @property
    def _words(self) -> ClarifyWords:
        return ClarifyWords(self.frame.texts, self.frame.formats)

    def ask_discard(self, key: str) -> Response:
        """Ask why something is not to be sent, and say what that means."""
        return self._ask_discard(key)

    def _ask_discard(self, key: str, reason: str = "", error: str = "") -> Response:
        try:
            view = self.desk.exams.view(exam_of(key))
        except NotFound:
            return self.outcomes.gone(key)
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
            act_mark=foreseen.mark,
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
            view = self.desk.exams.view(exam_of(key))
            wanted = fields.get("part", "")
            people = [one.person for one in view.parts if wanted in {"", str(one.person)}]
            mark = fields.get("mark", "")
            self.desk.acts.discard(view.exam.id, people, reason, mark, self.outcomes.who)
            concerns("", f"exam:{view.exam.id}")
        except (NotFound, AlreadyDecided) as error:
            return self.outcomes.gone(key, error if isinstance(error, AlreadyDecided) else None)
        except Outdated:
            return self._ask_discard(key, reason, self.frame.texts("clarify.outdated"))
        return self.frame.go(HOME, Notice(self.frame.texts("clarify.discarded")))

    def ask_withdraw(self, key: str) -> Response:
        """Ask why a result is taken back from a chart, and whose it is."""
        return self._ask_withdraw(key, {})

    def too_late(self, key: str) -> Response:
        """Show how to withdraw what somebody wanted to undo and that has left."""
        sentence = self.frame.texts("clarify.too_late")
        return self._ask_withdraw(key, {}, status=409, told=sentence)

    def _ask_withdraw(
        self,
        key: str,
        fields: Mapping[str, str],
        error: str = "",
        status: int = 200,
        told: str = "",
    ) -> Response:
        exam_id = exam_of(key)
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
            exam_id=exam_id,
            charts=charts,
            number=number,
            to=to,
            reason=fields.get("reason", ""),
            error=error,
            told=told,
            act_mark=foreseen.mark if foreseen is not None else "",
            doubts=foreseen.doubts if foreseen is not None else (),
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
            self.desk.acts.withdraw(exam_of(key), *said, self.outcomes.who)
            concerns(number, f"exam:{exam_of(key)}", to)
        except Outdated:
            return self._ask_withdraw(key, fields, self.frame.texts("clarify.outdated"), 409)
        except (OrderError, NotFound) as error:
            return self._ask_withdraw(key, fields, self.outcomes.problem(error), 422)
        except AlreadyDecided as error:
            return self.outcomes.gone(key, error)
        sentence = self.frame.texts("clarify.withdrawn", number=number)
        return self.frame.go(HOME, Notice(sentence))
