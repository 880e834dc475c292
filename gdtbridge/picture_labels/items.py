"""The check list: what is asked of each picture (``items.tsv``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.tsv import table


class Asked(StrEnum):
    """Who asks for an item."""

    SAMPLE = "sample"
    """The sample audit (KV-Stichprobe)."""
    CONSTANCY = "constancy"
    """The constancy test of a device and its transducers (Konstanzprüfung)."""
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class LabelItem:
    """An item of the check list: what is asked, where a picture's head says it, by which rule."""

    code: str
    german: str
    english: str
    elements: tuple[str, ...]
    """Fields of `gdtbridge.dataset.header.Header`; the first with content counts."""
    rule: str
    """A key of `gdtbridge.picture_labels.rules.RULES`."""
    asked: Asked
    is_told: bool
    """Whether a device that leaves it out is told of the same day."""
    advice: str
    """``German / English``: what to do where it is missing; empty for nothing."""

    @property
    def name(self) -> str:
        """``German / English``."""
        return f"{self.german} / {self.english}"


def _items() -> Iterator[LabelItem]:
    for cells in table("picture_labels/items.tsv"):
        code, german, english, elements, rule, asked, told, advice, advised, _ = cells
        yield LabelItem(
            code,
            german,
            english,
            tuple(elements.split()),
            rule,
            Asked(asked),
            told == "yes",
            f"{advice} / {advised}" if advice else "",
        )


USUAL_ITEMS: Final = tuple(_items())
"""The check list where the settings say nothing else."""
