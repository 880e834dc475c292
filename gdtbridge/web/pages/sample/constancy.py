"""``/stichprobe/konstanz``: transducers by device, and the pictures of the constancy test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response

from gdtbridge.picture_labels import Asked
from gdtbridge.sample_audit.constancy import TransducerSheet
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.sample.devices import HOME, WRITE
from gdtbridge.web.pages.sample.wording import ShownRow, loud_sentences, shown_rows
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.ports import CorePorts

CONSTANCY: Final = f"{HOME}/konstanz"
LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class ConstancyPages:
    """Shows each transducer with its newest B-mode image, and takes the practice's names."""

    frame: Frame
    core: CorePorts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (CONSTANCY, "sample_constancy", self.show, READ),
            (f"{CONSTANCY}/name", "sample_name", self.name, WRITE),
        )

    def show(self) -> Response:
        """Show every transducer of the last six months."""
        found = self.core.sample.transducers()
        return self.frame.show(
            "sample/constancy.html",
            self.frame.texts("sample.constancy.title"),
            Area.SAMPLE,
            own=True,
            found=[
                (one, self._rows(one), loud_sentences(one.sheet, self.frame.texts)) for one in found
            ],
            home=HOME,
            path=CONSTANCY,
            longest=LONGEST_NAME,
        )

    def _rows(self, one: TransducerSheet) -> list[ShownRow]:
        asked = [row.is_asked_by(Asked.CONSTANCY) for row in one.sheet.rows]
        shown = shown_rows(one.sheet, self.frame.texts, Asked.CONSTANCY)
        return [row for row, wanted in zip(shown, asked, strict=True) if wanted]

    def name(self) -> Response:
        """Say what a transducer is called."""
        fields = posted()

        def name() -> Response:
            aet, transducer = fields.get("device", ""), fields.get("transducer", "")
            said = " ".join(fields.get("name", "").split())[:LONGEST_NAME]
            self.core.sample.name_transducer(aet, transducer, said)
            concerns(subject=f"device:{aet}")
            told = "named" if said else "unnamed"
            sentence = self.frame.texts(f"sample.constancy.{told}", name=said or transducer)
            return self.frame.go(CONSTANCY, Notice(sentence))

        return self.frame.submissions.once(fields.get(FIELD, ""), name)
