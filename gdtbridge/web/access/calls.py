"""Which call needs which right: the table `calls.tsv` as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from gdtbridge.accounts import SCOPES, Role
from gdtbridge.audit import ACTS
from gdtbridge.tsv import table

ANY: Final = "*"
NONE: Final = "-"
EVERYONE: Final = "everyone"
PROGRAM: Final = "program"
STUDY_LINK: Final = "study-link"
"""Among the scopes of a row: whoever has a link to a study may, as far as that study goes."""
_RANKS: Final[Mapping[Role, int]] = {Role.READER: 0, Role.PRACTICE: 1, Role.ADMIN: 2}


class HereRule(StrEnum):
    """Whether a program on this machine may call without showing anything."""

    NEVER = "-"
    ALWAYS = "always"
    SETTING = "setting"
    """While ``http.open_worklist_add`` says so."""


@dataclass(frozen=True, slots=True)
class CallRule:
    """Who may make a call, and what the audit trail says of it."""

    role: Role | None
    """The least role of a person; None: everyone, signed in or not, or no person at all."""
    scopes: frozenset[str]
    here: HereRule
    act: str
    """Empty: nothing is said."""
    is_for_programs: bool = False
    """Whether no person may, whatever their role."""

    @property
    def is_for_everyone(self) -> bool:
        """Whether nobody has to say who they are."""
        return self.role is None and not self.is_for_programs

    def permits_role(self, role: Role) -> bool:
        """Return whether a person of a role may."""
        if self.role is None:
            return not self.is_for_programs
        return _RANKS[role] >= _RANKS[self.role]

    def permits_scopes(self, scopes: frozenset[str]) -> bool:
        """Return whether a token for some scopes may."""
        return ANY in self.scopes or not self.scopes.isdisjoint(scopes)

    @property
    def permits_links(self) -> bool:
        """Whether whoever has a link to a study may; ``*`` does not say so."""
        return STUDY_LINK in self.scopes


CallTable = Mapping[tuple[str, str], CallRule]
"""Rules by endpoint and method."""


@cache
def call_table() -> CallTable:
    """Return every row of `calls.tsv`; raise `ValueError` for one that means nothing."""
    return dict(_rules())


def method_of(method: str) -> str:
    """Return the method whose rule counts for a method."""
    return "GET" if method == "HEAD" else method


def _rules() -> Iterator[tuple[tuple[str, str], CallRule]]:
    for endpoint, methods, role, scopes, here, act in table("web/access/calls.tsv"):
        chosen = frozenset(scopes.split(",")) - {NONE}
        if not chosen <= {ANY, STUDY_LINK, *SCOPES} or act not in {NONE, *ACTS}:
            raise ValueError(f"{endpoint}: {scopes}, {act}")
        needed = None if role in {EVERYONE, PROGRAM} else Role(role)
        told = "" if act == NONE else act
        rule = CallRule(needed, chosen, HereRule(here), told, is_for_programs=role == PROGRAM)
        for method in methods.split(","):
            yield (endpoint, method), rule
