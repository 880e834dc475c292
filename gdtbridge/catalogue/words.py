"""German words for what devices say in codes or English (``words.tsv``)."""

from __future__ import annotations

from functools import lru_cache

from gdtbridge.catalogue.rows import terms
from gdtbridge.sr.codes import normal
from gdtbridge.sr.model import Code
from gdtbridge.tsv import table


def german_word(code: Code) -> str | None:
    """Return the German word of a code, or of the device's words; None where there is none.

    The words of the catalogue's terms (``terms.tsv``: sites, sides, stages) count too.
    """
    known = _words()
    key = ":".join(normal(code)) if code.value else ""
    found = known.get(key) or known.get(f"={' '.join(code.meaning.casefold().split())}")
    return found or (terms().words.get(terms().by_code.get(key, "")) or None)


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    return {row[0]: row[2] for row in table("catalogue/words.tsv")}
