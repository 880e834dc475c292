"""The HTTP edge: what practice software and scripts call.

Here live the routes, the guard in front of them (who may call, from where, how often), the wording
of refusals and the server that carries it all. Flask and waitress are imported here only. Nothing
is decided here: a call is parsed, one function of the core is called, its result or exception is
put into words. No clock, no files, no database, no GDT.
"""

from gdtbridge.web.app import create_app
from gdtbridge.web.ports import CorePorts
from gdtbridge.web.server import WebServer, create_server

__all__ = ["CorePorts", "WebServer", "create_app", "create_server"]
