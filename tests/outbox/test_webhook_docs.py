"""What the documents say of webhooks is what the code does; each example is called as it stands."""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from gdtbridge.outbox.model import Attempt, AttemptResult, DeliveryState, OutgoingMessage
from gdtbridge.parts import webhooks_of
from gdtbridge.settings import HouseWebhookSettings, load_settings
from gdtbridge.webhooks import EVENTS, VARIABLES, HouseEvent
from gdtbridge.webhooks.events import SAMPLES
from tests.tools.certificate import self_signed, server_context

SECRET: Final = "geheim-und-lang"


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = text.partition(f"## {heading}")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="module")
def reference(project: Path) -> str:
    """Return the reference."""
    return (project / "docs" / "reference" / "webhooks.md").read_text("utf-8")


def test_every_event_is_documented(reference: str) -> None:
    """The table is that of the code."""
    told = [[one.name, one.german, one.english] for one in EVENTS.values()]
    assert rows(reference, "Events") == told


def test_every_variable_is_documented(reference: str) -> None:
    """With who may be told, and the example a test call sends."""
    told = [
        [one.name, "fields" if one.of_patient else "always", one.german, one.english, one.sample]
        for one in VARIABLES.values()
    ]
    assert rows(reference, "Variables") == told


def test_every_key_of_the_table_is_documented(reference: str) -> None:
    """Beginning with its name."""
    told = re.findall(r"`(\w+)`", "".join(row[0] for row in rows(f"## K\n{reference}", "K")))
    keys = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", reference.partition("## Events")[0], re.M)
    found = [key.strip("`") for line in keys for key in line.split(", ")]
    assert found == list(HouseWebhookSettings.model_fields), told


# ------------------------------------------------------------------ houses


def bearer(request: Request) -> bool:
    """Return whether a call has the token."""
    return request.headers.get("Authorization") == f"Bearer {SECRET}"


def home_assistant(request: Request) -> Response:
    """Answer as Home Assistant 2026: webhooks by POST and PUT only, the REST API with a token."""
    if request.path.startswith("/api/webhook/"):
        if request.method not in {"POST", "PUT"}:
            return Response("405: Method Not Allowed", 405)
        return Response("", 200)  # also for an id it does not know
    if not bearer(request):
        return Response("401: Unauthorized", 401)
    if request.method != "POST":
        return Response("405: Method Not Allowed", 405)
    return Response(json.dumps({"state": json.loads(request.data)["state"]}), 201)


def openhab(request: Request) -> Response:
    """Answer as openHAB 4: the state of an item by PUT of plain text, with a token."""
    if not bearer(request):
        return Response('{"error": {"message": "Authentication required"}}', 401)
    if request.path != "/rest/items/Ultraschall/state":
        return Response("", 404)
    if request.method != "PUT":
        return Response("", 405)
    return Response("", 202 if request.mimetype == "text/plain" else 415)


