"""Who may call: networks, names, tokens, foreign pages; and what every answer carries."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from gdtbridge.settings import HttpSettings
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.access.tokens import TRIES
from gdtbridge.web.problems import CallRefused

TOKEN = "correct-horse-battery"
PATIENT = "id=12345&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1"
ADD = f"/worklist/add?{PATIENT}&procedure=Abdomen"


@pytest.fixture
def guarded(serve: Any) -> str:
    """Return the base URL of a server with a token."""
    return f"http://127.0.0.1:{serve(token=TOKEN).port}"


def get(url: str, **headers: str) -> requests.Response:
    """Call with headers, given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=named, timeout=60)


# ---------------------------------------------------------------------------- state


def test_healthz_is_alive(url: str) -> None:
    """Liveness is the word ok."""
    answer = get(f"{url}/healthz")
    assert (answer.status_code, answer.text.strip()) == (200, "ok")


def test_readyz_tells_each_part(url: str, parts: Any) -> None:
    """Readiness is 200 while all parts work and 503 when one does not."""
    ready = get(f"{url}/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["parts"]["dicom"] == {"ok": True, "detail": "port 11112"}
    parts["database"] = type(parts["database"])(ok=False, detail="gesperrt / locked")
    unready = get(f"{url}/readyz")
    assert (unready.status_code, unready.json()["ready"]) == (503, False)
    assert unready.json()["parts"]["database"]["ok"] is False


def test_readyz_tells_what_waits_for_a_person(url: str, parts: Any) -> None:
    """It is no outage; how much waits is summed over the parts, whose it is not told."""
    calm = get(f"{url}/readyz").json()
    assert (calm["status"], calm["attention"]) == ("ready", {})
    state = type(parts["dicom"])
    parts["exams"] = state(ok=True, waiting={"held-exam": 2, "report-unreadable": 1})
    parts["more"] = state(ok=True, waiting={"held-exam": 1})
    waiting = get(f"{url}/readyz")
    assert (waiting.status_code, waiting.json()["status"]) == (200, "needs-person")
    assert waiting.json()["attention"] == {"held-exam": 3, "report-unreadable": 1}
    parts["disk"] = state(ok=False)
    assert get(f"{url}/readyz").json()["status"] == "not-ready"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/nowhere", ADD, "/api/v1/worklist"])
def test_security_headers(url: str, path: str) -> None:
    """Every answer, refusals included, tells browsers to do nothing with it."""
    headers = get(url + path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "waitress" not in str(headers).lower()


# ---------------------------------------------------------------------------- token


@pytest.mark.parametrize("path", ["/mehr", "/readyz", ADD, "/api/v1/worklist", "/nowhere"])
def test_token_is_needed(guarded: str, orders: Any, path: str) -> None:
    """Without the token only /healthz answers."""
    answer = get(guarded + path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="gdtbridge"'
    assert orders.requests == []
    assert get(f"{guarded}/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/mehr", "/readyz", ADD, "/api/v1/worklist"])
def test_token_in_the_header(guarded: str, path: str) -> None:
    """The header opens every call."""
    assert get(guarded + path, Authorization=f"Bearer {TOKEN}").status_code == 200
    assert get(guarded + path, Authorization=f"bearer  {TOKEN} ").status_code == 200


def test_token_as_parameter_of_the_scripts_call(guarded: str, orders: Any) -> None:
    """/worklist/add takes the token from the address or the form; nothing else does."""
    assert get(f"{guarded}{ADD}&token={TOKEN}").status_code == 200
    form = {"token": TOKEN}
    assert requests.post(guarded + ADD, data=form, timeout=60).status_code == 200
    assert len(orders.requests) == 1
    assert get(f"{guarded}/api/v1/worklist?token={TOKEN}").status_code == 401
    assert get(f"{guarded}/readyz?token={TOKEN}").status_code == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong-token-wrong-token",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer",
        "Bearer \xff",
        f"Basic {TOKEN}",
        TOKEN,
    ],
)
def test_wrong_token(guarded: str, authorization: str) -> None:
    """A wrong token is 401; a right token in the address does not mend a wrong header."""
    for path in ("/api/v1/worklist", f"{ADD}&token={TOKEN}"):
        answer = get(guarded + path, Authorization=authorization)
        assert answer.status_code == 401
        assert TOKEN not in answer.text


def test_wrong_tokens_are_throttled(guarded: str) -> None:
    """After some wrong tokens the address has to wait with the next one."""
    for _ in range(TRIES):
        assert get(f"{guarded}{ADD}&token=wrong").status_code == 401
    answer = get(f"{guarded}{ADD}&token=wrong")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 7
    assert answer.text.startswith("error: ")
    assert get(f"{guarded}/healthz").status_code == 200


def test_wrong_tokens_lock_nobody_else_out(guarded: str, orders: Any) -> None:
    """The right token of the same address is let in: a terminal server is one address."""
    for _ in range(TRIES + 1):
        get(f"{guarded}{ADD}&token=wrong")
    assert get(f"{guarded}{ADD}&token={TOKEN}").status_code == 200
    assert get(f"{guarded}/readyz", Authorization=f"Bearer {TOKEN}").status_code == 200
    assert len(orders.requests) == 1


def test_calls_without_a_token_are_not_counted(guarded: str) -> None:
    """Who shows no token guesses none."""
    for _ in range(TRIES + 2):
        assert get(guarded + ADD).status_code == 401
    assert get(f"{guarded}{ADD}&token={TOKEN}").status_code == 200


