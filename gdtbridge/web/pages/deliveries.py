"""*Zustellungen*: what leaves the house, what waits there and why, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Response

from gdtbridge.dataset.text import one_line
from gdtbridge.errors import NotFound, TooLate
from gdtbridge.overview.deliveries import DeliveryCause, DeliveryReport, Destination
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.frame import Frame, Notice, Undo
from gdtbridge.web.pages.header import PATHS, Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.pages.visitor import visitor
from gdtbridge.web.ports import DeliveryPorts

HOME: Final = PATHS[Area.DELIVERIES]
LONGEST_WHY: Final = 80
"""Characters of why a destination is paused."""
WRITE: Final = ("POST",)


@dataclass(frozen=True, slots=True)
class PauseForm:
    """What somebody typed to pause a destination, and what is wrong with it."""

    destination: str = ""
    why: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryPages:
    """The page of deliveries and the acts on it."""

    frame: Frame
    ports: DeliveryPorts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (HOME, "deliveries", self.everything, READ),
            (f"{HOME}/fragen/<int:question>", "delivery_answer", self.answer, WRITE),
            (f"{HOME}/anhalten", "delivery_pause", self.pause, WRITE),
            (f"{HOME}/fortsetzen", "delivery_resume", self.resume, WRITE),
            (f"{HOME}/versuchen", "delivery_try", self.try_now, WRITE),
            (f"{HOME}/ort", "delivery_place", self.accept_place, WRITE),
            (f"{HOME}/aufrufe", "delivery_calls", self.calls, WRITE),
            (f"{HOME}/kopien", "delivery_copies", self.copies, WRITE),
            (f"{HOME}/falsche-kopien/<int:number>", "delivery_corrected", self.corrected, WRITE),
        )

    # ------------------------------------------------------------------ looking

    def everything(self) -> Response:
        """Show every question and every destination."""
        return self._show(PauseForm())

    def _show(self, form: PauseForm, status: int = 200) -> Response:
        report = self.ports.report.report()
        return self.frame.show(
            "deliveries.html",
            self._title(report),
            Area.DELIVERIES,
            status=status,
            keys=("list",),
            own=bool(form.error),
            report=report,
            form=form,
            longest_why=LONGEST_WHY,
            why=self._why,
            steps=self._steps,
            half=self.frame.texts.half,
        )

    def _title(self, report: DeliveryReport) -> str:
        title = self.frame.texts("nav.deliveries")
        return f"({len(report.questions)}) {title}" if report.questions else title

    def _why(self, one: Destination) -> str:
        """Return why something waits, in words."""
        if one.cause is DeliveryCause.OTHER:
            return self.frame.texts.half(one.reason)
        place = (
            self.frame.texts.half(one.reason) if one.cause is DeliveryCause.REFUSED else one.place
        )
        return self.frame.texts(f"deliveries.causes.{one.cause}", place=place)

    def _steps(self, one: Destination) -> list[str]:
        """Return what who has to mend it looks at, in the order of trying."""
        path = f"deliveries.steps.{one.cause}"
        if not self.frame.texts.has(path):
            path = "deliveries.steps.other"
        told = self.frame.texts(path, place=one.place, reason=one.reason, destination=one.id)
        return told.split(" | ")

    # ------------------------------------------------------------------ acts

    def answer(self, question: int) -> Response:
        """Settle a question: the file is there, or it is sent again."""
        fields = posted()
        arrived = fields.get("arrived") == "yes"
        concerns(subject=f"question:{question}", detail="arrived" if arrived else "again")

        def act() -> Response:
            self.ports.outbox.answer(question, arrived=arrived)
            return self._go("arrived" if arrived else "again")

        return self._once(fields, act)

    def pause(self) -> Response:
        """Let nothing leave for a destination; the form comes again without a word of why."""
        fields = posted()
        destination, why = fields.get("destination", ""), one_line(fields.get("why", ""))
        concerns(subject=f"destination:{destination}", detail=why)
        if not why or len(why) > LONGEST_WHY:
            problem = "too_long" if why else "why_missing"
            error = self.frame.texts(f"deliveries.{problem}", most=LONGEST_WHY)
            return self._show(PauseForm(destination, why, error), 422)

        def act() -> Response:
            self.ports.outbox.pause(destination, why, visitor().name)
            return self._go("paused", Undo(f"{HOME}/fortsetzen", {"destination": destination}))

        return self._once(fields, act)

    def resume(self) -> Response:
        """Let what waits for a destination leave."""
        fields = posted()
        destination = fields.get("destination", "")
        concerns(subject=f"destination:{destination}")

        def act() -> Response:
            pause = self.ports.outbox.resume(destination)
            again = {"destination": destination, "why": pause.why}
            return self._go("resumed", Undo(f"{HOME}/anhalten", again))

        return self._once(fields, act)

    def try_now(self) -> Response:
        """Have what waits tried at once."""
        fields = posted()

        def act() -> Response:
            self.ports.outbox.try_now(fields.get("destination", ""))
            return self._go("tried")

        return self._once(fields, act)

    def accept_place(self) -> Response:
        """Take the folder as it is now for the right one."""
        fields = posted()

        def act() -> Response:
            self.ports.outbox.accept_places(fields.get("route", ""))
            return self._go("accepted")

        return self._once(fields, act)

    def calls(self) -> Response:
        """Have the calls that did not arrive made again, or forgotten."""
        fields = posted()
        name = fields.get("name", "")

        def act() -> Response:
            if fields.get("act") == "again":
                return self._go("calls_again", n=self.ports.calls.again(name))
            return self._go("calls_discarded", n=self.ports.calls.discard(name))

        return self._once(fields, act)

    def copies(self) -> Response:
        """Send what was given up for an archive again, or give up all that waits there."""
        fields = posted()
        to = fields.get("to", "")

        def act() -> Response:
            if fields.get("act") == "again":
                return self._go("copies_again", n=self.ports.copies.again(to=to))
            return self._go("copies_ended", n=self.ports.copies.end(to=to))

        return self._once(fields, act)

    def corrected(self, number: int) -> Response:
        """Note that what an archive has wrongly was seen to."""

        def act() -> Response:
            self.ports.copies.corrected(number)
            return self._go("corrected")

        return self._once(posted(), act)

    def _once(self, fields: Mapping[str, str], act: Callable[[], Response]) -> Response:
        """Do it once however often the form is sent; somebody may have been quicker."""
        try:
            return self.frame.submissions.once(fields.get(FIELD, ""), act)
        except (NotFound, TooLate) as error:
            return self.frame.go(HOME, Notice(self.frame.texts.half(str(error))))

    def _go(self, done: str, undo: Undo | None = None, **values: object) -> Response:
        sentence = self.frame.texts(f"deliveries.done.{done}", **values)
        return self.frame.go(HOME, Notice(sentence, undo))
