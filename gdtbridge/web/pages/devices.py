"""*Geräte*: who connects, what they asked and got, why a list is empty, who was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from flask import Response

from gdtbridge.devices import Caller
from gdtbridge.errors import BridgeError
from gdtbridge.overview.devices import Device
from gdtbridge.settings import Settings
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.device_views import (
    EnteringSheet,
    act_rows,
    allowing_lines,
    asked_in_words,
    empty_list_view,
    entering_sheet,
    preview_rows,
    profile_lines,
    words_of,
)
from gdtbridge.web.pages.frame import Frame, Notice, Undo
from gdtbridge.web.pages.header import PATHS, Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.pages.visitor import visitor
from gdtbridge.web.ports import DevicePorts

HOME: Final = PATHS[Area.DEVICES]
ECHO_SECONDS: Final = 4.0
"""How long a person waits for a device to answer."""
WRITE: Final = ("POST",)


def path_of(key: str) -> str:
    """Return the address of a device's page."""
    return f"{HOME}/{quote(key, safe='')}"


@dataclass(frozen=True, slots=True)
class DevicePages:
    """The page of devices, a page for each, and the acts on them."""

    frame: Frame
    ports: DevicePorts
    settings: Settings

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (HOME, "devices", self.everything, READ),
            (f"{HOME}/abgewiesen", "device_dismiss", self.dismiss, WRITE),
            (f"{HOME}/wieder-zeigen", "device_recall", self.recall, WRITE),
            (f"{HOME}/pruefen", "device_echo", self.echo, WRITE),
            (f"{HOME}/<path:key>", "device", self.one, READ),
        )

    # ------------------------------------------------------------------ looking

    def everything(self) -> Response:
        """Show who was refused, and every device."""
        sheet = self.ports.overview.sheet()
        return self.frame.show(
            "devices.html",
            self.frame.texts("nav.devices"),
            Area.DEVICES,
            sheet=sheet,
            path_of=path_of,
            lines_of=lambda one: allowing_lines(one, self.settings),
            entering=self._entering(""),
            settings_file=self.settings.origin,
        )

    def one(self, key: str) -> Response:
        """Show one device: why its list is empty, what it would see, what to type into it."""
        device = self.ports.overview.device(key)
        texts = self.frame.texts
        found, shown = self.ports.overview.why(device), self.ports.overview.preview(device)
        words = words_of(texts, self.ports.now())
        empty = None
        if found is not None and found.is_empty:
            empty = empty_list_view(device, found, words_of(texts, found.found.asked_at))
        return self.frame.show(
            "device.html",
            device.shown,
            Area.DEVICES,
            device=device,
            empty=empty,
            asked_at=shown.asked_at,
            preview=preview_rows(shown, words),
            preview_asked=asked_in_words(shown.keys, words),
            profile=profile_lines(device.profile, texts),
            acts=act_rows(device.acts),
            half=texts.half,
            lines_of=lambda one: allowing_lines(one, self.settings),
            path_of=path_of,
            entering=self._entering(device.aet),
            settings_file=self.settings.origin,
        )

    def _entering(self, aet: str) -> EnteringSheet:
        return entering_sheet(self.settings, aet, self.ports.port())

    # ------------------------------------------------------------------ acts

    def dismiss(self) -> Response:
        """Tell nobody any more of a caller that is refused."""
        fields = posted()
        subject = fields.get("subject", "")
        concerns(subject=f"refusal:{subject}")

        def act() -> Response:
            self.ports.refusals.dismiss(subject, visitor().name)
            undo = Undo(f"{HOME}/wieder-zeigen", {"subject": subject})
            return self._go(HOME, self.frame.texts("devices.done.dismissed"), undo)

        return self._once(fields, act)

    def recall(self) -> Response:
        """Tell of it again."""
        fields = posted()

        def act() -> Response:
            self.ports.refusals.recall(fields.get("subject", ""))
            return self._go(HOME, self.frame.texts("devices.done.recalled"))

        return self._once(fields, act)

    def echo(self) -> Response:
        """Ask a device whether it answers."""
        fields = posted()
        device = self.ports.overview.device(fields.get("device", ""))

        def act() -> Response:
            return self._go(path_of(device.key), self._answer(device))

        return self._once(fields, act)

    def _answer(self, device: Device) -> str:
        address = device.addresses[0] if device.addresses else ""
        try:
            where = self.ports.echo.verify_within(Caller(device.aet, address), ECHO_SECONDS)
        except BridgeError as error:
            return self.frame.texts.half(str(error))
        return self.frame.texts("devices.done.answers", where=where)

    def _once(self, fields: Mapping[str, str], act: Callable[[], Response]) -> Response:
        return self.frame.submissions.once(fields.get(FIELD, ""), act)

    def _go(self, path: str, sentence: str, undo: Undo | None = None) -> Response:
        return self.frame.go(path, Notice(sentence, undo))
