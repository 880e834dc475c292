"""What the audit trail is told of calls: the act of their row, and whom the view named."""

from __future__ import annotations

import logging

from flask import Response, request

from gdtbridge.audit import LOOKS, AuditTrail, DoneAct
from gdtbridge.errors import BridgeError
from gdtbridge.logs import describe
from gdtbridge.web.access.admission import FOLLOWS
from gdtbridge.web.access.calls import call_table, method_of
from gdtbridge.web.access.principal import CONCERNS, PRINCIPAL, Principal

log = logging.getLogger(__name__)


class CallNotes:
    """Enters calls that succeeded into the audit trail."""

    def __init__(self, trail: AuditTrail) -> None:
        self._trail = trail

    def note(self, response: Response) -> Response:
        """Enter the call at hand where its row says so; its answer goes out in any case."""
        who = request.environ.get(PRINCIPAL)
        rule = call_table().get((request.endpoint or "", method_of(request.method)))
        if not isinstance(who, Principal) or rule is None or not rule.act:
            return response
        if response.status_code >= 400 or FOLLOWS in request.headers:
            return response
        if (told := request.environ.get(CONCERNS, ("", "", ""))) is None:
            return response
        patient_id, subject, detail = told
        done = DoneAct(rule.act, patient_id, subject or request.path, detail)
        if rule.act in LOOKS:
            self._trail.note(who.actor, done)
            return response
        try:
            self._trail.write(who.actor, done)
        except BridgeError as error:
            self._trail.note(who.actor, done)
            log.error("the audit trail has to wait: %s", describe(error))
        return response
