"""Which AE title somebody may speak for where a call names one.

A token that bears a title stands for that device and for no other; and what is told to a title that
a token of the worklist bears is for that token alone. `http.token` may speak for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.accounts import AccessToken
from gdtbridge.accounts.memory import AccessMemory
from gdtbridge.accounts.model import WORKLIST_SCOPE
from gdtbridge.dataset.values import folded_title
from gdtbridge.web.access.principal import Principal
from gdtbridge.web.problems import refuse

ONLY_ITS_OWN: Final = (
    "Dieser Zugangsschlüssel steht nur für den AE-Titel {0}. / This token stands for the AE title "
    "{0} only."
)
ANOTHERS: Final = (
    "Dieser AE-Titel gehört zu einem anderen Zugangsschlüssel. / This AE title belongs to another "
    "token."
)


@dataclass(frozen=True, slots=True)
class TitleRule:
    """Tells for whom a title is."""

    memory: AccessMemory

    def permits(self, who: Principal, aet: str) -> bool:
        """Return whether somebody may speak for an AE title."""
        wanted = folded_title(aet)
        if who.owns:
            return True
        if who.aet:
            return folded_title(who.aet) == wanted
        return not any(_bears(one, wanted) for one in self.memory.tokens)

    def must_permit(self, who: Principal, aet: str) -> None:
        """Raise `CallRefused` (403) unless somebody may speak for an AE title."""
        if not self.permits(who, aet):
            raise refuse(403, ONLY_ITS_OWN.format(who.aet) if who.aet else ANOTHERS)


def _bears(token: AccessToken, title: str) -> bool:
    is_good = token.revoked_at is None and WORKLIST_SCOPE in token.scopes
    return is_good and bool(token.aet) and folded_title(token.aet) == title
