"""The frame over HTTP: policy, what is kept, pages that follow, refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask, Response

from gdtbridge.health import PartState
from gdtbridge.settings import Settings
from gdtbridge.web.access.admission import FOLLOWS
from gdtbridge.web.pages.frame import Frame
from tests.tools.service import Service, service


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a running service."""
    folder = tmp_path_factory.mktemp("bridge")
    with service(folder, practice__name='Praxis "<b>Sommer</b>"', page__language="en") as running:
        yield f"http://127.0.0.1:{running.ports['HTTP']}"


def get(url: str, **headers: str) -> requests.Response:
    """Ask once, as a browser does."""
    headers = {"Accept": "text/html", **headers}
    return requests.get(url, timeout=60, headers=headers, allow_redirects=False)


def test_a_page_allows_nothing_but_its_own(url: str) -> None:
    """Scripts and styles come from here; no frame, no inline script, no other address."""
    answer = get(f"{url}/mehr")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(
        r"<style|\sstyle=|\son\w+=|<script(?![^>]*(?:src=|application/json))", answer.text
    )


def test_what_a_setting_says_is_no_markup(url: str) -> None:
    """The name of the practice is text."""
    text = get(f"{url}/mehr").text
    assert "&lt;b&gt;Sommer" in text
    assert '<html lang="en">' in text


def test_an_asset_is_kept_for_ever_and_never_mixed(url: str) -> None:
    """Its address has a digest; one of another version is gone."""
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', get(f"{url}/mehr").text)
    assert len(found) >= 10
    for path in found:
        answer = get(url + path)
        assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True)
    version = found[0].split("/")[2]
    assert get(url + found[0].replace(version, "0" * 16)).status_code == 404


@pytest.mark.parametrize(
    "name", ["../frame.py", "..%2fframe.py", "icons/x.svg", "css", "", "css/../../frame.py"]
)
def test_nothing_else_can_be_had_as_an_asset(url: str, name: str) -> None:
    """Names are those of a fixed list; a path leads nowhere."""
    version = re.findall(r"/static/(\w+)/", get(f"{url}/mehr").text)[0]
    assert get(f"{url}/static/{version}/{name}").status_code in {400, 404, 405}


def test_a_program_gets_its_refusal_and_a_browser_a_page(url: str) -> None:
    """An unknown address is a page for who reads pages, RFC 9457 for all others."""
    page = get(f"{url}/nowhere")
    assert (page.status_code, "There is nothing here" in page.text) == (404, True)
    program = requests.get(f"{url}/api/v1/nowhere", timeout=60)
    assert program.headers["Content-Type"] == "application/problem+json"


def test_a_page_that_follows_gets_its_parts(url: str) -> None:
    """Without the frame around them; whose revision is still right gets nothing."""
    whole = get(f"{url}/mehr")
    parts = get(f"{url}/mehr", **{"X-Live-Revision": "-1"})
    assert 'id="areas"' in parts.text
    assert len(parts.content) < len(whole.content)
    assert 'id="search"' in whole.text
    assert 'id="search"' not in parts.text
    assert "form_token" not in parts.text
    (mark,) = re.findall(r'data-revision="([^"]+)"', parts.text)
    assert get(f"{url}/mehr", **{"X-Live-Revision": mark}).status_code == 204


def test_what_changes_while_a_page_is_made_is_not_missed() -> None:
    """The page has the mark of when its making began: it asks again, and gets what is new."""
    number = 1
    parts: dict[str, PartState] = {}
    frame = Frame(Settings(), lambda: parts, lambda: number)
    app = Flask("test")

    def mark_of(answer: Response) -> str:
        found = re.search(r'data-revision="([^"]+)"', answer.get_data(as_text=True))
        assert found
        return found[1]

    with app.test_request_context("/mehr", headers={FOLLOWS: "0"}):
        assert frame.follow() is None
        number = 2
        shown = mark_of(frame.show("more.html", "Mehr"))
    with app.test_request_context("/mehr", headers={FOLLOWS: shown}):
        assert frame.follow() is None
        shown = mark_of(frame.show("more.html", "Mehr"))
    with app.test_request_context("/mehr", headers={FOLLOWS: shown}):
        assert frame.follow() is not None
    parts["exams"] = PartState(ok=True, waiting={"held-exam": 1})
    with app.test_request_context("/mehr", headers={FOLLOWS: shown}):
        assert frame.follow() is None


def test_the_start_is_today(url: str) -> None:
    """The first address leads to the day."""
    answer = get(f"{url}/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/heute")


def test_a_form_from_elsewhere_is_refused(url: str) -> None:
    """Whatever page would send it; nothing is looked at."""
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = requests.post(f"{url}/mehr", timeout=60, headers=headers)
        assert answer.status_code == 403


def test_a_service_starts_with_the_name_of_no_practice(tmp_path: Path) -> None:
    """Nothing has to be set."""
    with Service(tmp_path) as running:
        assert get(f"http://127.0.0.1:{running.ports['HTTP']}/mehr").status_code == 200
