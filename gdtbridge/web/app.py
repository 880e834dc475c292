"""The Flask application: routes, guard, refusals, headers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final, ParamSpec

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from gdtbridge.accounts.memory import AccessMemory
from gdtbridge.durable.clock import BELIEVED_SINCE
from gdtbridge.health import PartState
from gdtbridge.settings import Settings
from gdtbridge.web.access.admission import FOLLOWS, Admission
from gdtbridge.web.access.cookie import SessionCookie
from gdtbridge.web.access.foreign_pages import ForeignPages
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.access.noting import CallNotes
from gdtbridge.web.access.principal import PRINCIPAL, Principal
from gdtbridge.web.access.slots import Slots
from gdtbridge.web.access.visiting import visitor_of
from gdtbridge.web.api import schema
from gdtbridge.web.api.add import WorklistAddCall
from gdtbridge.web.api.metrics import CONTENT_TYPE, exposition
from gdtbridge.web.api.openapi import description
from gdtbridge.web.api.queries import QueryCalls
from gdtbridge.web.api.studies import STUDY_NAMES, StudyCalls
from gdtbridge.web.api.worklist import Route, WorklistApi
from gdtbridge.web.dicomweb.routes import dicomweb_routes, is_for_readers
from gdtbridge.web.fhir.routes import fhir_routes
from gdtbridge.web.forms import MAX_BODY
from gdtbridge.web.numbers import NumberConverter
from gdtbridge.web.ohif import OhifCalls
from gdtbridge.web.own_address import OwnAddress
from gdtbridge.web.pages.exams.pictures import is_picture
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.placing import PlacingPages
from gdtbridge.web.pages.routes import is_page, page_routes, wants_a_page
from gdtbridge.web.pages.routing import PREFIX
from gdtbridge.web.pages.signing_in import SignInPages
from gdtbridge.web.pages.studies import StudiesPage
from gdtbridge.web.pages.visitor import welcome
from gdtbridge.web.parameters import FIELD_NAMES
from gdtbridge.web.ports import CorePorts, Readiness
from gdtbridge.web.problems import (
    ADD_PATH,
    SECURITY_HEADERS,
    CallRefused,
    problem_of,
    problem_of_http,
    render,
)
from gdtbridge.web.study_viewer import StudyViewer

P = ParamSpec("P")

REMEMBERED_SECONDS: Final = 180 * 24 * 3600
"""How long a browser remembers that this server is called encrypted."""
NAMES_BY_PATH: Final = {ADD_PATH: FIELD_NAMES, **STUDY_NAMES}
"""The core's field names to the caller's, where they are not those of the worklist's JSON."""


def local_today() -> date:
    """Return today's date where the practice is; the last of all where the clock is wrong by years.

    So nobody is told that a birth date lies in the future of a clock that is still in 1970.
    """
    today = datetime.now().astimezone()
    return today.date() if today.timestamp() >= BELIEVED_SINCE else date.max


def create_app(
    settings: Settings,
    core: CorePorts,
    readiness: Readiness,
    *,
    today: Callable[[], date] = local_today,
    slots: Slots | None = None,
    guard: Guard | None = None,
) -> Flask:
    """Return the WSGI application that offers ``core`` over HTTP.

    ``slots`` bounds how many calls may wait for the core at once, so that the rest stays answered
    when a folder or the database hangs.
    """
    app = Flask("gdtbridge.web", static_folder=None, template_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, PROPAGATE_EXCEPTIONS=False)
    app.url_map.merge_slashes = False
    app.url_map.converters["int"] = NumberConverter
    app.url_rule_class = _MatchedRule  # type: ignore[assignment]  # Flask declares the class itself
    slots = slots or Slots()
    memory = core.access.memory
    guard = guard or Guard(settings.http, Admission(settings, memory))
    guard.learn(partial(_called, app.url_map))
    foreign = ForeignPages(frozenset(settings.http.allowed_origins))
    app.before_request(lambda: foreign.preflight(request))
    app.before_request(lambda: guard.check(request))
    app.before_request(partial(_welcome, memory))
    app.after_request(CallNotes(core.audit).note)
    headers = (*SECURITY_HEADERS, *strict_transport(settings))
    app.after_request(partial(_add_headers, headers))
    app.after_request(partial(_let_have, foreign))
    frame = Frame(settings, readiness, core.revision)
    app.before_request(lambda: frame.follow() if is_page() else None)
    cookie, idle = SessionCookie.of(settings.http), settings.access.idle_minutes
    ways_in = SignInPages(frame, core.access, cookie, idle)
    app.register_error_handler(Exception, lambda error: _answer_error(error, frame, ways_in))
    _add_state_routes(app, readiness)
    routes = page_routes(frame, core, settings, readiness, ways_in)
    for path, name, view, methods in routes:
        _add_route(app, path, PREFIX + name, _placed(view, slots), *methods)
    own = OwnAddress(settings.http.public_url)
    add_call = WorklistAddCall(core.orders, core.answers, today, PlacingPages(frame))
    viewer = StudyViewer(settings.viewer, core.ohif)
    calls: tuple[Route, ...] = (
        (ADD_PATH, "worklist_add", add_call, ("GET", "POST")),
        *WorklistApi(core.orders, own, today).routes(),
        *QueryCalls(core.queries, today).routes(),
        *StudyCalls(core.studies, viewer, StudiesPage(frame), own).routes(),
        *dicomweb_routes(core, own, guard),
        *OhifCalls(core.ohif).routes(),
        *fhir_routes(core, own),
    )
    for path, name, view, methods in calls:
        _add_route(app, path, name, _placed(view, slots), *methods)
    return app


