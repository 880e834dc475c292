"""The pool of guarded children: what travels, and what ends a child.

Deadlines, memory, idleness and threads are tested with the readers of reports and attachments.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.sandbox import Answer, Gone, Workers
from gdtbridge.sandbox.answer import read_answer

MAX_TEXT, MAX_BODY = 200, 4_000_000


@pytest.fixture
def workers(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """Return workers of the sample room."""
    monkeypatch.setenv("PYTHONPATH", str(project))
    workers = Workers(
        "tests.sandbox.sample_room",
        seconds=20,
        memory_bytes=256 * 1024 * 1024,
        processes=1,
        idle_seconds=60,
        max_text=MAX_TEXT,
        max_body=MAX_BODY,
    )
    yield workers
    workers.close()


def test_bytes_travel_raw(workers: Workers) -> None:
    """A body of several megabytes arrives as it was, whatever lines it seems to hold."""
    answer = workers.ask({"quads": 1_000_000})
    assert (json.loads(answer.text), answer.body) == ({"quads": 1_000_000}, b"\n1 \0" * 1_000_000)
    assert workers.ask({}) == Answer(b"{}")
    assert len(workers.processes()) == 1


@pytest.mark.parametrize(
    "request_",
    [{"die": True}, {"text": "x" * MAX_TEXT}, {"quads": MAX_BODY}],
    ids=["dies", "text too long", "body too long"],
)
def test_child_that_leaves_the_protocol_is_replaced(
    workers: Workers, request_: dict[str, object]
) -> None:
    """It costs its own request only."""
    with pytest.raises(Gone):
        workers.ask(request_)
    assert workers.ask({"quads": 1}).body == b"\n1 \0"


def test_noise_of_a_library_is_no_answer(workers: Workers) -> None:
    """What C code prints on standard output never reaches the parent."""
    assert workers.ask({"noise": "{}\n"}) == Answer(b'{"noise": "{}\\n"}')
    assert workers.ask({"a": 1}) == Answer(b'{"a": 1}')


@pytest.mark.parametrize("answer", [Answer(b"{}"), Answer(b'{"a": 1}', b"\n{}\n"), Answer(b"")])
def test_answer_written_reads_back(answer: Answer) -> None:
    """Text and body survive the wire."""
    wire = io.BytesIO()
    answer.write_to(wire)
    wire.seek(0)
    assert read_answer(wire, 100, 100) == answer
    assert read_answer(wire, 100, 100) is None


@pytest.mark.parametrize(
    "written",
    [b"", b"{}", b"5 {}\nabc", b"101 {}\n" + b"a" * 101, b"9" * 50 + b" {}\n", b"x" * 200 + b"\n"],
)
def test_answer_cut_short_or_over_a_limit_is_none(written: bytes) -> None:
    """Nothing is believed that is not whole and within the limits."""
    assert read_answer(io.BytesIO(written), 100, 100) is None
