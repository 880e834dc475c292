"""A redirect to a viewer, whatever the scheme of its address."""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment

from flask import Response
from werkzeug.datastructures import Headers


class ViewerRedirect(Response):
    """A redirect to the very URL: Werkzeug would take what Weasis gets for the name of a host."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url}\n", 302, content_type="text/plain; charset=utf-8")
        self._url = url

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """Add the address to the headers."""
        headers = super().get_wsgi_headers(environ)
        headers["Location"] = self._url
        return headers
