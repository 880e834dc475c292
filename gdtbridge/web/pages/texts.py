"""The words of the pages: one catalogue for each language, `texts/de.toml` and `texts/en.toml`.

A text is found by its path (``today.title``). ``{name}`` is filled in; a text of two forms
(``one``, ``other``) is chosen by ``n``; ``**word**`` is set in bold by `Texts.rich`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from gdtbridge.language import Language

FOLDER: Final = Path(__file__).with_name("texts")
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")


class Texts:
    """The catalogue of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts = _flat(tomllib.loads((FOLDER / f"{language.tag}.toml").read_text("utf-8")))

    @property
    def paths(self) -> Mapping[str, str]:
        """Every text by its path, each form of it by a path of its own."""
        return self._texts

    def __call__(self, path: str, /, **values: object) -> str:
        """Return a text with its values; raise `KeyError` where there is none."""
        return self._raw(path, values).format_map(values)

    def rich(self, path: str, /, **values: object) -> Markup:
        """Return a text as HTML: what is marked is bold, values never become markup."""
        marked = _BOLD.sub(r"<b>\1</b>", str(escape(self._raw(path, values))))
        return Markup(marked).format_map(values)  # noqa: S704 - escaped just above

    def half(self, pair: str) -> str:
        """Return this language's half of a text that is ``German / English``."""
        halves = pair.split(" / ")
        return halves[min(self.language, len(halves) - 1)]

    def has(self, path: str) -> bool:
        """Return whether there is such a text."""
        return path in self._texts or f"{path}.other" in self._texts

    def below(self, path: str) -> dict[str, str | dict[str, str]]:
        """Return the texts below a path, those of two forms as ``{one, other}``; for scripts."""
        found: dict[str, str | dict[str, str]] = {}
        forms: dict[str, dict[str, str]] = {}
        for name, text in self._texts.items():
            if name.startswith(f"{path}."):
                first, _, form = name.removeprefix(f"{path}.").partition(".")
                if form:
                    forms.setdefault(first, {})[form] = text
                else:
                    found[first] = text
        return found | forms

    def _raw(self, path: str, values: Mapping[str, object]) -> str:
        if path in self._texts:
            return self._texts[path]
        return self._texts[f"{path}.{'one' if values.get('n') == 1 else 'other'}"]


def _flat(tree: Mapping[str, object], above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in tree.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping):
            found |= _flat(value, f"{path}.")
        else:
            found[path] = str(value)
    return found


@cache
def texts_of(language: Language) -> Texts:
    """Return the catalogue of a language, read once."""
    return Texts(language)
