"""The cookie of a session: out of reach of scripts, of other sites and of unencrypted calls."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from gdtbridge.settings import HttpSettings


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """How a browser keeps a session: until it is closed, for this host only (RFC 6265).

    Encrypted it is ``__Host-…``: no other host of the domain can plant one (RFC 6265bis 4.1.3.2).
    ``SameSite=Lax``: a link from practice software finds its person signed in, a form or picture
    of a foreign page does not.
    """

    name: str
    is_secure: bool

    @classmethod
    def of(cls, http: HttpSettings) -> SessionCookie:
        """Return the cookie of a server with these settings."""
        is_secure = http.tls != "off" or http.public_url.lower().startswith("https:")
        return cls("__Host-gdtbridge" if is_secure else "gdtbridge", is_secure)

    @classmethod
    def for_links(cls, http: HttpSettings) -> SessionCookie:
        """Return the cookie of who came by a link to a study."""
        own = cls.of(http)
        return cls(f"{own.name}-link", own.is_secure)

    def give(self, response: Response, value: str) -> Response:
        """Have the browser keep the value of a session."""
        response.set_cookie(
            self.name, value, httponly=True, secure=self.is_secure, samesite="Lax", path="/"
        )
        return response

    def take(self, response: Response) -> Response:
        """Have the browser forget it."""
        response.delete_cookie(
            self.name, httponly=True, secure=self.is_secure, samesite="Lax", path="/"
        )
        return response
