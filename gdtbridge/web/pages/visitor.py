"""Who looks at a page: what the pages need to know of the person; `web/access` finds it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import g


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person at a page."""

    name: str = ""
    """As others read it; empty where nobody signed in."""
    may_change: bool = False
    may_administer: bool = False
    form_token: str = ""
    """What each form of this person carries; empty where nothing is signed."""
    signed_in: bool = False
    account_id: int | None = None
    seconds_left: float = 0.0
    """Until the session ends if the person does nothing."""

    @property
    def is_in(self) -> bool:
        """Whether the frame may say how the house is."""
        return self.signed_in or self.may_administer


OPEN_HOUSE: Final = Visitor(may_change=True, may_administer=True)
"""Who comes from this machine before there is an account."""


NOBODY: Final = Visitor()
"""Who has not signed in."""


def visitor() -> Visitor:
    """Return who makes the request at hand."""
    found: Visitor = g.get("visitor", NOBODY)
    return found


def welcome(one: Visitor) -> None:
    """Enter who makes the request at hand."""
    g.visitor = one
