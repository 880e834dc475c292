"""The page of the sample audit: what devices leave out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Response

from gdtbridge.picture_labels import LabelItem
from gdtbridge.web.access.principal import concerns, principal
from gdtbridge.web.pages.frame import Frame, Notice, Undo
from gdtbridge.web.pages.header import PATHS, Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.sample.labels import told_labels
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.ports import CorePorts

HOME: Final = PATHS[Area.SAMPLE]
QUIET: Final = f"{HOME}/still"
TELL: Final = f"{HOME}/melden"
WRITE: Final = ("POST",)


@dataclass(frozen=True, slots=True)
class SamplePages:
    """Shows what a sample audit asks for, and what devices leave out."""

    frame: Frame
    core: CorePorts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (HOME, "sample", self.show, READ),
            (QUIET, "sample_quiet", self.be_quiet, WRITE),
            (TELL, "sample_tell", self.tell_again, WRITE),
        )

    def show(self) -> Response:
        """Show everything."""
        texts, checks = self.frame.texts, self.core.sample.checks
        devices = self.core.outlook.stations()
        return self.frame.show(
            "sample/sample.html",
            texts("nav.sample"),
            Area.SAMPLE,
            unlabelled=told_labels(checks.of_today(), devices, texts),
            quiet=checks.quiet(),
            device_name=self._device,
            quiet_path=QUIET,
            tell_path=TELL,
        )

    def _device(self, aet: str) -> str:
        return next((one.shown for one in self.core.outlook.stations(aet) if one.aet == aet), aet)

    def be_quiet(self) -> Response:
        """Tell no more of an item of a device."""
        return self._change("quieted", TELL, self.core.sample.checks.be_quiet)

    def tell_again(self) -> Response:
        """Tell of an item of a device again."""
        checks = self.core.sample.checks
        return self._change("told", QUIET, lambda device, item, _: checks.tell_again(device, item))

    def _change(
        self, sentence: str, undo: str, act: Callable[[str, str, str], LabelItem]
    ) -> Response:
        fields = posted()

        def change() -> Response:
            device, code = fields.get("device", ""), fields.get("item", "")
            item = act(device, code, principal().actor.name)
            concerns(subject=f"device:{device}", detail=code)
            return self.frame.go(
                f"{HOME}#geraete", self._notice(sentence, item, device, Undo(undo, _names(fields)))
            )

        return self.frame.submissions.once(fields.get(FIELD, ""), change)

    def _notice(self, sentence: str, item: LabelItem, device: str, undo: Undo) -> Notice:
        texts = self.frame.texts
        said = {"item": texts.half(item.name), "device": self._device(device)}
        return Notice(texts(f"sample.{sentence}", **said), undo)


def _names(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: fields.get(name, "") for name in ("device", "item")}
