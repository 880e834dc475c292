"""Words as they are searched, and as they sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.people.folding import (
    LONGEST_KEY,
    after,
    folded,
    folded_words,
    search_keys,
    sound_of,
    tail_key,
)

LETTERS = "aeiousnmüäößéøI\u0131L'-"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "mueller"),
        ("MÜLLER", "Muller"),
        ("Strauß", "strauss"),
        ("Strauß", "Straus"),
        ("O\u2019Brien", "obrien"),
        ("Y\u0131lmaz", "YILMAZ"),
        ("Nguyễn", "nguyen"),
        ("Hans-Peter", "hanspeter"),
        ("Ærø", "Aeroe"),
        ("Łukasz", "lukasz"),
    ],
)
def test_spellings_of_one_word_are_one(one: str, other: str) -> None:
    """Whatever somebody types for it."""
    assert folded(one) == folded(other)


@pytest.mark.law
@given(st.text(LETTERS, max_size=12), st.integers(0, 12))
def test_the_beginning_of_a_word_begins_it_folded_too(word: str, length: int) -> None:
    """Or a name would vanish from the list while it is typed."""
    assert folded(word).startswith(folded(word[:length]))


def test_halves_of_double_names_are_words() -> None:
    """Particles are words, too; of a component group nothing is lost."""
    assert folded_words("von der Heide-Meyer^Karl") == (
        *("von", "der", "heidemeyer", "heide", "meyer", "karl"),
    )


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("Meyer", "67"),
        ("Maier", "67"),
        ("Müller-Lüdenscheidt", "65752682"),
        ("Breschnew", "17863"),
        ("Wikipedia", "3412"),
        ("Schmidt", "862"),
        ("", ""),
        ("王", ""),
    ],
)
def test_names_sound(name: str, sound: str) -> None:
    """By the table of 1969, with its published examples."""
    assert sound_of(name) == sound


def test_no_key_is_longer_than_an_index_takes() -> None:
    """Whatever a device sends for a name."""
    keys = search_keys("Ka" * 5000 + "^" + "b " * 5000, ["c" * 5000], ["1" * 5000])
    assert len(keys) < 20
    assert max(map(len, keys)) <= LONGEST_KEY


def test_keys_of_parts_stand_apart() -> None:
    """A given name is found as one, and a number by its end."""
    keys = search_keys("Müller^Sabine", ["Abdomen"], ["R0000000118"])
    assert {" muller", ";muller", " sabine", ",sabine", " abdomen", "~657"} <= keys
    assert ";sabine" not in keys
    beginning = tail_key("118")
    assert any(beginning <= key < after(beginning) for key in keys)
