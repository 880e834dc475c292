"""What somebody is told whose act was not done: who was faster, or what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from gdtbridge.clarifying import ClarifyingDesk
from gdtbridge.errors import AlreadyDecided, BridgeError, NotFound, OrderError, Outdated
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.visitor import visitor


@dataclass(frozen=True, slots=True)
class ClarifyOutcomes:
    """Tells what became of an act that was not done."""

    frame: Frame
    desk: ClarifyingDesk

    @property
    def who(self) -> str:
        """Who makes the request at hand, as an exam's history names the person."""
        return visitor().name or self.frame.texts("clarify.done.nobody")

    def gone(self, key: str, error: AlreadyDecided | None = None) -> Response:
        """Show who decided what somebody else looks at."""
        if error is None and (exam_id := _exam_of(key)) is not None:
            error = self.desk.acts.decided(exam_id)
        return self.frame.show(
            "clarify_done.html",
            self.frame.texts("clarify.done.title"),
            Area.CLARIFY,
            status=409 if request.method == "POST" else 200,
            own=True,
            sentence=self.decided(error or AlreadyDecided()),
        )

    def decided(self, error: AlreadyDecided) -> str:
        """Return who decided what, and when, as far as that is known."""
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

    def problem(self, error: BridgeError) -> str:
        """Return what is wrong, in the language of the page."""
        if isinstance(error, AlreadyDecided):
            return self.decided(error)
        if isinstance(error, Outdated):
            return self.frame.texts("clarify.outdated")
        if isinstance(error, OrderError):
            return self.frame.texts.half(error.problem)
        return self.frame.texts.half(str(error))


def exam_of(key: str) -> int:
    """Return the exam of a key; raise `NotFound` for another."""
    exam_id = _exam_of(key)
    if exam_id is None:
        raise NotFound("Das gibt es hier nicht. / There is no such thing here.")
    return exam_id


def _exam_of(key: str) -> int | None:
    kind, _, number = key.partition("-")
    return number_of(number) if kind == "exam" else None