def loxone(request: Request) -> Response:
    """Answer as a Miniserver: GET with basic authentication, XML."""
    proof = base64.b64encode(f"gdtbridge:{SECRET}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {proof}":
        return Response("Unauthorized", 401, {"WWW-Authenticate": 'Basic realm="Miniserver"'})
    if request.method != "GET":
        return Response("", 405)
    control = request.path.removeprefix("/").rpartition("/")[0]
    return Response(f'<LL control="{control}" value="1" Code="200"/>', mimetype="text/xml")


def gira(request: Request) -> Response:
    """Answer as a Gira X1: values by PUT of JSON, the token in the query."""
    if request.args.get("token") != SECRET:
        return Response('{"error": {"code": "invalidToken"}}', 401)
    if request.path != "/api/v2/values/a02b":
        return Response('{"error": {"code": "uidNotFound"}}', 404)
    if request.method != "PUT" or "value" not in json.loads(request.data):
        return Response('{"error": {"code": "invalidValue"}}', 400)
    return Response("", 200)


@dataclass(frozen=True)
class Example:
    """An example of the document: who answers, which secret it needs, what is asked."""

    answer: Callable[[Request], Response]
    asked: str
    body: bytes
    refusal: str


EXAMPLES: Final = {
    "licht": Example(
        home_assistant,
        f"POST /api/webhook/{SECRET}",
        b'{"event": "EVENT", "station": "US01"}',
        "HTTP 405 Method Not Allowed",
    ),
    "hinweis": Example(
        home_assistant,
        "POST /api/states/sensor.ultraschall",
        b'{"state": "EVENT", "attributes": {"grund": "Untersuchung ohne Zuordnung"}}',
        "HTTP 401 Unauthorized",
    ),
    "anzeige": Example(
        openhab, "PUT /rest/items/Ultraschall/state", b"EVENT", "HTTP 401 Unauthorized"
    ),
    "jalousie": Example(loxone, "GET /dev/sps/io/Ultraschall/Impuls", b"", "HTTP 401 Unauthorized"),
    "knx": Example(
        gira, f"PUT /api/v2/values/a02b?token={SECRET}", b'{"value": "1"}', "HTTP 401 Unauthorized"
    ),
}


@pytest.fixture(scope="module")
def examples(project: Path) -> dict[str, str]:
    """Return the text of each example by the webhook's name."""
    text = (project / "docs" / "praxis" / "hausautomation.md").read_text("utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return {tomllib.loads(block)["webhook"][0]["name"]: block for block in blocks}


def test_every_example_is_called(examples: dict[str, str]) -> None:
    """None is there that no test calls."""
    assert examples.keys() == EXAMPLES.keys()


@pytest.fixture
def house(
    request: pytest.FixtureRequest, examples: dict[str, str], tmp_path: Path
) -> Iterator[HTTPServer]:
    """Return the server of an example, with a certificate of its own where the example has one."""
    name = request.getfixturevalue("name")
    url = urlsplit(tomllib.loads(examples[name])["webhook"][0]["url"])
    context = server_context(self_signed(tmp_path)) if url.scheme == "https" else None
    with HTTPServer("localhost", ssl_context=context) as server:
        server.expect_request(re.compile("/")).respond_with_handler(EXAMPLES[name].answer)
        text = examples[name].replace(url.netloc, f"localhost:{server.port}")
        networks = '[webhooks]\nallowed_networks = ["127.0.0.1", "::1"]\n'
        (tmp_path / "gdtbridge.toml").write_text(networks + text, "utf-8")
        yield server


def tell(folder: Path, text: str = "") -> tuple[str, Attempt]:
    """Tell the house of the first event the example wants; return its name and what came of it."""
    file = folder / "gdtbridge.toml"
    file.write_text(text or file.read_text("utf-8"), "utf-8")
    settings = load_settings(file, {})
    (sender,) = webhooks_of(settings).values()
    event = settings.webhook[0].events[0]
    payload = sender.payload(HouseEvent(event, "k", SAMPLES), "e1", 0.0)
    message = OutgoingMessage(1, event, payload, DeliveryState.PENDING, "", "")
    return event, sender.attempt(message)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_arrives(
    name: str, house: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a server that behaves like that house; a wrong word, or a GET, is told."""
    file, example = tmp_path / "gdtbridge.toml", EXAMPLES[name]
    variable = re.findall(r'env = "(\w+)"', file.read_text("utf-8"))[0]
    monkeypatch.setenv(variable, SECRET)
    event, attempt = tell(tmp_path)

    assert attempt.result is AttemptResult.DELIVERED, attempt
    request, _ = house.log[0]
    assert f"{request.method} {request.full_path.rstrip('?')}" == example.asked
    assert request.data == example.body.replace(b"EVENT", event.encode())

    if example.refusal.endswith("Not Allowed"):
        text = re.sub(r"^body = .*\n", 'method = "GET"\n', file.read_text("utf-8"), flags=re.M)
    else:
        text = ""
        monkeypatch.setenv(variable, "falsch")
    _, attempt = tell(tmp_path, text)
    assert (attempt.result, attempt.reason) == (AttemptResult.FAILED, example.refusal)
