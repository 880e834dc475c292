"""Patterns of a practice: what is refused at the start, and that what is not stays quick."""

from __future__ import annotations

import time

import pytest

from gdtbridge.settings.patterns import LONGEST_TEXT, compiled_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]{1,10}",
        "[0-9]+-[0-9]+/[0-9]+",
        "K-[0-9]{1,8}(-[0-9]+)?",
        "(?:K|P)?[0-9]+",
        r"(?=[0-9])(?P<number>\d+)",
        r"\(\d+\)",
        "[(+*|]+",
        "[]()+]+",
        "(?:[0-9]{2}-){3}[0-9]{4}",
        "a{}",
        "a?" * 20,
    ],
)
def test_what_practices_write_is_taken(pattern: str) -> None:
    """And answers at once, also where it does not match."""
    compiled = compiled_pattern(pattern)
    before = time.process_time()
    compiled.fullmatch("a" * (LONGEST_TEXT - 1) + "!")

    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("([0-9]+)*", "zu viele Lesarten"),
        ("([0-9]*)+x", "zu viele Lesarten"),
        ("(a|a)+", "zu viele Lesarten"),
        ("(a|a){2,}", "zu viele Lesarten"),
        ("((a?)b?){64}", "zu viele Lesarten"),
        ("(?:(?:a{1,2}))+", "zu viele Lesarten"),
        (".*.*.*.*x", "zu viele Lesarten"),
        ("a?" * 40, "zu viele Lesarten"),
        ("(a|a)" * 30, "zu viele Lesarten"),
        ("(?i)k[0-9]+", "Art von Gruppe"),
        ("(?#a)", "Art von Gruppe"),
        ("(?<=a)b", "Art von Gruppe"),
        ("([0-9]+", "regulärer Ausdruck"),
        ("*", "regulärer Ausdruck"),
        ("a{99999999999999999999}", "regulärer Ausdruck"),
        ("a" * 201, "200 Zeichen"),
    ],
)
def test_what_may_be_slow_or_is_none_is_refused(pattern: str, told: str) -> None:
    """With a sentence in both languages."""
    with pytest.raises(ValueError, match=f"{told}.* / "):
        compiled_pattern(pattern)
