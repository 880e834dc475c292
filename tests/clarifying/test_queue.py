"""What waits, page by page: how much there is in all, and the page a line is on."""

from __future__ import annotations

import pytest

from gdtbridge.clarifying.looking import key_of
from gdtbridge.clarifying.queue import ClarifyingQueue
from gdtbridge.errors import NotFound
from gdtbridge.service import web_ports
from gdtbridge.settings import Settings
from gdtbridge.web.app import create_app
from tests.clarifying.scenes import Stage

HELD = 60


@pytest.fixture
def queue(stage: Stage) -> ClarifyingQueue:
    """Return the queue of a practice that decides nothing for weeks."""
    for number in range(HELD):
        stage.practice.clock.seconds += 1
        stage.practice.send(StudyInstanceUID=f"2.25.9{number}", PatientID="")
    stage.practice.wait()
    return stage.practice.core.clarifying.queue


def test_a_page_names_its_own_lines_alone(stage: Stage, queue: ClarifyingQueue) -> None:
    """The newest first, none twice, none left out; a line is found on its page."""
    first, second = queue.page(), queue.page(50)
    assert (first.total, first.exams, first.decisions) == (HELD, HELD, HELD)
    assert (first.last, second.last, second.previous) == (50, HELD, 0)
    keys = [one.key for one in (*first.lines, *second.lines)]
    assert keys == [one.key for one in queue.lines()] == [key_of(i) for i in range(HELD, 0, -1)]
    assert queue.page(about=key_of(3)).first == 50
    assert queue.page(9999).lines == ()
    with pytest.raises(NotFound):
        queue.line(key_of(999))
    app = create_app(Settings(), web_ports(stage.practice.core), dict)
    page = app.test_client().get("/klaeren", headers={"Accept": "text/html"}).text
    assert f"1\N{EN DASH}50 von {HELD}" in page
    assert page.count("data-row") == 50
    page = app.test_client().get(f"/klaeren/{key_of(3)}", headers={"Accept": "text/html"}).text
    assert f"51\N{EN DASH}{HELD} von {HELD}" in page
    assert page.count('aria-current="true"') == 1
