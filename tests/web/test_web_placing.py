"""``/worklist/add`` in a browser: what places an order, what is asked, what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from gdtbridge.web.access import once
from gdtbridge.web.access.once import OpenQuestions
from tests.tools.clock import HandClock

TOKEN = "correct-horse-battery"
ADD = "/worklist/add?id=12345&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1"
TYPED = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
OLD = {"Upgrade-Insecure-Requests": "1"}
"""What a browser sends with a page where it sends no Sec-Fetch: over HTTP to another machine."""


def get(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """Call with headers."""
    return requests.get(url, headers=headers, timeout=60)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none, same-site"},
        {"Sec-Fetch-Site": "future-site"},
        {"Referer": "https://evil.example/"},
        {"Referer": "https://evil.example/127.0.0.1"},
        {"Referer": "http://127.0.0.1:1/"},
        {"Referer": "http://[/"},
        {"Referer": "android-app://mail"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"},
        TYPED | {"Sec-Fetch-Site": "cross-site"},
        TYPED | {"Sec-Fetch-Site": "same-site"},
        OLD | {"Referer": "https://mail.example/"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_page_places_nothing(
    url: str, orders: Any, headers: dict[str, str], method: str
) -> None:
    """Any sign of another page is enough."""
    answer = requests.request(method, url + ADD, headers=headers, timeout=60)
    assert answer.status_code == 403
    assert answer.text.startswith("error: ")
    assert orders.requests == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-site"}, {"Referer": "http://e.de/"}])
def test_another_page_changes_nothing_by_json(
    url: str, orders: Any, headers: dict[str, str]
) -> None:
    """The JSON calls that change something are judged alike; the answer is kept from pages."""
    body = {"patient": {"id": "1"}}
    api = f"{url}/api/v1/worklist"
    assert requests.post(api, json=body, headers=headers, timeout=60).status_code == 403
    assert requests.delete(f"{api}/R1", headers=headers, timeout=60).status_code == 403
    assert get(api, headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"},
        {"User-Agent": "Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)"},
        {"Referer": ""},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    ],
)
def test_programs_place_at_once(url: str, orders: Any, headers: dict[str, str]) -> None:
    """What sends no such header is a program: curl, PHP, Java, WinHTTP."""
    answer = get(url + ADD, headers)
    assert (answer.status_code, answer.text[3:11]) == (200, "80006310")
    assert len(orders.requests) == 1


@pytest.mark.parametrize("headers", [TYPED, OLD, OLD | {"Referer": "http://ais.lan/akte"}])
def test_page_with_the_token_places_at_once(
    serve: Any, orders: Any, headers: dict[str, str]
) -> None:
    """Practice software that can only open an address in the browser shows the token in it."""
    url = f"http://127.0.0.1:{serve(token=TOKEN).port}"
    answer = get(f"{url}{ADD}&token={TOKEN}", headers)
    assert (answer.status_code, answer.headers["Content-Type"][:10]) == (200, "text/plain")
    assert len(orders.requests) == 1
    assert get(url + ADD, headers).status_code == 401


@pytest.mark.parametrize("headers", [TYPED, OLD])
def test_page_without_a_token_asks_once(url: str, orders: Any, headers: dict[str, str]) -> None:
    """The page shows the values; its button places them, and only once."""
    asked = get(f"{url}{ADD}&procedure=Abdomen&token=made-up", headers)
    assert asked.status_code == 200
    assert orders.requests == []
    for shown in ("Eintragen?", "12345", "Doe", "John", "01.01.1900", "männlich", "Abdomen"):
        assert shown in asked.text
    assert "form-action 'self'" in asked.headers["Content-Security-Policy"]
    assert asked.headers["Referrer-Policy"] == "same-origin"
    placed = press(url, asked.text)
    assert (placed.status_code, "<h1>Eingetragen</h1>" in placed.text) == (200, True)
    assert [order.patient.family_name for order in orders.requests] == ["Doe"]
    again = press(url, asked.text)
    assert (again.status_code, "<h1>Nicht eingetragen</h1>" in again.text) == (410, True)
    assert len(orders.requests) == 1


def press(url: str, text: str) -> requests.Response:
    """Press the button of a page as a browser does."""
    found = re.search(r'action="add">\s*<input type="hidden" name="once" value="([^"]+)"', text)
    assert found
    headers = TYPED | {"Sec-Fetch-Site": "same-origin", "Origin": url, "Referer": url + ADD}
    return requests.post(
        f"{url}/worklist/add", data={"once": found[1]}, headers=headers, timeout=60
    )


@pytest.mark.parametrize("value", ["", "guess", "x" * 5000])
def test_answer_nobody_asked_for(url: str, orders: Any, value: str) -> None:
    """An invented value places nothing, whatever else is sent; neither does one in an address."""
    for call in (requests.post, requests.get):
        answer = call(f"{url}{ADD}&once={value}", headers=TYPED, timeout=60)
        assert answer.status_code == 410
    assert orders.requests == []


def test_a_link_does_not_answer_its_own_question(url: str, orders: Any) -> None:
    """The answer is a form that is sent, never an address."""
    value = re.search(r'name="once" value="([^"]+)"', get(url + ADD, TYPED).text)
    assert value
    assert get(f"{url}/worklist/add?once={value[1]}", TYPED).status_code == 410
    assert orders.requests == []


def test_question_shows_values_as_text(url: str) -> None:
    """Nothing of the address becomes markup."""
    text = get(f"{url}{ADD}&procedure=%3Cscript%3Ealert(1)%3C/script%3E%22", TYPED).text
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;" in text


def test_wrong_values_are_refused_before_the_question(url: str) -> None:
    """A person is not asked about what cannot be placed."""
    answer = get(f"{url}{ADD[:-1]}9", TYPED)
    assert (answer.status_code, answer.text[:12]) == (400, "error: sex: ")


def test_questions_end_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten minutes a question is closed; of too many the oldest is."""
    clock = HandClock()
    questions: OpenQuestions[str] = OpenQuestions(clock.monotonic)
    late, kept = questions.ask("late"), questions.ask("kept")
    clock.turn(once.OPEN_SECONDS)
    assert questions.answer(kept) == "kept"
    clock.turn(1)
    assert questions.answer(late) is None
    monkeypatch.setattr(once, "MOST_OPEN", 2)
    values = [questions.ask(word) for word in "abc"]
    assert [questions.answer(value) for value in values] == [None, "b", "c"]


def test_the_question_tells_all_that_was_asked_for(url: str) -> None:
    """Day, height and urgency too, in German, so that a person sees what is placed."""
    more = "&date=23.11.2026&time=0830&height=172&priority=stat&pregnancy=possible&reason=%3Cb%3E"
    page = get(url + ADD + more, TYPED).text
    for name, value in (
        ("Termin", "23.11.2026 08:30"),
        ("Größe", "172"),
        ("Dringlichkeit", "Notfall"),
        ("Schwangerschaft", "möglich"),
        ("Anlass", "&lt;b&gt;"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
