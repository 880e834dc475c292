"""Calls of webhooks that did not arrive: refused for good, or too old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gdtbridge.attention.model import AttentionItem
from gdtbridge.outbox.calls import WebhookCalls, WebhookState


@dataclass(frozen=True, slots=True)
class WebhookSource:
    """Webhooks of which calls did not arrive, until a person has them made again or discards."""

    name: ClassVar = "webhooks"
    codes: ClassVar = frozenset({"webhook-refused"})

    calls: WebhookCalls

    def items(self) -> list[AttentionItem]:
        """Return one item for each webhook; asks the database only."""
        return [_item(one) for one in self.calls.states() if one.failed]


def _item(one: WebhookState) -> AttentionItem:
    words = f" \u201e{one.last.words}\u201c" if one.last is not None and one.last.words else ""
    return AttentionItem(
        "webhook-refused",
        f"webhook:{one.name}",
        one.failed_since,
        detail=f"{one.name}: {one.failed} [{one.reason}]{words}",
        names={"webhook": one.name},
    )
