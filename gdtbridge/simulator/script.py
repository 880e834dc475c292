"""What a simulated device does in an exam, one act after the other, by its habits."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from gdtbridge.simulator.habits import Habits


class Act(Enum):
    """One thing a device does between choosing a patient and its last word."""

    BEGIN = auto()
    """N-CREATE: IN PROGRESS."""
    SEND = auto()
    """C-STORE of every object."""
    END = auto()
    """N-SET: COMPLETED."""
    DISCONTINUE = auto()
    """N-SET: DISCONTINUED."""
    ASK = auto()
    """N-ACTION for every object."""
    SEND_AGAIN = auto()
    SEND_CHANGED = auto()
    """An object again, with other content."""
    SEND_MORE = auto()
    """One more image."""
    DIE = auto()
    """Half an object, and the connection is cut."""
    WAIT = auto()
    """Until the report of commitment has come."""


Script = tuple[Act, ...]

_OF_A_STEP: Final = frozenset({Act.BEGIN, Act.END, Act.DISCONTINUE})
_EXAM: Final[Script] = (Act.BEGIN, Act.SEND, Act.END)
_ACTS: Final[tuple[tuple[str, Callable[[Script], Script]], ...]] = (
    ("mpps-images-first", lambda _: (Act.SEND, Act.BEGIN, Act.END)),
    ("mpps-set-first", lambda _: (Act.BEGIN, Act.END, Act.SEND)),
    ("mpps-discontinued", lambda _: (Act.BEGIN, Act.SEND, Act.DISCONTINUE)),
    ("mpps-wrong-entry", lambda _: (Act.BEGIN, Act.DISCONTINUE)),
    ("mpps-started-only", lambda acts: tuple(act for act in acts if act is not Act.END)),
    ("mpps-final-twice", lambda acts: (*acts, Act.END)),
    ("mpps-reopened", lambda acts: (*acts, Act.BEGIN, Act.SEND_MORE, Act.END)),
    ("resend-all", lambda acts: (*acts, Act.SEND_AGAIN)),
    ("same-uids-other-content", lambda acts: (*acts, Act.SEND_CHANGED)),
    ("dies", lambda acts: (*acts[: acts.index(Act.SEND)], Act.DIE) if Act.SEND in acts else acts),
    ("no-mpps", lambda acts: tuple(act for act in acts if act not in _OF_A_STEP)),
)


def script(habits: Habits, *, commitment: bool) -> Script:
    """Return the acts of an exam; ``commitment``: whether the device asks for it."""
    acts = _EXAM
    for habit, change in _ACTS:
        if habit in habits:
            acts = change(acts)
    if not commitment or Act.DIE in acts or Act.SEND not in acts:
        return acts
    if "commitment-first" in habits:
        at = acts.index(Act.SEND)
        return (*acts[:at], Act.ASK, *acts[at:], Act.WAIT)
    return (*acts, Act.ASK, Act.WAIT)
