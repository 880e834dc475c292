"""German words for what devices say in codes or English (``words.tsv``)."""

from __future__ import annotations

from functools import lru_cache

from gdtbridge.catalogue.rows import terms
from gdtbridge.sr.codes import normal
from gdtbridge.sr.model import Code
from gdtbridge.tsv import table


def german_word(code: Code, about: str = "") -> str | None:
    """Return the German word of a code, or of the device's words; None where there is none.

    What a word means may depend on what is ``about`` (a German label): a placenta that is anterior
    is at the front wall. The words of the catalogue's terms (sites, sides, stages) count too.
    """
    known = _words()
    key = ":".join(normal(code)) if code.value else ""
    words = f"={' '.join(code.meaning.casefold().split())}"
    found = known.get(f"{about}{words}") or known.get(key) or known.get(words)
    return found or (terms().words.get(terms().by_code.get(key, "")) or None)


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    return {row[0]: row[2] for row in table("catalogue/words.tsv")}
