"""The tables ``[[webhook]]``: what is said, to whom, how it is proven, what becomes of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from gdtbridge.attention import AttentionItem
from gdtbridge.cli import main
from gdtbridge.errors import SettingsError
from gdtbridge.outbox import HOUSE, worker
from gdtbridge.outbox.model import Attempt, AttemptResult, DeliveryState, OutgoingMessage
from gdtbridge.outbox.targets import is_allowed
from gdtbridge.parts import webhooks_of
from gdtbridge.settings import load_settings
from gdtbridge.webhooks import HouseEvent
from tests.tools.certificate import self_signed, server_context
from tests.tools.ports import free_port
from tests.tools.practice import Practice
from tests.tools.waiting import wait_for

HERE = '[webhooks]\nallowed_networks = ["127.0.0.1", "::1"]\n'
NAMES = {"patient_id": "4711", "family_name": 'O"Hara\n&/', "device": "V<1>", "given_name": "Änne"}
EVENT = HouseEvent("gdt_written", "k", NAMES)


def table(url: str, more: str = "", head: str = HERE) -> str:
    """Return settings with one webhook of this address."""
    return f'{head}[[webhook]]\nname = "a"\nevents = ["gdt_written"]\nurl = "{url}"\n{more}\n'


def call(folder: Path, text: str, event: HouseEvent = EVENT) -> Attempt:
    """Tell the first webhook of settings of an event."""
    (folder / "gdtbridge.toml").write_text(text, "utf-8")
    (sender,) = webhooks_of(load_settings(folder / "gdtbridge.toml", {})).values()
    payload = sender.payload(event, "e1", 0.0)
    return sender.attempt(OutgoingMessage(1, event.name, payload, DeliveryState.PENDING, "", ""))


def asked(server: HTTPServer) -> Request:
    """Return the one call the server got."""
    ((request, _),) = server.log
    return request


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("application/json", '{"n": "{family_name}"}', b'{"n": "O\\"Hara\\n&/"}'),
        ("text/plain", "{family_name}|{accession_number}", b'O"Hara &/|'),
        ("application/x-www-form-urlencoded", "n={family_name}", b"n=O%22Hara%0A%26%2F"),
        ("application/xml", "<n d='{device}'/>", b"<n d='V&lt;1&gt;'/>"),
    ],
)
def test_a_body_is_escaped_for_its_kind(
    tmp_path: Path, httpserver: HTTPServer, content_type: str, body: str, said: bytes
) -> None:
    """No value leaves its place; one that is not known is empty."""
    httpserver.expect_request("/x", method="POST").respond_with_data("ok")
    more = f"content_type = '{content_type}'\nbody = '''{body}'''\n"
    more += 'fields = ["family_name", "accession_number"]'

    assert call(tmp_path, table(httpserver.url_for("/x"), more)).result is AttemptResult.DELIVERED
    assert asked(httpserver).data == said
    assert asked(httpserver).headers["Content-Type"] == f"{content_type}; charset=utf-8"


def test_a_url_is_escaped(tmp_path: Path, httpserver: HTTPServer) -> None:
    """A value is one segment of the path and one value of the query, and leads nowhere else."""
    httpserver.expect_request("/x", method="GET").respond_with_data("ok")
    url = httpserver.url_for("/a/{given_name}/{family_name}?f={family_name}")
    call(
        tmp_path,
        table(url, 'method = "GET"\nfields = ["family_name", "given_name"]'),
        HouseEvent("gdt_written", "k", NAMES | {"given_name": ".."}),
    )

    target = asked(httpserver).environ["REQUEST_URI"]
    assert target == "/a/--/O%22Hara%0A%26%2F?f=O%22Hara%0A%26%2F"


def test_without_a_template_everything_allowed_is_said(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    """As Standard Webhooks propose; nothing of the patient that fields do not name."""
    httpserver.expect_request("/x").respond_with_data("ok")
    call(tmp_path, table(httpserver.url_for("/x"), 'fields = ["patient_id"]'))

    assert json.loads(asked(httpserver).data) == {
        "type": "gdt_written",
        "timestamp": "1970-01-01T00:00:00+00:00",
        "data": {"patient_id": "4711", "device": "V<1>", "id": "e1"},
    }


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('body = \'{"a": "{patient_id}"}\'', "name it in fields"),
        ("body = '{\"a\": {event}}'", "no JSON"),
        ("body = '{\"a\": {exam}}'", "no JSON"),
        ("body = '[{patient_id}]'\nfields = ['patient_id']", "no JSON"),
        ('body = \'{"a": "{nonsense}"}\'', "no variable"),
        ("fields = ['secret']", "none of"),
        ("method = 'GET'\nbody = 'x'", "a GET has no body"),
        ('headers = { X = "a\\r\\nb" }', "line breaks"),
        ("headers = { 'X Y' = 'a' }", "no name of an HTTP header"),
        ("headers = { Host = 'a' }", "by the bridge itself"),
        ("user = 'a'", "user and password"),
        ("user = 'a'\npassword = 'b'\ntoken = 'c'", "user and password"),
        ("signing_secret = 'geheim'", "16 bytes"),
        ("signing_secret = 'whsec_geheim!'", "Base64"),
        ("token = { file = 'a', env = 'b' }", "either file or env"),
    ],
)
def test_what_cannot_be_stops_the_start(tmp_path: Path, more: str, told: str) -> None:
    """With a sentence that quotes no secret."""
    (tmp_path / "gdtbridge.toml").write_text(table("http://h/x", more), "utf-8")
    with pytest.raises(SettingsError, match=told) as caught:
        load_settings(tmp_path / "gdtbridge.toml", {})
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://h/x", "http:///x", "http://{device}/x", "http://h:{exam}/", "http://h/a b"),
        *("http://u:geheim@h/", "http://h/{patient_id}", "http://h/{token}", "http://h:x/", "h/x"),
    ],
)
def test_only_a_fixed_host_may_be_called(tmp_path: Path, url: str) -> None:
    """An event must not choose who is called, and passwords have keys of their own."""
    (tmp_path / "gdtbridge.toml").write_text(table(url), "utf-8")
    with pytest.raises(SettingsError, match="url") as caught:
        load_settings(tmp_path / "gdtbridge.toml", {})
    assert "geheim" not in str(caught.value)


def test_two_tables_of_one_name_stop_the_start(tmp_path: Path) -> None:
    """One of them would never be called."""
    (tmp_path / "gdtbridge.toml").write_text(table("http://h/") + table("http://i/", head=""))
    with pytest.raises(SettingsError, match="doppelt"):
        load_settings(tmp_path / "gdtbridge.toml", {})


def test_a_call_proves_who_calls(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bearer token from a file, a header from the environment, and a signature that holds."""
    (tmp_path / "token").write_text("geheim-1\n")
    monkeypatch.setenv("HOUSE_KEY", "geheim-2")
    key = base64.b64encode(b"k" * 24).decode()
    httpserver.expect_request("/x").respond_with_data("ok")
    more = f"""token = {{ file = "token" }}
        headers = {{ X-Key = {{ env = "HOUSE_KEY" }} }}
        signing_secret = "whsec_{key}" """
    call(tmp_path, table(httpserver.url_for("/x"), more))

    request = asked(httpserver)
    assert request.headers["Authorization"] == "Bearer geheim-1"
    assert request.headers["X-Key"] == "geheim-2"
    assert request.headers["webhook-id"] == "e1"
    content = f"e1.{request.headers['webhook-timestamp']}.".encode() + request.data
    digest = base64.b64encode(hmac.new(b"k" * 24, content, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{digest}"


def test_a_secret_that_is_away_is_told(tmp_path: Path, httpserver: HTTPServer) -> None:
    """And nobody is called without it."""
    attempt = call(tmp_path, table(httpserver.url_for("/x"), 'token = { file = "away" }'))

    assert (attempt.result, httpserver.log) == (AttemptResult.FAILED, [])
    assert "away" in attempt.reason


@pytest.mark.parametrize(
    ("address", "networks", "allowed"),
    [
        ("192.168.1.5", (), True),
        ("10.0.0.1", (), True),
        ("127.0.0.1", (), False),
        ("::1", (), False),
        ("::ffff:127.0.0.1", (), False),
        ("169.254.169.254", (), False),
        ("fe80::1%eth0", (), False),
        ("0.0.0.0", (), False),
        ("224.0.0.1", (), False),
        ("127.0.0.1", ("127.0.0.1/32",), True),
        ("192.168.2.5", ("192.168.1.0/24",), False),
    ],
)
def test_who_may_be_called(address: str, networks: tuple[str, ...], *, allowed: bool) -> None:
    """The network of the practice is normal; this machine must be named."""
    assert is_allowed(address, networks) is allowed


def test_this_machine_is_not_called_by_itself(tmp_path: Path, httpserver: HTTPServer) -> None:
    """However it is named."""
    attempt = call(tmp_path, table(f"http://localhost:{httpserver.port}/x", head=""))

    assert (attempt.result, httpserver.log) == (AttemptResult.FAILED, [])
    assert "webhooks.allowed_networks" in attempt.reason


def test_the_host_is_asked_for_by_its_name(tmp_path: Path, httpserver: HTTPServer) -> None:
    """Though it is called at the address it was found at, and IPv6 may not answer."""
    httpserver.expect_request("/x").respond_with_data("ok")
    call(tmp_path, table(f"http://localhost:{httpserver.port}/x"))

    assert asked(httpserver).headers["Host"] == f"localhost:{httpserver.port}"


def test_a_name_that_changes_meanwhile_changes_nothing(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address that was judged is called; the name is not looked up a second time."""
    found, looked_up = socket.getaddrinfo, list[str]()

    def changing(host: str, *arguments: Any, **options: Any) -> Any:
        if host != "house.test":
            return found(host, *arguments, **options)
        looked_up.append(host)
        return found("127.0.0.1" if len(looked_up) == 1 else "127.0.0.9", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    httpserver.expect_request("/x").respond_with_data("ok")
    attempt = call(tmp_path, table(f"http://house.test:{httpserver.port}/x"))

    assert (attempt.result, looked_up) == (AttemptResult.DELIVERED, ["house.test"])
    assert asked(httpserver).headers["Host"] == f"house.test:{httpserver.port}"


def test_a_host_that_is_not_found_is_tried_again(tmp_path: Path) -> None:
    """A name server may be away for a while."""
    attempt = call(tmp_path, table("http://gibtesnicht.invalid/x"))
    assert attempt == Attempt(AttemptResult.LATER, "the host is not found", away=True)


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[HTTPServer]:
    """Return a server of ``localhost`` that proves itself by ``x1.pem``."""
    with HTTPServer("127.0.0.1", ssl_context=server_context(self_signed(tmp_path))) as server:
        server.expect_request("/x").respond_with_data("ok")
        yield server


def test_a_certificate_of_the_house(tmp_path: Path, tls_server: HTTPServer) -> None:
    """It is trusted where ca_file names it, by its name, and told at once where not."""
    url = f"https://localhost:{tls_server.port}/x"
    by_number = f"https://127.0.0.1:{tls_server.port}/x"

    assert call(tmp_path, table(url, 'ca_file = "x1.pem"')).result is AttemptResult.DELIVERED
    untrusted = Attempt(AttemptResult.FAILED, "the certificate is not trusted")
    assert call(tmp_path, table(url)) == untrusted
    assert call(tmp_path, table(by_number, 'ca_file = "x1.pem"')) == untrusted
    missing = call(tmp_path, table(url, 'ca_file = "away.pem"'))
    assert (missing.result, missing.reason) == (AttemptResult.FAILED, "ca_file away.pem: OSError")


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        ("token = 'Schlüssel €'", "Bearer Schlüssel €".encode()),
        ("user = 'ä'\npassword = '€'", b"Basic " + base64.b64encode("ä:€".encode())),
    ],
)
def test_a_secret_may_have_any_letters(
    tmp_path: Path, httpserver: HTTPServer, more: str, sent: bytes
) -> None:
    """They are sent as UTF-8 (RFC 7617 2.1), and so is what other headers say."""
    httpserver.expect_request("/x").respond_with_data("ok")
    attempt = call(tmp_path, table(httpserver.url_for("/x"), f"{more}\nheaders = {{ X = '€' }}"))

    assert attempt.result is AttemptResult.DELIVERED
    assert asked(httpserver).headers["Authorization"].encode("latin-1") == sent
    assert asked(httpserver).headers["X"].encode("latin-1") == "€".encode()


def test_a_signing_secret_in_a_file_may_be_too_short(tmp_path: Path) -> None:
    """It is told at once and by its key, as one in the settings, and never quoted."""
    (tmp_path / "secret").write_text("geheim\n", "utf-8")
    attempt = call(tmp_path, table("http://localhost/x", "signing_secret = { file = 'secret' }"))

    assert attempt.result is AttemptResult.FAILED
    assert attempt.reason == "signing_secret: a signing secret has at least 16 bytes"


@pytest.mark.parametrize(("said", "seconds"), [("7", 7.0), ("9999", 60.0), ("gleich", 0.0)])
def test_a_receiver_says_when_to_come_again(
    tmp_path: Path, httpserver: HTTPServer, said: str, seconds: float
) -> None:
    """Retry-After is respected as far as we wait at all (RFC 9110 10.2.3)."""
    answer = Response("langsam", 429, {"Retry-After": said})
    httpserver.expect_request("/x").respond_with_response(answer)
    attempt = call(tmp_path, table(httpserver.url_for("/x")))

    assert (attempt.result, attempt.after) == (AttemptResult.LATER, seconds)


# ------------------------------------------------------------------ in a practice

EVERY = [
    *("worklist_added", "exam_received", "exam_held", "exam_reported", "gdt_written"),
    *("exam_released", "exam_discarded", "exam_corrected", "exam_withdrawn", "exam_undone"),
    *("attention", "resolved"),
]


@pytest.fixture
def told(tmp_path: Path, httpserver: HTTPServer) -> Iterator[Practice]:
    """Return a practice whose house is told of everything."""
    httpserver.expect_request("/x").respond_with_data("ok")
    text = table(httpserver.url_for("/x"), 'fields = ["patient_id"]')
    text = text.replace('["gdt_written"]', json.dumps(EVERY))
    (tmp_path / "gdtbridge.toml").write_text(text)
    practice = Practice(tmp_path, load_settings(tmp_path / "gdtbridge.toml", {}))
    yield practice
    practice.close()


def said(practice: Practice, server: HTTPServer) -> list[tuple[str, str | None]]:
    """Have everything delivered; return the events that are new and whose they are."""
    before = len(server.log)
    practice.outbox.deliver_due("gdt")
    arrived = practice.outbox.deliver_due(f"{HOUSE}a")
    wait_for(lambda: len(server.log) - before >= arrived)  # it answers before it notes a call
    bodies = [json.loads(request.data) for request, _ in server.log[before:]]
    return [(one["type"], one["data"].get("patient_id")) for one in bodies]


def look(practice: Practice) -> None:
    """Let a minute pass and have the held exams looked at."""
    practice.clock.turn(60)
    (held,) = (one for one in practice.core.attention.sources if "held-exam" in one.codes)
    practice.core.announcer.look(held)


def refused(practice: Practice) -> list[AttentionItem]:
    """Return what a person is told of webhooks."""
    return [one for one in practice.core.attention.items() if one.code == "webhook-refused"]


def test_an_exam_is_told_from_order_to_file(told: Practice, httpserver: HTTPServer) -> None:
    """Each step once, with the number of the patient because the table names it."""
    told.core.orders.place(told.order())
    assert said(told, httpserver) == [("worklist_added", "4711")]
    told.send(StudyInstanceUID="2.25.7")
    told.send(StudyInstanceUID="2.25.7")
    assert said(told, httpserver) == [("exam_received", "4711")]
    told.wait()
    assert sorted(said(told, httpserver)) == [("exam_reported", "4711"), ("gdt_written", "4711")]
    told.core.corrections.withdraw("2.25.7", "4711", "falsch")
    assert ("exam_withdrawn", "4711") in said(told, httpserver)


def test_a_persons_word_is_told(told: Practice, httpserver: HTTPServer) -> None:
    """Held, released, taken back, discarded; and that somebody is needed, until nobody is."""
    told.send(StudyInstanceUID="2.25.7", AccessionNumber="", PatientID="")
    told.wait()
    look(told)
    assert said(told, httpserver) == [
        ("exam_received", None),
        ("exam_held", None),
        ("attention", None),
    ]
    told.core.held.release("2.25.7", "4711")
    told.core.corrections.undo("2.25.7")
    told.wait()
    assert said(told, httpserver) == [("exam_released", "4711"), ("exam_undone", "4711")]
    told.core.held.discard("2.25.7", "Test")
    look(told)
    assert said(told, httpserver) == [("exam_discarded", None), ("resolved", None)]


def test_the_house_does_not_wait(
    told: Practice, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is put is called at once, though a worker looked by itself once an hour only."""
    monkeypatch.setattr(worker, "LONGEST_SLEEP", 3600.0)
    told.core.outbox.start()
    try:
        wait_for(lambda: told.core.outbox.deliver_due("gdt") == 0, what="the first look")
        told.send(StudyInstanceUID="2.25.7", AccessionNumber="", PatientID="")
        wait_for(lambda: len(httpserver.log) == 1, what="the exam")
        told.wait()
        wait_for(lambda: len(httpserver.log) == 2, what="that it is held")
        told.core.held.discard("2.25.7", "Test")
        wait_for(lambda: len(httpserver.log) == 3, what="that it is discarded")
    finally:
        told.core.outbox.stop(5)


def test_a_correction_is_told(told: Practice, httpserver: HTTPServer) -> None:
    """Held when the device sends another person's, told once a person has accepted it."""
    for values in ({}, {"PatientID": "815", "PatientName": "Weiß^Jo"}):
        told.send(SOPInstanceUID="2.25.1", **values)
        told.wait()
    assert ("exam_held", "815") in said(told, httpserver)
    told.core.corrections.accept("2.25.1000", person=2)

    events = said(told, httpserver)
    assert ("exam_corrected", "815") in events
    assert ("exam_withdrawn", "4711") in events


def test_a_refusal_is_kept_until_a_person_says(
    tmp_path: Path, told: Practice, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Told with the answer's words, which the log has not; made again, or discarded."""
    httpserver.clear()
    refusal = httpserver.expect_request("/x")
    refusal.respond_with_data("405: Method Not Allowed für Müller", 405)
    told.core.orders.place(told.order())
    told.outbox.deliver_due(f"{HOUSE}a")

    (item,) = refused(told)
    assert item.subject == "webhook:a"
    assert "HTTP 405 Method Not Allowed" in item.detail
    assert "Müller" in item.detail
    assert "Müller" not in caplog.text
    (state,) = told.core.webhooks.states()
    assert (state.waiting, state.failed) == (0, 1)

    assert told.core.webhooks.again("a") == 1
    told.outbox.deliver_due(f"{HOUSE}a")
    first, second = (request for request, _ in httpserver.log)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert told.core.webhooks.discard("a") == 1
    assert refused(told) == []
    assert told.core.webhooks.again("a") == 0


def test_a_receiver_is_left_alone_as_long_as_it_says(
    told: Practice, httpserver: HTTPServer
) -> None:
    """It is called when that time is over, not before."""
    httpserver.clear()
    busy = Response("langsam", 503, {"Retry-After": "7"})
    httpserver.expect_request("/x").respond_with_response(busy)
    told.core.orders.place(told.order())
    for seconds, calls in ((0, 1), (5, 1), (3, 2)):
        told.clock.turn(seconds)
        told.outbox.deliver_due(f"{HOUSE}a")
        assert len(httpserver.log) == calls


def test_the_commands(tmp_path: Path, told: Practice, httpserver: HTTPServer) -> None:
    """They test a webhook, list what came of it, and show no path: it may be a password."""
    environ = {
        "GDTBRIDGE_CONFIG": str(tmp_path / "gdtbridge.toml"),
        "GDTBRIDGE_STORAGE__DATABASE": f"sqlite:///{tmp_path / 'db.sqlite'}",
    }

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["webhook", *arguments], env=environ)
        return done.exit_code, done.output

    told.core.orders.place(told.order())
    told.outbox.deliver_due(f"{HOUSE}a")
    (tmp_path / "var").mkdir(exist_ok=True)
    assert run("test", "a") == (0, "a: angekommen. / arrived: HTTP 200 OK „ok“\n")
    assert json.loads(httpserver.log[-1][0].data)["type"] == "test"
    code, listed = run("list")
    assert (code, "angekommen: HTTP 200 OK" in listed, "/x" in listed) == (0, True, False)
    assert json.loads(run("list", "--json")[1])[0]["last"]["arrived"] is True
    assert run("again", "a")[0] == 0
    assert run("discard", "a")[0] == 0
    assert run("test", "b")[0] == 1
    assert run("again", "b")[0] == 1
    httpserver.clear()
    httpserver.expect_request("/x").respond_with_data("", 401)
    assert run("test", "a")[0] == 1


def test_nobody_there_is_no_secret_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason names neither path nor token."""
    more = 'token = "geheim"'
    attempt = call(tmp_path, table(f"http://127.0.0.1:{free_port()}/geheim?t={{token}}", more))

    assert attempt == Attempt(AttemptResult.LATER, "ConnectionError", away=True)
    assert "geheim" not in caplog.text
