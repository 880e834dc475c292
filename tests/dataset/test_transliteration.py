"""Letters a character set lacks, in other letters."""

# ruff: noqa: RUF001 - characters that look alike are what is tested

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.transliteration import plain_letters, transliterated


def in_latin_1(text: str) -> bool:
    """Return whether Latin-1 has every character."""
    return all(letter <= "\xff" for letter in text)


@pytest.mark.parametrize(
    ("text", "latin_1", "ascii_"),
    [
        ("Müller^Änne", "Müller^Änne", "Mueller^Aenne"),
        ("Mu\u0308ller", "Müller", "Mueller"),
        ("MÜLLER-ÖZ", "MÜLLER-ÖZ", "MUELLER-OEZ"),
        ("WEIẞ", "WEISS", "WEISS"),
        ("Łukasz^Żaneta", "Lukasz^Zaneta", "Lukasz^Zaneta"),
        ("Šimůnek", "Simunek", "Simunek"),
        ("Nguyễn", "Nguyên", "Nguyen"),
        ("O’Brien – X", "O'Brien - X", "O'Brien - X"),
        ("5 €", "5 EUR", "5 EUR"),
        ("Щукин^Юлия", "Shchukin^Iuliia", "Shchukin^Iuliia"),
        ("ЩУКИН", "SHCHUKIN", "SHCHUKIN"),
        ("Гоголь", "Gogol", "Gogol"),
        ("Đorđević^Ђорђевић", "Dordevic^Dordevic", "Dordevic^Dordevic"),
        ("Παπαδόπουλος^Δημήτρης", "Papadopoulos^Dimitris", "Papadopoulos^Dimitris"),
        ("ΠΑΠΑΔΟΠΟΥΛΟΣ", "PAPADOPOULOS", "PAPADOPOULOS"),
        ("α-Fetoprotein, 5 μm", "alpha-Fetoprotein, 5 µm", "alpha-Fetoprotein, 5 um"),
        ("王^小", "?^?", "?^?"),
    ],
)
def test_what_is_written_instead(text: str, latin_1: str, ascii_: str) -> None:
    """Letters the set has stay; others keep their sound, as passports write it."""
    assert transliterated(text, in_latin_1) == latin_1
    assert transliterated(text, str.isascii) == ascii_


@given(st.text())
def test_only_what_the_set_has_is_written(text: str) -> None:
    """Whatever the text, nothing is left that the set lacks."""
    assert in_latin_1(transliterated(text, in_latin_1))
    assert transliterated(text, str.isascii).isascii()


@given(st.text(st.characters(max_codepoint=0x17F, categories=["L", "N"])))
def test_a_written_name_has_the_same_plain_letters(text: str) -> None:
    """A name that came back in other letters is known again (Latin, with Extended-A)."""
    assert plain_letters(transliterated(text, str.isascii)) == plain_letters(text)
