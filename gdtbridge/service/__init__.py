"""The running service: start, stop, what happens again and again, how each part is.

What must not live here: decisions, and wiring of rooms that are no edge (`gdtbridge.core`).
"""

from gdtbridge.service.alone import alone, is_running
from gdtbridge.service.bridge import Bridge
from gdtbridge.service.edges import dimse_services, object_taker, pickup_watches, web_ports
from gdtbridge.service.probes import probes_of
from gdtbridge.service.serving import serve

__all__ = [
    "Bridge",
    "alone",
    "dimse_services",
    "is_running",
    "object_taker",
    "pickup_watches",
    "probes_of",
    "serve",
    "web_ports",
]
