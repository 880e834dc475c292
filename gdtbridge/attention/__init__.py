"""What needs a person: one list of items, each with its level, its cause and the way out.

Sources look at exams, order files, outbox, worklist and disk; an announcer tells what is new, by a
webhook and by a GDT record. What must not live here: how a list is shown, and deciding anything.
"""

from gdtbridge.attention.kinds import KINDS, AttentionKind, AttentionLevel
from gdtbridge.attention.model import (
    LOOK_ERRORS,
    Attention,
    AttentionItem,
    AttentionSource,
    counts,
    has_fault,
)

__all__ = [
    "KINDS",
    "LOOK_ERRORS",
    "Attention",
    "AttentionItem",
    "AttentionKind",
    "AttentionLevel",
    "AttentionSource",
    "counts",
    "has_fault",
]
