"""What pictures lack, in the words of the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from gdtbridge.day import ShownDevice
from gdtbridge.sample_audit.checks import MissingLabel
from gdtbridge.web.pages.texts import Texts


@dataclass(frozen=True, slots=True)
class ToldLabels:
    """What the pictures of one device lack: its name, and the items in words."""

    device: str
    sentence: str
    labels: Sequence[MissingLabel]


def told_labels(
    labels: Iterable[MissingLabel], devices: Iterable[ShownDevice], texts: Texts
) -> list[ToldLabels]:
    """Return what is missing by device, without what nobody wants to be told."""
    names = {one.aet: one.shown for one in devices}
    told = (one for one in labels if not one.is_quiet)
    return [
        ToldLabels(names.get(aet, aet), items_in_words(found, texts), found)
        for aet, group in groupby(told, key=lambda one: one.device)
        if (found := list(group))
    ]


def items_in_words(labels: Iterable[MissingLabel], texts: Texts) -> str:
    """Return ``Praxis (6 Bilder), Gerät (1 Bild)``."""
    return ", ".join(
        texts("sample.item_of", item=texts.half(one.item.name), n=one.pictures) for one in labels
    )
