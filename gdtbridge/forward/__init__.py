"""Forwarding: copies of received objects for other archives (C-STORE SCU).

Which object goes where (rules), how far each copy is (``forward_copy``), what has to leave for an
exam and in which words it is sent anew, and what another archive has and should not. The network is
behind a port (`gdtbridge.forward.ports`), waiting and trying again is the outbox's.
"""

from gdtbridge.forward.model import CopyState, ForwardCopy, LeftIdentity, WrongCopy
from gdtbridge.forward.rules import ForwardFacts, ForwardRule, HourWindow

__all__ = [
    "CopyState",
    "ForwardCopy",
    "ForwardFacts",
    "ForwardRule",
    "HourWindow",
    "LeftIdentity",
    "WrongCopy",
]
