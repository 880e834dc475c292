"""The audit trail: who saw, changed, assigned, exported what, and from where; apart from the log.

It names patients by their number. What must not live here: what an act does, and who may do it.
"""

from gdtbridge.audit.model import ACTS, LOOKS, Actor, ActorKind, AuditEntry, AuditQuery, DoneAct
from gdtbridge.audit.trail import AuditTrail

__all__ = [
    "ACTS",
    "LOOKS",
    "Actor",
    "ActorKind",
    "AuditEntry",
    "AuditQuery",
    "AuditTrail",
    "DoneAct",
]
