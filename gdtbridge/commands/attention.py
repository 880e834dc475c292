"""``gdtbridge attention``: what needs a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gdtbridge.commands.options import as_json_option, print_rows, view_of, with_settings
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.attention import AttentionItem


@click.group()
def attention() -> None:
    """Was einen Menschen braucht. / What needs a person."""


@attention.command("list")
@with_settings
@as_json_option
def attention_list(settings: Settings, *, as_json: bool) -> None:
    """Zeigen, was wartet, seit wann und was zu tun ist. / Show what waits and what to do.

    Störungen zuerst, dann das Älteste. / Faults first, then the oldest.
    """
    with view_of(settings) as core:
        found = core.attention.items()
    print_rows([_row(item, as_json=as_json) for item in found], as_json=as_json)


def _row(item: AttentionItem, *, as_json: bool) -> dict[str, str]:
    """Return the row of an item: times in UTC for programs, local ones for people."""
    moment = datetime.fromtimestamp(item.since, UTC).replace(microsecond=0)
    from gdtbridge.attention.kinds import LEVEL_TEXT

    level = item.kind.level
    row = {
        "level": level.value if as_json else LEVEL_TEXT[level],
        "since": moment.isoformat() if as_json else f"{moment.astimezone():%d.%m.%Y %H:%M}",
        "text": item.kind.text(),
        "whose": item.whose,
        "way_out": item.way_out,
        "detail": item.detail,
    }
    return row | ({"kind": item.code, "subject": item.subject} if as_json else {})
