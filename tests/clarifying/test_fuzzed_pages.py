"""Every route with what no form of ours sends: no error of ours, no hang, no trace of the code."""

from __future__ import annotations

import random
import re
import time
from typing import Any, Final
from urllib.parse import quote, urlencode

from werkzeug.routing import Rule

from gdtbridge.service import web_ports
from gdtbridge.settings import Settings
from gdtbridge.web import create_app
from tests.clarifying import scenes
from tests.clarifying.scenes import Stage

CALLS: Final = 1500
VALUES: Final = (
    "", "0", "-1", "9" * 19, "9" * 30, "9" * 5000, "\0", "a\0b", "\u202eabc", "²", "٣", "exam-1",
    "exam-" + "9" * 30, "exam-²", "object-1", "question-1", "question-" + "9" * 40, "%",
    "../../etc/passwd", "<script>", "0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30",
    "31.12.9999", "1.1.0001", "+999999999", "24:00", "1e400", "NaN", "ä" * 300, "'; DROP TABLE",
    "2.25.1000", "R0000000001", "4711", " 4711 ", "other", "4711/R0000000001", "*", "\\", "\r\n",
    "a " * 100, '"' * 50, "0:0:0:0", "1:2:3:9" + "9" * 30, "seit 1.1.0001", "müller 31.12.9999",
)  # fmt: skip
NAMES: Final = (
    "once", "mark", "person", "part", "reason", "choice-1", "choice-2", "typed-1", "day-1",
    "move-1", "move-" + "9" * 30, "to", "number", "arrived", "destination", "why", "act", "name",
    "route", "family_name", "given_name", "birth_date", "patient_id", "sex", "day", "time",
    "procedure", "station", "revision", "next", "touched", "doubts", "before-day", "before-time",
    "password", "again", "wanted", "old", "shown_name", "tag", "wie", "zustand", "geraet", "suche",
    "ab", "nr", "werte", "wer", "was", "vor", "role", "scope", "port", "host", "aet", "id",
    "lastname", "firstname", "birthdate", "token", "limit", "offset", "patient", "study", "device",
)  # fmt: skip
BODIES: Final = (b"{}", b"[]", b"null", b'{"a":', b"\xff\xfe", b"1e999", b"[" * 9999, b"a=%ff&\xff")


def test_no_call_is_answered_with_an_error_of_ours(stage: Stage) -> None:
    """Numbers, dates, cursors and bytes of every kind, in addresses and forms of every route."""
    stage.practice.core.orders.place(stage.practice.order())
    scenes.several(stage)
    stage.practice.wait()
    app = create_app(Settings(), web_ports(stage.practice.core), dict)
    client, dice = app.test_client(), random.Random(15)
    rules, wrong = list(app.url_map.iter_rules()), []
    for _ in range(CALLS):
        rule = dice.choice(rules)
        method, path, call = _call(dice, rule)
        begun = time.thread_time()
        answer = client.open(path, method=method, **call)
        body = answer.get_data()
        is_slow = time.thread_time() - begun > 10
        if answer.status_code in {500, 501} or b"Traceback" in body or is_slow:
            wrong.append((answer.status_code, method, path[:200], str(call)[:300]))
    assert wrong == []


def _call(dice: random.Random, rule: Rule) -> tuple[str, str, dict[str, Any]]:
    """Return a method, an address with its parameters, and the rest of a call of a route."""

    def pairs(most: int) -> list[tuple[str, str]]:
        return [(dice.choice(NAMES), dice.choice(VALUES)) for _ in range(dice.randrange(most))]

    def segment(match: re.Match[str]) -> str:
        numbers = ("1", "2", "0", "9" * 19, "9" * 5000)
        return quote(dice.choice(numbers if match[1] == "int" else VALUES) or "x", safe="")

    path = re.sub(r"<(?:(\w+):)?\w+>", segment, rule.rule)
    method = dice.choice(sorted(rule.methods or {"GET"}))
    call: dict[str, Any] = {"headers": {"Accept": dice.choice(["text/html", "*/*"])}}
    if method in {"POST", "PUT"}:
        is_form = dice.random() < 0.8
        data = urlencode(pairs(14))[:60_000].encode() if is_form else dice.choice(BODIES)
        kind = "application/x-www-form-urlencoded" if is_form else "application/json"
        call |= {"data": data, "content_type": kind}
    return method, f"{path}?{urlencode(pairs(6))}", call
