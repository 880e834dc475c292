"""The log says what happened and to which of our numbers, and nothing of patients."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from gdtbridge.logs import QuietFormatter, set_up


def line(name: str, message: str, *args: object, error: bool = False) -> str:
    """Return the formatted line of one record."""
    trace = sys.exc_info() if error else None
    record = logging.LogRecord(name, logging.ERROR, "module.py", 7, message, args, trace)
    return QuietFormatter().format(record)


def test_our_own_messages_are_whole() -> None:
    """What we say ourselves is written as it is."""
    assert line("gdtbridge.exams.service", "exam %d is held", 7).endswith("exam 7 is held")


@pytest.mark.parametrize(
    ("message", "args"),
    [("Invalid value: %s", ("Müller^Änne",)), ("Invalid value: Müller^Änne", ())],
)
def test_foreign_messages_lose_their_values(message: str, args: tuple[str, ...]) -> None:
    """A library's message keeps its template and place only."""
    assert "Müller" not in line("pydicom", message, *args)
    assert "module:7" in line("pydicom", message, *args)


def test_an_exception_is_told_by_type_and_place() -> None:
    """The text of an exception may hold a patient's name; its place may not."""
    try:
        raise ValueError("Müller^Änne")
    except ValueError:
        text = line("gdtbridge", "failed", error=True)

    assert "Müller" not in text
    assert "ValueError at test_logs.py" in text


def test_one_event_is_one_line() -> None:
    """Line breaks in a message do not forge log lines."""
    assert "\n" not in line("gdtbridge", "a\nERROR b")


@pytest.mark.parametrize("sign", ["\x1b[2J", "\x85", "\u2028", "\u202e", "\x00", "\x0b"])
def test_no_sign_that_moves_a_cursor_gets_through(sign: str) -> None:
    """An AE title cannot clear the screen of who reads the log, nor forge a line."""
    assert not set(line("gdtbridge", "from %s", f"a{sign}b")) & set("\x1b\x85\u2028\u202e\x00\x0b")


@pytest.fixture
def logging_set_up() -> Iterator[None]:
    """Set logging up as the service does."""
    with warnings.catch_warnings():
        set_up()
        yield


@pytest.mark.usefixtures("logging_set_up")
def test_a_thread_that_dies_says_nothing_of_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Python would print the text of the error, which may be a patient's name."""

    def die() -> None:
        raise ValueError("Müller^Änne")

    logging.getLogger().handlers[0].setStream(sys.stderr)  # type: ignore[attr-defined]
    thread = threading.Thread(target=die, name="worker")
    thread.start()
    thread.join()

    told = capsys.readouterr().err
    assert "thread 'worker' died: ValueError at test_logs.py" in told
    assert "Müller" not in told


@pytest.mark.usefixtures("logging_set_up")
def test_a_message_that_cannot_be_formatted_shows_no_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Python would print the arguments."""
    logging.getLogger().handlers[0].setStream(sys.stderr)  # type: ignore[attr-defined]
    logging.getLogger("gdtbridge.test").error("exam %d", "Müller^Änne")

    assert "Müller" not in capsys.readouterr().err
