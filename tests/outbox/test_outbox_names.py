"""File names: safe ones, and ones that are still free."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.outbox.names import check_name, free_number, name_key, number_of, numbered


@pytest.mark.parametrize(
    "name", ["A1.gdt", "2024-7.gdt", "A1-sr-1.2.3.gdt", "Müller.gdt", "x", "a b.gdt", "CONTRA.gdt"]
)
def test_safe_names(name: str) -> None:
    """Ordinary names pass."""
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".gdtbridge-1.tmp",
        "../x.gdt",
        "/etc/x",
        "a\\b.gdt",
        "C:x.gdt",
        "a\r\nb.gdt",
        "a\x00.gdt",
        "a*.gdt",
        "CON",
        "con.gdt",
        "LPT1.gdt",
        "a.gdt.",
        "a.gdt ",
        " a.gdt",
        "a\u202egdt",
        "x" * 201,
        "ä" * 101,
        "a\ud800.gdt",
    ],
)
def test_unsafe_names_are_refused_unquoted(name: str) -> None:
    """What could leave the folder, hide, or upset Windows is refused, and the text is not told."""
    with pytest.raises(ValueError, match=r"^not a safe file name$"):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("A.gdt", 1, "A.gdt"),
        ("A.gdt", 2, "A-2.gdt"),
        ("A.sr.gdt", 12, "A.sr-12.gdt"),
        ("A", 3, "A-3"),
        ("A-2.gdt", 2, "A-2-2.gdt"),
    ],
)
def test_numbered(name: str, number: int, expected: str) -> None:
    """The number stands before the extension and is found again."""
    assert numbered(name, number) == expected
    assert number_of(name, expected) == number


@given(st.text(alphabet="aZ-.19", min_size=1, max_size=12), st.integers(1, 10**6))
def test_number_reads_back(name: str, number: int) -> None:
    """For every name, the number is read back from what it made."""
    assert number_of(name, numbered(name, number)) == number


@pytest.mark.parametrize(
    ("one", "other"),
    [("A.gdt", "a.GDT"), ("STRASSE", "straße"), ("Mu\u0308", "mü"), ("\u017f", "S")],
)
def test_one_folder_may_take_two_names_for_one(one: str, other: str) -> None:
    """Names that differ in case or composition only have one key."""
    assert name_key(one) == name_key(other)


@given(st.sets(st.integers(1, 60)), st.integers(1, 40))
def test_free_number_is_free(taken: set[int], first: int) -> None:
    """The number found is free, and the smallest where the taken ones have no gap."""
    found = free_number(first, taken.__contains__)
    assert found >= first
    assert found not in taken
    if found > first:
        assert found - 1 in taken


def test_free_number_asks_little() -> None:
    """Behind ten thousand taken numbers the next one is found with a few questions."""
    asked: list[int] = []

    def taken(number: int) -> bool:
        asked.append(number)
        return number <= 10_000

    assert free_number(1, taken) == 10_001
    assert len(asked) < 40
