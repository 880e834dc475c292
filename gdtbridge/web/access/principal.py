"""Who makes the request at hand, and what the audit trail is told of it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final

from flask import request

from gdtbridge.accounts import Role, SharedStudy, SignedIn
from gdtbridge.audit import Actor, ActorKind
from gdtbridge.orders import Order
from gdtbridge.web.access.calls import CallRule

PRINCIPAL: Final = "gdtbridge.principal"
"""Key of the WSGI environment."""
CONCERNS: Final = "gdtbridge.concerns"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a request comes from: a person, a program with a token, this machine, or nobody."""

    actor: Actor
    session: SignedIn | None = None
    """A person's; None for programs and while there are no accounts."""
    cookie: str = field(default="", repr=False)
    """The session's."""
    scopes: frozenset[str] = frozenset()
    """A token's."""
    aet: str = ""
    """AE title of the device a token's program stands for, where one was said."""
    shared: SharedStudy | None = None
    """What alone is shown to who came by a link."""
    owns: bool = False
    """Whether everything is allowed: ``http.token``, or there are no accounts."""

    @property
    def is_known(self) -> bool:
        """Whether somebody or something has said who it is, or need not."""
        return self.owns or self.actor.kind not in {ActorKind.NOBODY, ActorKind.LINK}

    @property
    def showed_token(self) -> bool:
        """Whether the request itself carries a secret that no browser adds by itself."""
        return self.actor.kind is ActorKind.TOKEN

    @property
    def role(self) -> Role | None:
        """A person's role."""
        return self.session.account.role if self.session is not None else None

    @property
    def form_token(self) -> str:
        """What the forms of this session carry: nobody can make it without the cookie."""
        if not self.cookie:
            return ""
        return hmac.new(self.cookie.encode(), b"gdtbridge form", "sha256").hexdigest()

    def may(self, rule: CallRule) -> bool:
        """Return whether a call is allowed by who this is; not by where it comes from."""
        if self.owns or rule.is_for_everyone:
            return True
        if self.shared is not None:
            return rule.permits_links
        if self.role is not None:
            return rule.permits_role(self.role)
        return self.actor.kind is ActorKind.TOKEN and rule.permits_scopes(self.scopes)


def principal() -> Principal:
    """Return who makes the request at hand."""
    found = request.environ.get(PRINCIPAL)
    if not isinstance(found, Principal):
        raise TypeError("the guard has not looked at this request")
    return found


def concerns_order(order: Order) -> None:
    """Say that the call at hand concerns an order."""
    concerns(order.patient.id, f"order:{order.accession_number}")


def concerns(patient_id: str = "", subject: str = "", detail: str = "") -> None:
    """Say whom and what the call at hand concerns, for the audit trail (`DoneAct`)."""
    request.environ[CONCERNS] = (patient_id, subject, detail)


def concerns_nothing() -> None:
    """Say that the answer to the call at hand tells nothing of anybody, though it is no refusal."""
    request.environ[CONCERNS] = None
