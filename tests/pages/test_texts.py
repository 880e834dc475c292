"""The catalogues: both whole, the same places to fill in, nothing on a page beside them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest

from gdtbridge.language import Language
from gdtbridge.tsv import table
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.texts import texts_of

PAGES = Path(texts_of.__module__.replace(".", "/")).parent
ROOM = Path(__file__).parents[2] / PAGES
TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
SAID = re.compile(r"""\b(?:t|rich|texts|texts\.rich|t\.has)\(\s*f?["']([a-z][\w.-]*)["']\s*[,)]""")
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
NOT_WORDS = {"gdtbridge", "Z", "Strg Enter", "N", "F"}
"""What stands on pages and is no text: our name, keys."""


def places(text: str) -> set[str]:
    """Return the names a text is filled in with."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same() -> None:
    """Every text is there in German and in English, with the same values."""
    german, english = (texts_of(one).paths for one in Language)
    assert german.keys() == english.keys()
    assert {path for path, text in german.items() if places(text) != places(english[path])} == set()
    assert [path for path, text in {**german, **english}.items() if not text.strip()] == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.relative_to(ROOM).as_posix())
def test_every_text_a_template_names_is_there(file: Path) -> None:
    """No page fails for a text that nobody wrote."""
    named = SAID.findall(file.read_text("utf-8"))
    assert [path for path in named if not texts_of(Language.GERMAN).has(path)] == []


def test_every_text_the_code_names_is_there() -> None:
    """Nor does a view."""
    named = [path for file in ROOM.rglob("*.py") for path in SAID.findall(file.read_text("utf-8"))]
    assert [path for path in named if not texts_of(Language.GERMAN).has(path)] == []


def test_every_key_and_area_has_its_text() -> None:
    """The tables name texts as well."""
    named = {text for *_, text in table("web/pages/keys.tsv")}
    named |= {f"nav.{area}" for area in Area} | {f"weekdays.{n}" for n in range(1, 8)}
    named |= {f"months.{n}" for n in range(1, 13)}
    assert {path for path in named if not texts_of(Language.GERMAN).has(path)} == set()


class Words(HTMLParser):
    """Collects what a person would read of a template."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep a text with letters."""
        if re.search(r"[A-Za-zÄÖÜäöüß]", data):
            self.found.append(" ".join(data.split()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what is read out of attributes."""
        for name in ("aria-label", "title", "placeholder", "alt"):
            if value := dict(attrs).get(name):
                self.handle_data(value)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.relative_to(ROOM).as_posix())
def test_every_word_of_a_template_comes_from_the_catalogue(file: Path) -> None:
    """What a person can read can be proof-read, and is in both languages."""
    words = Words()
    words.feed(JINJA.sub(" ", file.read_text("utf-8")))
    assert [one for one in words.found if one not in NOT_WORDS and "gdtbridge" not in one] == []
