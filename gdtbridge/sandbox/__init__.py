"""Guarded child processes: a foreign file can cost time, but not the service.

`Workers` is the parent's side, a pool of children with deadlines; a room's reader is a
`GuardedRoom` that asks it. `serve_room` is the child's side: a room's reading process calls it with
the function that answers one request. Neither knows what is read. Only the standard library is
used, so that a child starts fast and small.
"""

from gdtbridge.sandbox.answer import Answer
from gdtbridge.sandbox.child import serve, serve_room
from gdtbridge.sandbox.room import GuardedRoom
from gdtbridge.sandbox.workers import IDLE_SECONDS, Gone, Workers

__all__ = ["IDLE_SECONDS", "Answer", "Gone", "GuardedRoom", "Workers", "serve", "serve_room"]
