"""What devices leave out of their pictures: told no more, and told again."""

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
from gdtbridge.web.pages.routing import PageRoute
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.ports import CorePorts

HOME: Final = PATHS[Area.SAMPLE]
QUIET: Final = f"{HOME}/still"
TELL: Final = f"{HOME}/melden"
WRITE: Final = ("POST",)


@dataclass(frozen=True, slots=True)
class LabelActs:
    """Lets a person say of which devices and items nobody is told."""

    frame: Frame
    core: CorePorts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the calls: path, name, view, methods."""
        return (
            (QUIET, "sample_quiet", self.be_quiet, WRITE),
            (TELL, "sample_tell", self.tell_again, WRITE),
        )

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
            texts = self.frame.texts
            said = {"item": texts.half(item.name), "device": device_name(self.core, device)}
            notice = Notice(texts(f"sample.{sentence}", **said), Undo(undo, _names(fields)))
            return self.frame.go(f"{HOME}#geraete", notice)

        return self.frame.submissions.once(fields.get(FIELD, ""), change)


def device_name(core: CorePorts, aet: str) -> str:
    """Return what the practice calls a device."""
    return next((one.shown for one in core.outlook.stations(aet) if one.aet == aet), aet)


def _names(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: fields.get(name, "") for name in ("device", "item")}
