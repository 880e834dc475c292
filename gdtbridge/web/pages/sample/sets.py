"""Assembling what is handed in, and fetching it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Response, request
from werkzeug.wsgi import wrap_file

from gdtbridge.audit import Actor
from gdtbridge.encrypted_zip import new_password
from gdtbridge.errors import TooLate
from gdtbridge.sample_audit.exports import MadeSet, SetState
from gdtbridge.web.access.principal import concerns, principal
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.sample.devices import HOME, WRITE
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.ports import CorePorts
from gdtbridge.web.problems import refuse

SETS: Final = f"{HOME}/paket"
CONSTANCY_SET: Final = f"{HOME}/konstanz/paket"


@dataclass(frozen=True, slots=True)
class SetPages:
    """Has the set made, shows its password this once, and gives the file out."""

    frame: Frame
    core: CorePorts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the calls: path, name, view, methods."""
        return (
            (SETS, "sample_make", self.make, WRITE),
            (CONSTANCY_SET, "sample_make_constancy", self.make_of_transducers, WRITE),
            (f"{SETS}/<key>", "sample_set", self.progress, READ),
            (f"{SETS}/<key>/datei", "sample_fetch", self.fetch, ("GET",)),
        )

    def make(self) -> Response:
        """Have the set of all cases made, and show its password."""
        return self._make(self.core.sample.begin_set)

    def make_of_transducers(self) -> Response:
        """Have the set of all transducers made, and show its password."""
        return self._make(self.core.sample.begin_constancy_set)

    def _make(self, begin: Callable[[str, Actor], MadeSet]) -> Response:
        fields = posted()

        def make() -> Response:
            password = new_password()
            try:
                made = begin(password, principal().actor)
            except TooLate as error:
                return self.frame.go(HOME, Notice(self.frame.texts.half(str(error))))
            concerns(subject="sample:", detail=f"{made.total}")
            return self.frame.show(
                "sample/made.html",
                self.frame.texts("sample.made_title"),
                Area.SAMPLE,
                own=True,
                password=password,
                made=made,
                home=HOME,
                set_path=f"{SETS}/{made.key}",
            )

        return self.frame.submissions.once(fields.get(FIELD, ""), make)

    def progress(self, key: str) -> Response:
        """Return how far a set is, as a part of the page that asks again."""
        made = self._known(key)
        return self.frame.part("sample/set.html", made=made, set_path=f"{SETS}/{key}")

    def fetch(self, key: str) -> Response:
        """Return the file; who takes it slowly keeps no thread."""
        made = self._known(key)
        if made.state is not SetState.READY:
            raise refuse(404)
        concerns(subject="sample:", detail=made.file_name)
        headers = {
            "Content-Disposition": f'attachment; filename="{made.file_name}"',
            "Content-Length": str(made.size),
            "Cache-Control": "no-store",
        }
        pieces = wrap_file(request.environ, self.core.sample.exports.opened(key))
        return Response(
            pieces, 200, headers, content_type="application/zip", direct_passthrough=True
        )

    def _known(self, key: str) -> MadeSet:
        return self.core.sample.exports.known(key)
