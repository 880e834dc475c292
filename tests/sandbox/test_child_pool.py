"""The pool of child processes: what travels, and what ends a child.

Deadlines, memory, idleness and threads are tested with the readers of reports and attachments.
"""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.sandbox import pool
from gdtbridge.sandbox.answer import ChildAnswer, ChildHindered, read_answer
from gdtbridge.sandbox.child import answer as answer_to
from gdtbridge.sandbox.client import result_of
from tests.sandbox.sample_room import (
    ECHO,
    ROOM,
    Echo,
    SampleClient,
    SampleDamage,
    SampleError,
    SampleHindered,
    SampleLimit,
    echo,
)


@pytest.fixture
def client(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleClient]:
    """Return a client of the sample room."""
    monkeypatch.setenv("PYTHONPATH", str(project))
    with SampleClient() as client:
        yield client


def test_bytes_travel_raw(client: SampleClient) -> None:
    """A body of several megabytes arrives as it was, whatever lines it seems to hold."""
    assert client.call(ECHO, quads=1_000_000) == Echo("", b"\n1 \0" * 1_000_000)
    assert client.call(ECHO, text="ä") == Echo("ä", b"")
    assert len(client.processes()) == 1


@pytest.mark.parametrize("bad", [{"die": True}, {"text": "x" * 200}, {"quads": 1_000_001}])
def test_child_that_dies_or_says_too_much_costs_its_own_call(
    client: SampleClient, bad: dict[str, object]
) -> None:
    """It costs its own call only."""
    with pytest.raises(SampleLimit) as raised:
        client.call(ECHO, **bad)
    assert type(raised.value) is SampleLimit
    assert client.call(ECHO, quads=1).data == b"\n1 \0"


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        ("own", SampleDamage, "a reason"),
        ("memory", SampleLimit, "memory"),
        ("other", SampleDamage, "failed: KeyError."),
        ("no such error", SampleDamage, "failed: KeyError."),
    ],
)
def test_errors_arrive(
    client: SampleClient, error: str, kind: type[SampleError], text: str
) -> None:
    """An error of the room arrives as itself, any other as the room's damage or limit."""
    with pytest.raises(kind) as raised:
        client.call(ECHO, error=error)
    assert (type(raised.value), str(raised.value)) == (kind, text)
    assert len(client.processes()) == 1


def test_wrong_request_is_a_damage() -> None:
    """Only tasks of the table run, only with arguments they have."""
    for line in (b"no json", b"[]", b'{"task": "os:system", "arguments": {}}'):
        with pytest.raises(SampleDamage):
            result_of(ROOM, ECHO, answer_to(ROOM, {ECHO.function: echo}, line))


def test_long_request_arrives_and_never_waits_for_ever(client: SampleClient) -> None:
    """A request longer than a pipe arrives; a child that does not read it is killed in time."""
    assert client.call(ECHO, noise="x" * 1_000_000) == Echo("", b"")
    with SampleClient(seconds=0.5) as late:
        late.call(ECHO)
        os.kill(late.processes()[0], signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(SampleHindered):
            late.call(ECHO, noise="x" * 1_000_000)
        assert time.monotonic() - started < 30


def test_late_without_the_processor_is_the_machines_doing(client: SampleClient) -> None:
    """A child that had nothing to compute with says nothing of its file."""
    with SampleClient(seconds=0.2) as late, pytest.raises(SampleHindered):
        late.call(ECHO, sleep=True)


def test_late_with_the_processor_is_the_files_doing(
    client: SampleClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that keeps a child computing is over its limit."""
    monkeypatch.setattr(pool, "BUSY_SHARE", 0.01)  # of a machine that has other things to do
    with SampleClient(seconds=1) as late, pytest.raises(SampleLimit) as raised:
        late.call(ECHO, compute=True)
    assert type(raised.value) is SampleLimit


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_killed_from_outside_is_the_machines_doing(
    client: SampleClient, sign: signal.Signals
) -> None:
    """Memory was short, or all processes of the service are being ended."""
    client.call(ECHO)
    with ThreadPoolExecutor(1) as threads:
        pending = threads.submit(client.call, ECHO, sleep=True)
        os.kill(client.processes()[0], sign)
        with pytest.raises(SampleHindered):
            pending.result(timeout=60)
    assert client.call(ECHO, text="a").text == "a"


def test_a_child_that_was_ended_is_no_limit_of_a_file(client: SampleClient) -> None:
    """Who asks it at the moment it is closed is hindered, as who comes a moment later."""
    room = client.room
    command = ("gdtbridge.sandbox.child", room.place, "20", str(room.memory_bytes))
    child = pool.ChildProcess(command, room.max_text, room.max_body)
    request = json.dumps({"task": ECHO.function, "arguments": {}}).encode()
    child.ask(request, 20)
    child.end()
    with pytest.raises(ChildHindered):
        child.ask(request, 20)


def test_closed_is_no_limit_of_a_file(client: SampleClient) -> None:
    """Neither what is under way at the end nor what comes later was looked at."""
    client.call(ECHO)
    with ThreadPoolExecutor(1) as threads:
        pending = threads.submit(client.call, ECHO, sleep=True)
        client.close()
        with pytest.raises(SampleHindered):
            pending.result(timeout=60)
    with pytest.raises(SampleHindered):
        client.call(ECHO)


def test_a_child_that_does_not_start_is_no_limit_of_a_file(
    client: SampleClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No program, or one that ends at once, as of a broken installation."""
    for program in ("/nonexistent/python", "/bin/false"):
        monkeypatch.setattr("sys.executable", program)
        with pytest.raises(SampleHindered):
            client.call(ECHO)


def test_noise_of_a_library_is_no_answer(client: SampleClient) -> None:
    """What C code prints on standard output never reaches the parent."""
    assert client.call(ECHO, text="a", noise="{}\n") == Echo("a", b"")
    assert client.call(ECHO, text="b") == Echo("b", b"")


def test_answer_that_is_too_long_is_an_error() -> None:
    """The parent never has to hold more than the limit."""
    line = json.dumps({"task": ECHO.function, "arguments": {"text": "x" * 99}}).encode()
    answer = answer_to(replace(ROOM, max_text=100), {ECHO.function: echo}, line)
    with pytest.raises(SampleLimit, match="too large"):
        result_of(ROOM, ECHO, answer)


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b"[]", b"null", b'{"error": "x"}', b'{"error": []}', b'{"result": {"text": 1}}'],
)
def test_garbled_answer_is_a_limit(text: bytes) -> None:
    """A child that answers nonsense is as good as dead."""
    with pytest.raises(SampleLimit, match="nonsense"):
        result_of(ROOM, ECHO, ChildAnswer(text))


@pytest.mark.parametrize(
    "answer", [ChildAnswer(b"{}"), ChildAnswer(b'{"a": 1}', b"\n{}\n"), ChildAnswer(b"")]
)
def test_answer_written_reads_back(answer: ChildAnswer) -> None:
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
