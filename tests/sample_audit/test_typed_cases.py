"""The list of a KV, typed or pasted."""

from __future__ import annotations

from datetime import date

import pytest

from gdtbridge.sample_audit.typed_cases import NO_DAY, NOBODY, typed_cases

TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("4711 30.11.2026", "4711"),
        ("4711\t30.11.2026", "4711"),
        ("30.11.2026 4711", "4711"),
        ("1. Öztürk, Emre *03.07.1991 30.11.26", "Öztürk, Emre"),
        ("Öztürk, Emre; 03.07.1991; 2026-11-30", "Öztürk, Emre"),
        ("1. Öztürk, Emre, geb. 03.07.1991, Untersuchung am 30.11.2026", "Öztürk, Emre"),
        ("Öztürk, Emre, geboren am 03.07.1991; Untersuchungsdatum: 30.11.2026", "Öztürk, Emre"),
        ("Am, Linh vom 30.11.2026", "Am, Linh"),
        ("Linh Am 30.11.2026", "Linh Am"),
        ("Pat.-Nr. 4711, 30.11.2026", "4711"),
        ("Nr. 4711 30.11.2026", "4711"),
        ("von der Heide, Karl - 30-11-2026", "von der Heide, Karl"),
    ],
)
def test_a_line_is_who_and_when(line: str, asked: str) -> None:
    """Of two dates the last is the day of the exam."""
    (found,) = typed_cases(line, TODAY)
    assert (found.asked, found.day, found.problem) == (asked, date(2026, 11, 30), "")


def test_what_cannot_be_read_is_said_for_its_line() -> None:
    """Empty lines are none."""
    found = typed_cases("\n4711\n \n31.11.2026 4711\n30.11.2026\n", TODAY)
    assert [one.problem for one in found][::2] == [NO_DAY, NOBODY]
    assert "31.11.2026" in found[1].problem
