"""Who connects: each device by itself, what it proposed, asked and sent, and what it was answered.

Here lives the register of known callers, in memory and in the database. What is decided about a
caller must not, nor anything of a patient: titles, addresses, UIDs and statuses are all there is.
"""

from gdtbridge.callers.model import ActKind, CallerAct, KnownCaller
from gdtbridge.callers.register import CallerRegister

__all__ = ["ActKind", "CallerAct", "CallerRegister", "KnownCaller"]
