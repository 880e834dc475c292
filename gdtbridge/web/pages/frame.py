"""The frame of every page: header, areas, message, foot; whole, or the parts of one that follows.

A page module calls `Frame.show` with a template and values; a template extends ``layout`` and fills
the block ``main``. What may change while somebody looks has ``data-live`` and an id.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

from flask import Response, g, request
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from gdtbridge.health import PartState
from gdtbridge.language import Language
from gdtbridge.settings import Settings
from gdtbridge.tsv import table
from gdtbridge.web.access.admission import FOLLOWS, FORM_TOKEN
from gdtbridge.web.access.once import OpenQuestions
from gdtbridge.web.pages.assets import address_of, icon
from gdtbridge.web.pages.formats import Formats
from gdtbridge.web.pages.header import ICONS, PATHS, Area, house_state
from gdtbridge.web.pages.submissions import FIELD, Submissions, content_sent
from gdtbridge.web.pages.texts import Texts, texts_of
from gdtbridge.web.pages.visitor import Visitor, visitor
from gdtbridge.web.problems import SENTENCES, ProblemDetails

log = logging.getLogger(__name__)

MARK: Final = "page_mark"
"""Name of a page's mark in what Flask keeps for a request."""
NOTICE: Final = "n"
"""Parameter that names the message a page shows once."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PARTS: Final = "parts.html"
"""The layout of what a page that follows gets; `base.html` is that of a whole page."""
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    # With the usual "no-referrer" the browser would send forms with Origin: null.
    "Referrer-Policy": "same-origin",
}
MOST_KEPT: Final = 64
"""Answers to pages that follow, kept while nothing changes: ten open pages cost one."""


@dataclass(frozen=True, slots=True)
class Undo:
    """A form that takes back what was just done: where it is sent, and its fields."""

    path: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """What the next page says of what was just done."""

    sentence: str
    undo: Undo | None = None


class Frame:
    """Shows pages in the language of the settings."""

    def __init__(
        self,
        settings: Settings,
        readiness: Callable[[], Mapping[str, PartState]],
        revision: Callable[[], int],
    ) -> None:
        """``revision`` changes when what pages show may have changed; it answers at once."""
        self.texts: Texts = texts_of(Language.tagged(settings.page.language))
        self.formats = Formats(self.texts)
        self.submissions = Submissions(content=content_sent)
        self._practice = settings.practice.name
        self._readiness = readiness
        self._revision = revision
        self._notices: OpenQuestions[Notice] = OpenQuestions()
        self._kept: dict[tuple[object, ...], bytes] = {}

    # ------------------------------------------------------------------ showing

    def show(
        self,
        template: str,
        title: str,
        area: Area | None = None,
        *,
        status: int = 200,
        keys: tuple[str, ...] = (),
        own: bool = False,
        **values: object,
    ) -> Response:
        """Return a page: a template of this room, its title, its area in the navigation.

        ``keys`` are the parts of `keys.tsv` that hold beside those of every page. A page that
        follows gets its parts alone; ``own`` says that it shows something of the visitor's own.
        """
        mark, follows = self._begun(), FOLLOWS in request.headers
        found = self._environment.get_template(template).render(
            layout=PARTS if follows else "base.html",
            title=title,
            area=area,
            mark=mark,
            visitor=replace(visitor(), form_token="") if follows else visitor(),
            state=house_state(self._readiness()),
            given=self._given(keys),
            keys=_keys_of(keys),
            notice=None if follows else self._notices.answer(request.args.get(NOTICE, "")),
            **values,
        )
        content = found.encode()
        if follows and status == 200 and not own:
            self._keep(mark, content)
        return Response(content, status, HEADERS, content_type="text/html; charset=utf-8")

    def part(self, template: str, **values: object) -> Response:
        """Return a piece of HTML for a script, without a frame."""
        found = self._environment.get_template(template).render(visitor=visitor(), **values)
        return Response(found, 200, HEADERS, content_type="text/html; charset=utf-8")

    def follow(self) -> Response | None:
        """Answer a page that asks whether it is still right, without asking anybody.

        None where it has to be made anew. To be called before anything is read for a page.
        """
        mark = self._begun()
        shown = request.headers.get(FOLLOWS)
        if shown is None or request.method != "GET":
            return None
        if shown == mark:
            return Response(status=204)
        kept = self._kept.get(_key(mark))
        if kept is None:
            return None
        return Response(kept, 200, HEADERS, content_type="text/html; charset=utf-8")

    def _begun(self) -> str:
        """Return the mark of what the page at hand shows: how all was when its making began.

        What changes while it is made has another mark, so the page is made anew when it asks.
        """
        if MARK not in g:
            state = house_state(self._readiness())
            told = repr((sorted(state.needs.items()), sorted(state.broken), sorted(state.waits)))
            g.setdefault(
                MARK, f"{self._revision()}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
            )
        mark: str = g.get(MARK)
        return mark

    def _keep(self, mark: str, content: bytes) -> None:
        kept = {key: one for key, one in self._kept.copy().items() if key[0] == mark}
        if len(kept) < MOST_KEPT:
            kept[_key(mark)] = content
        self._kept = kept

    def go(self, path: str, notice: Notice | None = None) -> Response:
        """Return what sends the browser to another page (303), with something to say there."""
        if notice is not None:
            path, hash_, fragment = path.partition("#")
            mark = "&" if "?" in path else "?"
            path += mark + urlencode({NOTICE: self._notices.ask(notice)}) + hash_ + fragment
        return Response(status=303, headers={"Location": path})

    def refused(self, problem: ProblemDetails, place: str) -> Response:
        """Return the page for what cannot be shown or done; what is ours to mend has a code."""
        code = ""
        if problem.status >= 500:
            code = secrets.token_hex(2).upper()
            log.error("%s: the page that was shown instead has the code %s", place, code)
        path = f"refused.{problem.status}"
        answer = self.show(
            "refused.html",
            self.texts(f"{path}.title" if self.texts.has(f"{path}.title") else "refused.title"),
            status=problem.status,
            own=True,
            sentence=self.texts.half(problem.detail or SENTENCES.get(problem.status, "")),
            code=code,
        )
        for name, value in problem.headers:
            answer.headers[name] = value
        return answer

    # ------------------------------------------------------------------ what templates use

    @cached_property
    def _environment(self) -> Environment:
        made = Environment(
            autoescape=True,
            loader=PackageLoader("gdtbridge.web.pages"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters.update(self.formats.as_filters)
        made.globals.update(
            t=self.texts,
            language=self.texts.language.tag,
            rich=self.texts.rich,
            icon=icon,
            asset=address_of,
            practice=self._practice,
            areas=[(one, PATHS[one], ICONS[one]) for one in Area],
            signed=_signed,
            Area=Area,
        )
        return made

    def _given(self, keys: tuple[str, ...]) -> str:
        """Return what scripts are given, as JSON that cannot end its element."""
        given = {
            "keys": [{"key": key, "action": action} for key, action, _ in _keys_of(keys)],
            "words": self.texts.below("scripts"),
            "now": time.time(),
        }
        return json.dumps(given, ensure_ascii=False).replace("<", "\\u003c")


@pass_context
def _signed(context: Context) -> Markup:
    """Return the hidden fields of a form of ours: that it is ours, and that it is sent once.

    The parts of a page that follows have none, for several visitors get the same; the script puts
    them in when such a form is sent.
    """
    if context["layout"] == PARTS:
        return Markup()
    fields = {FORM_TOKEN: context["visitor"].form_token, FIELD: Submissions.new_key()}
    hidden = Markup('<input type="hidden" name="{}" value="{}">')
    return Markup().join(hidden.format(*one) for one in fields.items() if one[1])


def _key(mark: str) -> tuple[object, ...]:
    one: Visitor = visitor()
    return (mark, request.full_path, one.may_change, one.may_administer)


def _keys_of(parts: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Return key, action and text of the keys of every page and of these parts."""
    rows = table("web/pages/keys.tsv")
    return [(key, action, text) for part, key, action, text in rows if part in _with(parts)]


def _with(parts: tuple[str, ...]) -> tuple[str, ...]:
    return ("everywhere", *parts)
