"""What TLS costs a page: two services, with `http.tls` off and self-made, are asked in turn."""

from __future__ import annotations

import http.client
import re
import ssl
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench_tools.servers import SETTLE_SECONDS, START_SECONDS, bridge, processor_seconds

PAGE = "/system"
CALLS = 300
KINDS = ("off", "self-made")


@dataclass(frozen=True)
class WebService:
    """A service: its process, its port, and the CA it is known by where it speaks TLS."""

    pid: int
    port: int
    ca: Path | None

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection that is made when it is used."""
        if self.ca is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        context = ssl.create_default_context(cafile=str(self.ca))
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=START_SECONDS, context=context
        )


def asked(connection: http.client.HTTPConnection) -> float:
    """Return the milliseconds until the page is here."""
    began = time.perf_counter()
    connection.request("GET", PAGE)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != http.HTTPStatus.OK or not said:
        sys.exit(f"bench: {PAGE} was answered {answer.status}")
    return (time.perf_counter() - began) * 1000


def kept(connection: http.client.HTTPConnection) -> float:
    """Return the milliseconds of a page on a connection that is kept."""
    return asked(connection)


def anew(connection: http.client.HTTPConnection) -> float:
    """Return the milliseconds of a page on a connection that is made for it."""
    connection.close()
    return asked(connection)


def in_turn(
    services: list[WebService], ask: Callable[[http.client.HTTPConnection], float]
) -> list[tuple[float, float]]:
    """Return of each service the median milliseconds of a page, and its processor time for one."""
    connections = [service.connection() for service in services]
    times: list[list[float]] = [[] for _ in services]
    for connection in connections:
        asked(connection)
    before = [processor_seconds(service.pid) or 0.0 for service in services]
    for _ in range(CALLS):
        for connection, found in zip(connections, times, strict=True):
            found.append(ask(connection))
    after = [processor_seconds(service.pid) or 0.0 for service in services]
    for connection in connections:
        connection.close()
    used = [(late - early) * 1000 / CALLS for early, late in zip(before, after, strict=True)]
    return list(zip(map(statistics.median, times), used, strict=True))


def measure_https(checkout: Path, folder: Path) -> None:
    """Print what a page takes without TLS and with it."""
    with ExitStack() as running:
        services = []
        for kind in KINDS:
            place = folder / kind
            place.mkdir()
            _, pid = running.enter_context(bridge(checkout, place, HTTP__TLS=kind))
            web = re.search(r"HTTPS? \S+ port (\d+)", (place / "serve.log").read_text("utf-8"))
            if web is None:
                sys.exit("bench: the service has no HTTP port")
            ca = place / "var" / "tls" / "gdtbridge-ca.crt" if kind != "off" else None
            services.append(WebService(pid, int(web[1]), ca))
        time.sleep(SETTLE_SECONDS)
        print(f"{'http.tls':46}{'  '.join(f'{kind:>9}' for kind in KINDS)}")
        for name, ask in (("a page on a kept connection", kept), ("on a new connection", anew)):
            for what, values in zip(
                ("ms", "ms of the processor"),
                zip(*in_turn(services, ask), strict=True),
                strict=True,
            ):
                print(f"{f'{name}, {what}':46}{'  '.join(f'{value:9.2f}' for value in values)}")
