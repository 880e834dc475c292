"""From a request to a WebSocket: what a view is offered, and how waitress answers 101."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, request
from waitress.task import WSGITask

from gdtbridge.web.problems import refuse

if TYPE_CHECKING:
    from gdtbridge.web.web_socket import WebSocket

OFFER: Final = "gdtbridge.web_socket"
"""Key of the WSGI environment."""
SWITCHING: Final = 101
NEEDS_UPGRADE: Final = (
    "Hier wird ein WebSocket geöffnet (RFC 6455). / A WebSocket is opened here (RFC 6455)."
)


class UpgradeTask(WSGITask):  # type: ignore[misc]  # waitress has no types
    """Serves a request, which may become a WebSocket."""

    web_socket: WebSocket | None = None

    def get_environment(self) -> dict[str, Any]:
        """Offer the view to make the connection a WebSocket; to all others it is a request."""
        environ: dict[str, Any] = super().get_environment()
        environ[OFFER] = self
        environ.pop("HTTP_UPGRADE", None)
        return environ

    @property
    def asks_for_web_socket(self) -> bool:
        """Whether the request is a handshake."""
        from gdtbridge.web.web_socket import is_handshake

        names = ("UPGRADE", "CONNECTION", "SEC_WEBSOCKET_VERSION", "SEC_WEBSOCKET_KEY")
        return is_handshake(*(self.request.headers.get(name, "") for name in names))

    def build_response_header(self) -> bytes:
        """Return the header of an answer; waitress would close a connection that switches."""
        if not self._switches:
            return bytes(super().build_response_header())
        from gdtbridge.web.web_socket import accept_key

        lines = (
            f"HTTP/1.1 {self.status}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept_key(self.request.headers['SEC_WEBSOCKET_KEY'])}",
            *(f"{name}: {value}" for name, value in self.response_headers),
        )
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    def finish(self) -> None:
        """End the answer; what follows it are the frames of the WebSocket, if it is one now.

        Nothing is read of the connection before its request is done with. A client that went away
        meanwhile is told nothing, but whoever writes to the WebSocket has to know.
        """
        try:
            super().finish()
        finally:
            if self._switches:
                self.channel.become(self.web_socket)

    @property
    def _switches(self) -> bool:
        return self.web_socket is not None and self.status.startswith(str(SWITCHING))


def web_socket_asked() -> WebSocket:
    """Return a new WebSocket for the request at hand; raise `CallRefused` (426) for another one."""
    from gdtbridge.web.web_socket import VERSION, WebSocket

    offer = request.environ.get(OFFER)
    if not isinstance(offer, UpgradeTask) or not offer.asks_for_web_socket:
        raise refuse(426, NEEDS_UPGRADE, ("Sec-WebSocket-Version", VERSION))
    return WebSocket()


def switched_to(web_socket: WebSocket) -> Response:
    """Return the answer by which the request at hand becomes a WebSocket."""
    request.environ[OFFER].web_socket = web_socket
    response = Response(status=SWITCHING)
    del response.headers["Content-Type"]
    return response
