"""Who looks at a page, as the pages need to know it."""

from __future__ import annotations

from gdtbridge.accounts import Role
from gdtbridge.accounts.memory import AccessMemory
from gdtbridge.web.access.principal import Principal
from gdtbridge.web.pages.visitor import NOBODY, OPEN_HOUSE, Visitor


def visitor_of(who: Principal, memory: AccessMemory) -> Visitor:
    """Return the visitor that makes a request; everything is open where nobody is asked."""
    if who.session is None:
        return OPEN_HOUSE if who.owns else NOBODY
    account = who.session.account
    return Visitor(
        account.shown_name,
        may_change=account.role is not Role.READER,
        may_administer=account.role is Role.ADMIN,
        form_token=who.form_token,
        signed_in=True,
        account_id=account.id,
        seconds_left=memory.seconds_left(who.cookie),
    )
