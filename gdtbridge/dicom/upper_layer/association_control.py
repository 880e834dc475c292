"""Association control (ACSE): accepts or rejects what a peer requests (PS3.8 7.1).

What is decided about a peer is decided here, with the rules of `policy` and `negotiation`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from pydicom.uid import UID
from pynetdicom.acse import ACSE
from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

from gdtbridge.attention.refusals import RefusalReason, caller_of
from gdtbridge.callers import ActKind
from gdtbridge.callers.model import ACCEPTED
from gdtbridge.dataset.sop_classes import is_storage
from gdtbridge.dicom.negotiation import GET_MODELS, ContextResult, Roles, answer_context, roles_of
from gdtbridge.dicom.retrieve_contexts import outgoing_syntaxes
from gdtbridge.dicom.service import AcceptedContext

if TYPE_CHECKING:
    from gdtbridge.dicom.upper_layer.acceptor import AssociationAcceptor

log = logging.getLogger(__name__)

CALLING_NOT_RECOGNIZED: Final = (1, 1, 3)
LOCAL_LIMIT_EXCEEDED: Final = (2, 3, 2)
"""Result, source and reason of a rejection (PS3.8 9.3.4); a transient one is tried again."""


class AssociationControl(ACSE):
    """Accepts or rejects what a peer requests (PS3.8 7.1)."""

    def __init__(self, association: AssociationAcceptor) -> None:
        super().__init__(association)
        self._association = association

    def _negotiate_as_acceptor(self) -> None:
        association, server = self._association, self._association.server
        caller = association.caller
        request = cast("A_ASSOCIATE", self.requestor.primitive)
        self.requestor.ae_title = request.calling_ae_title
        if not server.policy.admits_title(caller.aet):
            self._note(RefusalReason.TITLE)
            self._reject(CALLING_NOT_RECOGNIZED, "not in dicom.allowed_aets")
        elif not server.callers.admits(caller):
            self._note(RefusalReason.UNKNOWN)
            self._reject(CALLING_NOT_RECOGNIZED, "not among [[device]]")
        elif not server.connections.establish(association):
            self._note(RefusalReason.TOO_MANY)
            self._reject(LOCAL_LIMIT_EXCEEDED, "too many associations")
        else:
            self._accept(request.presentation_context_definition_list)

    def _note(self, reason: RefusalReason) -> None:
        server, caller = self._association.server, self._association.caller
        server.refusals.note(reason, caller.aet, caller.address)
        server.callers.note(caller, ActKind.ASSOCIATION, "", reason)

    def _reject(self, rejection: tuple[int, int, int], reason: str) -> None:
        association = self._association
        title, peer = association.guarded.calling_aet, association.peer
        log.warning("association of %r from %s rejected: %s", title, peer, reason)
        self.send_reject(*rejection)
        association.kill()

    def _accept(self, proposed: list[PresentationContext]) -> None:
        association = self._association
        outgoing = self._outgoing(proposed)
        answered = [_answer(one, outgoing.get(one.context_id or 0)) for one in proposed]
        accepted = {
            cast("int", one.context_id): one
            for one in answered
            if one.result == ContextResult.ACCEPTED
        }
        association._accepted_cx = accepted  # noqa: SLF001
        association._rejected_cx = [one for one in answered if one.result]  # noqa: SLF001
        association.receiver.contexts = {
            key: AcceptedContext(key, str(one.abstract_syntax), str(one.transfer_syntax[0]))
            for key, one in accepted.items()
        }
        association.provided = tuple(
            one
            for one in association.receiver.contexts.values()
            if is_storage(one.abstract_syntax) and self._is_provider(one.abstract_syntax)
        )
        self._answer_roles(
            {context.abstract_syntax for context in association.receiver.contexts.values()}
        )
        association.is_established = True
        self._register(answered)
        self.send_accept()
        guarded, peer = association.guarded, association.peer
        how = f" ({guarded.tls.version})" if guarded.tls is not None else ""
        told = guarded.calling_aet, peer, how, len(accepted), len(answered)
        log.info("association of %r from %s%s: %d of %d contexts accepted", *told)

    def _register(self, answered: Sequence[PresentationContext]) -> None:
        server, caller = self._association.server, self._association.caller
        callers, tls = server.callers, self._association.guarded.tls
        if tls is not None and (shown := tls.peer_certificate) is not None:
            server.certificates.note(caller_of(caller.aet, caller.address), shown)
        callers.note(caller, ActKind.ASSOCIATION, "", ACCEPTED)
        for one in answered:
            result = ContextResult(one.result or 0)
            accepted = result is ContextResult.ACCEPTED
            outcome = str(one.transfer_syntax[0]) if accepted else result.name.lower()
            callers.note(caller, ActKind.CONTEXT, str(one.abstract_syntax), outcome)

    def _outgoing(self, proposed: Sequence[PresentationContext]) -> Mapping[int, str]:
        """Return transfer syntaxes of contexts in which who retrieves by C-GET takes objects."""
        if not any(str(one.abstract_syntax) in GET_MODELS for one in proposed):
            return {}
        association = self._association
        classes: dict[str, dict[int, Sequence[str]]] = {}
        for one in proposed:
            uid = str(one.abstract_syntax)
            if is_storage(uid) and self._is_provider(uid):
                classes.setdefault(uid, {})[one.context_id or 0] = one.transfer_syntax
        stored = association.server.stored.stored_syntaxes(association.caller, list(classes))
        return {
            context_id: syntax
            for uid, contexts in classes.items()
            for context_id, syntax in outgoing_syntaxes(contexts, stored.get(uid, ())).items()
        }

    def _is_provider(self, sop_class: str) -> bool:
        """Return whether the peer proposes to be the provider of a SOP class."""
        roles = self.requestor.role_selection.get(UID(sop_class))
        return roles is not None and bool(roles.scp_role)

    def _answer_roles(self, accepted: Collection[str]) -> None:
        for uid, proposed in self.requestor.role_selection.items():
            granted = roles_of(str(uid)) if str(uid) in accepted else None
            if granted is not None:
                roles = granted & Roles(bool(proposed.scu_role), bool(proposed.scp_role))
                answer = SCP_SCU_RoleSelectionNegotiation()
                answer.sop_class_uid = uid
                answer.scu_role, answer.scp_role = roles
                self.acceptor.add_negotiation_item(answer)


def _answer(proposed: PresentationContext, outgoing: str | None) -> PresentationContext:
    syntaxes = [outgoing] if outgoing else proposed.transfer_syntax
    answered = answer_context(str(proposed.abstract_syntax), syntaxes)
    context = PresentationContext()
    context.context_id = proposed.context_id
    context.abstract_syntax = proposed.abstract_syntax
    context.transfer_syntax = [UID(answered.transfer_syntax)]
    context.result = answered.result
    return context
