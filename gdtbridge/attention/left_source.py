"""Files in order folders that are not ours and that nobody collects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import ClassVar, Final

from gdtbridge.attention.model import AttentionItem, shown_name
from gdtbridge.orders import LeftFile
from gdtbridge.orders.folder_memory import FolderMemory

_MOST_NAMED: Final = 5
"""Names of files that are told of one cause."""


@dataclass(frozen=True, slots=True)
class LeftFileSource:
    """Files left alone in order folders for an hour or longer."""

    name: ClassVar = "order-folders"
    codes: ClassVar = frozenset({"order-file-left"})

    memory: FolderMemory
    inboxes: Mapping[str, Path]
    """The watched folders by route."""

    def items(self) -> list[AttentionItem]:
        """Return one item for each folder and cause."""
        found = [one for one in self.memory.all_left() if one[0] in self.inboxes]
        found.sort(key=_cause)
        return [
            self._item(route, reason, [file for _, file in group])
            for (route, reason), group in groupby(found, _cause)
        ]

    def _item(self, route: str, reason: str, files: list[LeftFile]) -> AttentionItem:
        names = ", ".join(shown_name(one.name) for one in files[:_MOST_NAMED])
        more = ", …" if len(files) > _MOST_NAMED else ""
        return AttentionItem(
            "order-file-left",
            f"left:{route}:{reason}",
            min(one.since for one in files),
            detail=f"{self.inboxes[route]}: {len(files)} ({names}{more}): {reason}",
            names={"folder": str(self.inboxes[route])},
        )


def _cause(one: tuple[str, LeftFile]) -> tuple[str, str]:
    route, file = one
    return route, file.reason