def test_nothing_of_a_call_is_logged(
    guarded: str, orders: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither token nor patient reach the log, in a good call, a bad one or a fault of ours."""
    caplog.set_level(logging.DEBUG)
    get(f"{guarded}{ADD}&token={TOKEN}")
    get(f"{guarded}{ADD}&token={TOKEN}&sex=9")
    orders.error = RuntimeError("Doe 12345")
    assert get(f"{guarded}{ADD}&token={TOKEN}").status_code == 500
    for _ in range(TRIES + 1):
        get(f"{guarded}{ADD}&token=guess-guess-guess")
    ours = [r for r in caplog.records if r.name.startswith(("gdtbridge", "waitress", "werkzeug"))]
    text = "\n".join(record.getMessage() + str(record.exc_info or "") for record in ours)
    assert "worklist_add answered 500: RuntimeError at conftest.py:" in text
    assert "wrong tokens" in text
    for secret in (TOKEN, "guess", "Doe", "John", "12345", "1900"):
        assert secret not in text


# ---------------------------------------------------------------------------- names and networks


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("LOCALHOST.:80", 200),
        ("[::1]:8080", 200),
        ("192.168.1.5:8080", 200),
        ("203.0.113.9", 200),
        ("praxis.lan", 200),
        ("PRAXIS.lan.:8080", 200),
        ("bridge.example", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("praxis.lan.evil.example:80", 421),
        ("127.0.0.1.evil.example", 421),
        ("2130706433", 421),
        (".", 421),
        ("", 400),
        ("localhost, evil.example", 400),
        ("user@localhost", 400),
        ("localhost:80:80", 400),
        ("localhost:http", 400),
        ("[::1", 400),
        ("[evil.example]", 400),
    ],
)
def test_host_header(serve: Any, host: str, status: int) -> None:
    """Numbers and the names of the settings are us; any other name may be a rebound one."""
    port = serve(allowed_hosts=["Praxis.LAN"], public_url="https://bridge.example/x").port
    answer = get(f"http://127.0.0.1:{port}/readyz", Host=host)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://localhost:8080", "evil.example", b"200"),
        ("http://evil.example", "localhost", b"421"),
        ("HTTP://evil.example:80", "127.0.0.1", b"421"),
        ("http://user@localhost", "localhost", b"400"),
    ],
)
def test_whole_address_in_the_request(
    serve: Any, send_raw: Any, target: str, host: str, status: bytes
) -> None:
    """A request that names the host in its first line is judged by that name (RFC 9112 3.2.2)."""
    request = f"GET {target}/readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert send_raw(serve().port, request.encode()).split(b" ", 2)[1] == status


def test_host_header_of_old_scripts(serve: Any, send_raw: Any) -> None:
    """HTTP/1.0 needs no Host; HTTP/1.1 does."""
    port = serve().port
    assert send_raw(port, b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200")
    answer = send_raw(port, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")


def _check(http: dict[str, object], address: str, path: str = "/readyz") -> int:
    """Return what a guard says of a call: 200 or the status of its refusal."""
    environ = EnvironBuilder(path, environ_base={"REMOTE_ADDR": address}).get_environ()
    try:
        Guard(HttpSettings.model_validate(http)).check(Request(environ))
    except CallRefused as refusal:
        return refusal.problem.status
    return 200


@pytest.mark.parametrize(
    ("address", "path", "status"),
    [
        ("192.168.1.7", "/readyz", 200),
        ("::ffff:192.168.1.7", "/readyz", 200),
        ("fd00::1", "/readyz", 200),
        ("192.168.2.7", "/readyz", 403),
        ("fd01::1", "/readyz", 403),
        ("127.0.0.1", "/readyz", 403),
        ("127.0.0.1", "/healthz", 200),
        ("::1", "/healthz", 200),
        ("192.168.2.7", "/healthz", 403),
        ("", "/readyz", 403),
    ],
)
def test_allowed_networks(address: str, path: str, status: int) -> None:
    """Only the networks of the settings may call; the machine itself may ask for its health."""
    assert _check({"allowed_networks": ["192.168.1.0/24", "fd00::/64"]}, address, path) == status


def test_everybody_may_call_where_no_network_is_set() -> None:
    """No setting means no restriction by address."""
    assert _check({}, "203.0.113.9") == 200


# ---------------------------------------------------------------------------- foreign pages


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec_Fetch_Site": "none"}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "file://"}, 403),
        ({"Origin": "https://bridge.example"}, 200),
        ({"Sec_Purpose": "prefetch;prerender"}, 403),
        ({"Purpose": "prefetch"}, 403),
    ],
)
def test_foreign_pages(serve: Any, orders: Any, headers: dict[str, str], status: int) -> None:
    """A page of somebody else can neither place an order nor read the worklist."""
    url = f"http://127.0.0.1:{serve(public_url='https://bridge.example/x').port}"
    assert get(url + ADD, **headers).status_code == status
    assert get(f"{url}/api/v1/worklist", **headers).status_code == status
    assert len(orders.requests) == (status == 200)
    assert get(f"{url}/healthz", **headers).status_code == 200


def test_own_page(url: str) -> None:
    """Our own origin may call."""
    assert get(url + ADD, Origin=url).status_code == 200


def test_foreign_form(url: str, orders: Any) -> None:
    """A form on a foreign page, which needs no permission to be sent, is refused."""
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = requests.post(url + ADD, data={"x": "1"}, headers=headers, timeout=60)
    assert answer.status_code == 403
    assert orders.requests == []
