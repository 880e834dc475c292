"""The rooms whose tasks run in children: their tables, and their errors on the way."""

from __future__ import annotations

import json

import pytest

from gdtbridge.pictures.reader import PICTURES
from gdtbridge.report_page.printer import PAGES
from gdtbridge.sandbox.answer import ChildAnswer
from gdtbridge.sandbox.client import result_of
from gdtbridge.sandbox.room import SandboxRoom, load
from gdtbridge.sr.reader import REPORTS

ROOMS = {"sr": REPORTS, "pictures": PICTURES, "report_page": PAGES}


@pytest.fixture(params=ROOMS)
def room(request: pytest.FixtureRequest) -> SandboxRoom:
    """Return each room."""
    return ROOMS[request.param]


def test_child_finds_the_table(room: SandboxRoom) -> None:
    """Place, preparation and the limits of every room hold."""
    assert load(room.place) is room
    assert callable(load(room.prepare))
    assert {room.damage, room.limit, room.hindered} <= set(room.errors)
    assert issubclass(room.hindered, room.limit)


def test_errors_of_a_room_arrive_as_themselves(room: SandboxRoom) -> None:
    """Class and text survive the way, for every task."""
    for kind in room.errors:
        said = json.dumps({"error": kind.__name__, "message": "Grund"}).encode()
        for task in room.tasks:
            with pytest.raises(kind, match="Grund"):
                result_of(room, task, ChildAnswer(said))


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"null", b'{"error": "x"}', b'{"result": []}', b'{"result": {}}']
)
def test_garbled_answer_is_a_limit(text: bytes, room: SandboxRoom) -> None:
    """A child that answers nonsense is as good as dead, whatever it was asked."""
    for task in room.tasks:
        with pytest.raises(room.limit, match="Unsinn"):
            result_of(room, task, ChildAnswer(text))
