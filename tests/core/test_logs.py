"""The log says what happened and to which of our numbers, and nothing of patients."""

from __future__ import annotations

import logging
import sys

import pytest

from gdtbridge.logs import QuietFormatter


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
