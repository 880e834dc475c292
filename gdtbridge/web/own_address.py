"""How the bridge is called: what the addresses begin with that it tells others."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from gdtbridge.web.access.admission import is_forwarded


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """Makes addresses of paths; ``public_url`` is the setting, empty where it does not say."""

    public_url: str

    def absolute(self, path: str) -> str:
        """Return the URI of a path below the root ("/x"), for whoever keeps or hands it on.

        It begins with the setting, or else with scheme, name and port of the present call.
        """
        return (self.public_url.rstrip("/") or _as_called()) + path

    def reference(self, path: str) -> str:
        """Return what leads whoever calls to a path below the root (RFC 9110 10.2.2).

        Without the setting it is the path alone, which holds behind any proxy.
        """
        return self.public_url.rstrip("/") + path


def _as_called() -> str:
    """Return scheme, name and port of the call.

    Some clients leave the port out of the Host header (dicomweb-client 0.61); a proxy that does so
    is asked at the usual port, and says that it is one.
    """
    host, port = request.host, request.environ.get("SERVER_PORT", "")
    has_port = host.rpartition(":")[2].isdecimal() and not host.endswith("]")
    is_usual = port in {"", "80" if request.scheme == "http" else "443"}
    if has_port or is_usual or is_forwarded(request):
        return f"{request.scheme}://{host}"
    return f"{request.scheme}://{host}:{port}"
