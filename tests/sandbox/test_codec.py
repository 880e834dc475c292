"""Values on their way between the processes: each kind arrives as itself, nonsense does not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from gdtbridge.pictures import KeyObjectReference, KeyObjects, RenderedFile
from gdtbridge.sandbox.codec import decode, encode


class Colour(StrEnum):
    """A choice."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Leaf:
    """Of every kind that is a text in JSON."""

    value: Decimal
    day: date | None
    clock: time
    path: Path
    colour: Colour
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """Of every kind that holds others."""

    leaves: tuple[Leaf, ...]
    names: tuple[str, ...]
    pair: tuple[tuple[int, ...], Decimal]
    perhaps: tuple[Leaf, ...] | None
    data: bytes


LEAF = Leaf(Decimal("-1.50"), date(2024, 2, 29), time(23, 59), Path("ä"), Colour.RED, "x")
BARE = Leaf(Decimal("1E+3"), None, time(0, 0, 1), Path("/b"), Colour.RED)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Leaf, LEAF),
        (Tree, Tree((LEAF, BARE), ("a", ""), ((1, 2), Decimal("0.10")), (BARE,), b"\n\0")),
        (Tree, Tree((), (), ((), Decimal(0)), None, b"")),
        (RenderedFile, RenderedFile("JPG", "Größe", bytes(range(256)))),
        (KeyObjects, KeyObjects((KeyObjectReference("1.2", (3, 4)),), (KeyObjectReference("5"),))),
        (int, 7),
        (str, "ß"),
    ],
)
def test_value_written_reads_back(kind: Any, value: object) -> None:
    """Every digit, date and byte; the line is ASCII."""
    text, body = encode(value)
    assert text.isascii()
    assert "\n" not in text
    assert decode(kind, json.loads(text), body) == value


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (int, "1"),
        (str, None),
        (Leaf, {}),
        (Leaf, None),
        (Leaf, []),
        (Tree, {"leaves": [1]}),
        (Colour, "blue"),
        (date, "2024-02-30"),
        (Decimal, None),
        (set, []),
    ],
)
def test_what_does_not_fit_is_an_error(kind: Any, sent: object) -> None:
    """Nothing is made of another kind of value."""
    with pytest.raises((TypeError, ValueError, KeyError, ArithmeticError)):
        decode(kind, sent)


@pytest.mark.parametrize("value", [object(), {1, 2}, (b"a", b"b")])
def test_what_cannot_travel_is_refused(value: object) -> None:
    """Another kind of value, or a second body."""
    with pytest.raises(TypeError):
        encode(value)
