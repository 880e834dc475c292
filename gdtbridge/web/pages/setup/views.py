"""The pages of the set-up: a form for each step, what it changes, and what is tried."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Response

from gdtbridge.addresses import own_addresses
from gdtbridge.devices import Caller
from gdtbridge.errors import BridgeError, SettingsError
from gdtbridge.gdt.tables.dialects import dialect_named
from gdtbridge.gdt.tables.practice_dialects import dialects_with
from gdtbridge.gdt.tools.readings import readings
from gdtbridge.settings import Settings
from gdtbridge.settings.changing import ProposedChange
from gdtbridge.setup import SetupDesk, SetupStep
from gdtbridge.setup.collection import TEST_PATIENT, UMLAUTS
from gdtbridge.setup.trials import encoding_in_use
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.setup.forms import (
    SetupForm,
    errors_of,
    folder_errors,
    form_of,
    sent_form,
    wanted_of,
)
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.pages.today.wording import shown
from gdtbridge.web.pages.visitor import visitor
from gdtbridge.web.problems import refuse

HOME: Final = "/einrichtung"
PATHS: Final[Mapping[SetupStep, str]] = {
    SetupStep.PRACTICE: f"{HOME}/praxis",
    SetupStep.NETWORK: f"{HOME}/netz",
    SetupStep.SOFTWARE: f"{HOME}/praxissoftware",
    SetupStep.DEVICE: f"{HOME}/geraet",
    SetupStep.TRIAL: f"{HOME}/probe",
}
TRIED: Final = frozenset({SetupStep.SOFTWARE, SetupStep.DEVICE})
"""Steps in which something is tried before the next one."""
LOOK_BACK_SECONDS: Final = 600.0
"""Queries of so long ago are shown while a device is set up."""


@dataclass(frozen=True, slots=True)
class SetupPages:
    """The set-up, for administrators."""

    frame: Frame
    desk: SetupDesk

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        steps = tuple(
            (path, f"setup_{step}{ending}", self._at(view, step), methods)
            for step in SetupStep
            for path, ending, view, methods in (
                (PATHS[step], "", self.show, READ),
                (PATHS[step], "_sent", self.send, ("POST",)),
                (f"{PATHS[step]}/speichern", "_saved", self.save, ("POST",)),
            )
        )
        software, device, trial = (
            PATHS[one] for one in (SetupStep.SOFTWARE, SetupStep.DEVICE, SetupStep.TRIAL)
        )
        return (
            (HOME, "setup", self._admin(self.begin), READ),
            *steps,
            (f"{HOME}/verlassen", "setup_leave", self._admin(self.leave), ("POST",)),
            (f"{HOME}/neustart", "setup_restart", self._admin(self.restart), ("POST",)),
            (f"{software}/datei", "setup_file", self._admin(self.file), READ),
            (f"{software}/datei/neu", "setup_drop", self._admin(self.drop), ("POST",)),
            (f"{software}/datei/weg", "setup_take_back", self._admin(self.take_back), ("POST",)),
            (f"{device}/fragen", "setup_queries", self._admin(self.queries), READ),
            (f"{device}/echo", "setup_echo", self._admin(self.echo), ("POST",)),
            (f"{device}/testpatient", "setup_patient", self._admin(self.place), ("POST",)),
            (f"{trial}/verlauf", "setup_line", self._admin(self.line), READ),
            (f"{trial}/spielen", "setup_play", self._admin(self.play), ("POST",)),
        )

    def _at(self, view: Callable[[SetupStep], Response], step: SetupStep) -> Callable[[], Response]:
        return self._admin(lambda: view(step))

    def _admin(self, view: Callable[[], Response]) -> Callable[[], Response]:
        def guarded() -> Response:
            if not visitor().may_administer:
                raise refuse(403)
            return view()

        return guarded

    # ------------------------------------------------------------------ steps

    def begin(self) -> Response:
        """Go to the first step that is not done."""
        done = self.desk.progress.done()
        step = next((one for one in SetupStep if one not in done), SetupStep.PRACTICE)
        return self.frame.go(PATHS[step])

    def show(self, step: SetupStep) -> Response:
        """Show a step as the settings file says it now."""
        return self._show(form_of(step, self.desk.wanted(), self.desk.file))

    def send(self, step: SetupStep) -> Response:
        """Show what a step would change, or go on where nothing is to be changed."""
        return self._send(step, {**posted(), "confirm": ""})

    def save(self, step: SetupStep) -> Response:
        """Change what was shown; show what is another change by now."""
        sent = posted()
        return self.frame.submissions.once(sent.get(FIELD, ""), lambda: self._send(step, sent))

    def _send(self, step: SetupStep, sent: Mapping[str, str]) -> Response:
        texts, settings = self.frame.texts, self.desk.wanted()
        form = sent_form(step, sent, settings, self.desk.file)
        errors = dict(folder_errors(form, texts))
        change = None
        try:
            change = self.desk.file.propose(wanted_of(form, settings))
        except SettingsError as error:
            errors = {**errors_of(form, error, texts), **errors}
        if errors or change is None:
            return self._show(replace(form, errors=errors), status=422)
        if change.is_none:
            return self._go_on(step)
        if sent.get("confirm") != _digest(change) or not change.is_writable:
            return self._show(form, change)
        try:
            change.write()
        except SettingsError as error:
            return self._show(replace(form, errors={"": str(error)}), status=422)
        concerns(subject=f"setting:{step}", detail=", ".join(change.keys))
        saved = Notice(texts("setup.saved", file=change.file.name))
        if step in TRIED:
            return self.frame.go(PATHS[step], saved)
        self.desk.progress.finish(step)
        return self.frame.go(_after(step), saved)

    def _go_on(self, step: SetupStep) -> Response:
        self.desk.progress.finish(step)
        if step.next is None:
            self.desk.progress.leave()
            return self.frame.go("/heute", Notice(self.frame.texts("setup.finished")))
        return self.frame.go(_after(step))

    def _show(
        self, form: SetupForm, change: ProposedChange | None = None, status: int = 200
    ) -> Response:
        desk, step = self.desk, form.step
        settings = desk.wanted()
        return self.frame.show(
            "setup/step.html",
            self.frame.texts("setup.title"),
            Area.SYSTEM,
            status=status,
            own=True,
            step=step,
            steps=[(one, PATHS[one]) for one in SetupStep],
            done=desk.progress.done(),
            form=form,
            change=change,
            digest=_digest(change) if change is not None else "",
            settings=settings,
            path=PATHS[step],
            home=HOME,
            before=_before(step),
            restart=desk.needs_restart(),
            addresses=own_addresses() or ["127.0.0.1"],
            **self._of_step(step, settings),
        )

    def _of_step(self, step: SetupStep, settings: Settings) -> Mapping[str, Any]:
        if step is SetupStep.SOFTWARE:
            known = dialects_with(settings.dialects)
            dialect = dialect_named(settings.gdt.dialect, known)
            return {
                "dialects": sorted(known.values(), key=lambda one: one.title.casefold()),
                "dialect": dialect,
                "written": encoding_in_use(settings),
                "test_patient": TEST_PATIENT,
                **self._of_file(settings),
            }
        if step is SetupStep.DEVICE:
            return {"test_patient": TEST_PATIENT, **self._of_queries(settings)}
        return self._of_line() if step is SetupStep.TRIAL else {}

    # ------------------------------------------------------------------ leaving, restarting

    def leave(self) -> Response:
        """Leave the set-up: nobody is led here any more."""
        posted()
        self.desk.progress.leave()
        return self.frame.go("/heute", Notice(self.frame.texts("setup.left")))

    def restart(self) -> Response:
        """Have the service begin anew, if a start would take the settings; show that it does."""
        posted()
        try:
            self.desk.file.read()
        except SettingsError as error:
            told = Notice(self.frame.formats.one_of(str(error)))
            return self.frame.go(HOME, told)
        self.desk.restart()
        return self.frame.show(
            "setup/restarting.html", self.frame.texts("setup.restarting.title"), own=True, home=HOME
        )

    # ------------------------------------------------------------------ practice software

    def file(self) -> Response:
        """Return how far the test result is, to be put into the page."""
        settings = self.desk.wanted()
        return self._part("setup/file.html", self._of_file(settings))

    def drop(self) -> Response:
        """Write a test result where results go."""
        fields = posted()
        try:
            self.desk.trials.drop(self.desk.wanted(), fields.get("number", "").strip()[:20])
        except BridgeError as error:
            return self._back(SetupStep.SOFTWARE, self.frame.formats.one_of(str(error)))
        return self.frame.go(PATHS[SetupStep.SOFTWARE] + "#file")

    def take_back(self) -> Response:
        """Remove the test result."""
        posted()
        try:
            self.desk.trials.take_back()
        except BridgeError as error:
            return self._back(SetupStep.SOFTWARE, str(error))
        return self._back(SetupStep.SOFTWARE, self.frame.texts("setup.file.taken_back"))

    def _of_file(self, settings: Settings) -> Mapping[str, Any]:
        formats = self.frame.formats
        sight = self.desk.trials.file()
        return {
            "sight": replace(sight, hints=tuple(map(formats.one_of, sight.hints))),
            "begun": time.time() - sight.seconds,
            "looks": list(readings(UMLAUTS, encoding_in_use(settings))),
            "file_path": f"{PATHS[SetupStep.SOFTWARE]}/datei",
        }

    # ------------------------------------------------------------------ device

    def queries(self) -> Response:
        """Return who asked for the list, to be put into the page."""
        return self._part("setup/queries.html", self._of_queries(self.desk.wanted()))

    def echo(self) -> Response:
        """Call the device that was entered; say whether it answers."""
        posted()
        settings = self.desk.wanted()
        one = next((one for one in settings.device if one.host), None)
        texts = self.frame.texts
        if one is None:
            return self._back(SetupStep.DEVICE, texts("setup.device.no_host"))
        try:
            self.desk.echo(settings, Caller(one.aet or "", one.host))
        except BridgeError as error:
            told = self.frame.formats.one_of(str(error))
            return self._back(SetupStep.DEVICE, texts("setup.device.silent", reason=told))
        return self._back(SetupStep.DEVICE, texts("setup.device.answers"))

    def place(self) -> Response:
        """Put the test patient on the device's list."""
        fields = posted()
        return self.frame.submissions.once(fields.get(FIELD, ""), self._place)

    def _place(self) -> Response:
        settings = self.desk.wanted()
        station = next((one.aet for one in settings.device if one.aet), settings.worklist.station)
        self.desk.trials.place(station)
        return self._back(SetupStep.DEVICE, self.frame.texts("setup.device.placed"))

    def _of_queries(self, settings: Settings) -> Mapping[str, Any]:
        expected = settings.device[0].aet if settings.device else settings.worklist.station
        since = time.time() - LOOK_BACK_SECONDS
        return {
            "asked": self.desk.trials.queries(since, expected or ""),
            "expected": expected,
            "accession": self.desk.trials.accession,
            "queries_path": f"{PATHS[SetupStep.DEVICE]}/fragen",
        }

    # ------------------------------------------------------------------ the whole way

    def line(self) -> Response:
        """Return how far the test exam is, to be put into the page."""
        return self._part("setup/line.html", self._of_line())

    def play(self) -> Response:
        """Play a device that examines the test patient."""
        fields = posted()
        return self.frame.submissions.once(fields.get(FIELD, ""), self._play)

    def _play(self) -> Response:
        trials = self.desk.trials
        trials.place(self.desk.settings.worklist.station.partition("\\")[0])
        trials.examine()
        return self.frame.go(PATHS[SetupStep.TRIAL])

    def _of_line(self) -> Mapping[str, Any]:
        trials = self.desk.trials
        line = trials.line()
        return {
            "line": shown(line, self.frame.formats) if line is not None else None,
            "accession": trials.accession,
            "failure": self.frame.formats.one_of(trials.failure),
            "line_path": f"{PATHS[SetupStep.TRIAL]}/verlauf",
        }

    # ------------------------------------------------------------------ answers

    def _part(self, template: str, values: Mapping[str, Any]) -> Response:
        title = self.frame.texts("setup.title")
        return self.frame.show(template, title, Area.SYSTEM, own=True, home=HOME, **values)

    def _back(self, step: SetupStep, sentence: str) -> Response:
        return self.frame.go(PATHS[step], Notice(sentence))


def _digest(change: ProposedChange) -> str:
    """Return what stands for a change that was shown: another one is shown anew."""
    return hashlib.sha256(f"{change.before}\0{change.after}".encode()).hexdigest()


def _after(step: SetupStep) -> str:
    return PATHS[step.next] if step.next is not None else HOME


def _before(step: SetupStep) -> str:
    steps = list(SetupStep)
    place = steps.index(step)
    return PATHS[steps[place - 1]] if place else ""