class _MatchedRule(Rule):
    """A route that answers the methods it names, and that no address is made of.

    Werkzeug would answer HEAD wherever GET is answered; but a GET may place an order here, and who
    only looks must not. And it would compile for each route what makes an address of it, most of
    the time in which the application is made; a later version that asks otherwise may do so.
    """

    def __init__(self, string: str, *, methods: Iterable[str] = (), **options: Any) -> None:  # noqa: ANN401 - Werkzeug's
        super().__init__(string, methods=methods, **options)
        self.methods = set(methods)

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: ARG002, FBT001, FBT002 - Werkzeug's
        return _no_address


def _no_address(rule: Rule, **_values: object) -> tuple[str, str]:
    raise NotImplementedError(f"no address is made of {rule.rule}")


def _welcome(memory: AccessMemory) -> None:
    """Enter for the pages who makes the call at hand, as far as the guard knows."""
    who = request.environ.get(PRINCIPAL)
    if isinstance(who, Principal):
        welcome(visitor_of(who, memory))


def _placed(view: Callable[P, Response], slots: Slots) -> Callable[P, Response]:
    """Return a view that takes a place, unless its call has a thread of `READERS` or pictures.

    Those are as few as there are threads for them, and leave all places to the others.
    """
    bound = slots.bound(view)

    def placed(*args: P.args, **kwargs: P.kwargs) -> Response:
        is_bounded = is_for_readers(request.method, request.path) or is_picture(request.path)
        return (view if is_bounded else bound)(*args, **kwargs)

    return placed


def _called(url_map: Map, path: str, method: str) -> str:
    """Return which endpoint a call leads to; raise `CallRefused` (404, 405) for none."""
    try:
        endpoint, _ = url_map.bind("localhost").match(path, method)
    except HTTPException as error:
        raise CallRefused(problem_of_http(error)) from None
    return str(endpoint)


def _add_route(
    app: Flask, path: str, name: str, view: Callable[..., Response], *methods: str
) -> None:
    """Add a route that answers these methods and no others."""
    app.add_url_rule(path, name, view, methods=methods, provide_automatic_options=False)


def _add_state_routes(app: Flask, readiness: Readiness) -> None:
    def healthz() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    def readyz() -> Response:
        told = told_state(readiness())
        body = json.dumps(told, ensure_ascii=False) + "\n"
        return Response(body, 200 if told["ready"] else 503, content_type="application/json")

    def metrics() -> Response:
        return Response(exposition(readiness()), content_type=CONTENT_TYPE)

    def openapi() -> Response:
        body = json.dumps(description(), ensure_ascii=False) + "\n"
        return Response(body, content_type="application/json")

    _add_route(app, "/healthz", "healthz", healthz, "GET", "HEAD")
    _add_route(app, "/readyz", "readyz", readyz, "GET", "HEAD")
    _add_route(app, "/metrics", "metrics", metrics, "GET", "HEAD")
    _add_route(app, "/api/v1/openapi.json", "openapi", openapi, "GET", "HEAD")


def told_state(parts: Mapping[str, PartState]) -> dict[str, object]:
    """Return the JSON of ``/readyz``: what waits for a person is no reason not to be ready."""
    ready = all(part.ok for part in parts.values())
    waiting: Counter[str] = sum((Counter(part.waiting) for part in parts.values()), Counter())
    needed = "needs-person" if waiting else "ready"
    return {
        "ready": ready,
        "status": needed if ready else "not-ready",
        "attention": dict(waiting),
        "parts": {name: {"ok": part.ok, "detail": part.detail} for name, part in parts.items()},
    }


def strict_transport(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the header by which browsers remember to come encrypted (RFC 6797), where it is safe.

    It holds for every port of the name: not with a certificate browsers may not know, nor where
    the viewer is opened in the clear, which may be on the same machine.
    """
    viewer = settings.viewer.base + settings.viewer.url
    if settings.http.tls != "files" or viewer.lower().startswith("http:"):
        return ()
    return (("Strict-Transport-Security", f"max-age={REMEMBERED_SECONDS}"),)


def _add_headers(headers: Sequence[tuple[str, str]], response: Response) -> Response:
    for name, value in headers:
        response.headers.setdefault(name, value)
    return response


def _let_have(foreign: ForeignPages, response: Response) -> Response:
    """Let a page of another server have an answer; functions after a request run backwards."""
    for name, value in foreign.headers(request):
        if name == "Vary":
            response.vary.add(value)
        else:
            response.headers[name] = value
    return response


def _answer_error(error: Exception, frame: Frame, ways_in: SignInPages) -> Response:
    fields = NAMES_BY_PATH.get(request.path, schema.FIELD_NAMES)
    place = request.endpoint or "no route"
    problem = problem_of(error, fields, place)
    _welcome(ways_in.memory)
    if problem.status == 401 and FOLLOWS in request.headers:
        return Response(status=401)
    if problem.status == 401 and wants_a_page():
        return ways_in.ask_instead()
    if is_page() and not problem.in_a_line:
        return frame.refused(problem, place)
    answer = render(problem, request.path)
    return Response(answer.body, answer.status, list(answer.headers))
