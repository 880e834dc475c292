"""The viewer OHIF at ``/ohif/``, where it is installed: its page, its settings, its files.

It asks DICOMweb of the same server as whoever is signed in; what it may see is decided there.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from flask import Response, request

from gdtbridge.ohif import ADDRESS, COMPRESSED, FILES, STYLE, InstalledOhif, OhifFolder, root_of
from gdtbridge.web.api.worklist import Route
from gdtbridge.web.dicomweb.place import ROOT
from gdtbridge.web.dicomweb.uri import ROOT as URI_ROOT
from gdtbridge.web.pages.assets import FOR_EVER
from gdtbridge.web.pages.routing import PREFIX, READ
from gdtbridge.web.problems import refuse
from gdtbridge.web.study_viewer import NOT_INSTALLED

KINDS: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
"""By the ending of a file; browsers run no script that is called otherwise."""
_SOURCES: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; object-src 'self' blob:; "
    "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
PAGE_POLICY: Final = f"{_SOURCES}; script-src 'self' 'wasm-unsafe-eval'"
WORKER_POLICY: Final = f"{_SOURCES}; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'"
"""Of a script that runs as a worker: its decoders (emscripten) make functions from text. They have
no page to change, and reach no other server."""
_STATE: Final = re.compile(r"(?:[a-z-]+(?:/[a-z-]+)?)?", re.ASCII)
"""A mode of the viewer and a source, as its router has them; never the name of a file."""
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>OHIF</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}{style}">
<script src="{address}settings/{mark}.js"></script>
<script defer src="{root}{script}"></script>
</head>
<body><div id="react-portal"></div><div id="root"></div></body>
</html>
"""
_SETTINGS: Final = """window.PUBLIC_URL = {address};
window.browserImportFunction = (name) => import(name);
window.config = {config};
window.config.httpErrorHandler = (error) => {{
  if (error.status === 401) window.location.reload();
}};
if (window.matchMedia("(max-width: 760px)").matches) {{
  const closed = {{ leftPanelClosed: {{ $set: true }}, rightPanelClosed: {{ $set: true }} }};
  const routes = {{ 0: {{ layoutInstance: {{ props: closed }} }} }};
  window.config.modesConfiguration = {{ "@ohif/mode-longitudinal": {{ routes }} }};
}}
"""
"""Who was signed out meanwhile is asked to sign in, and comes back to the same study.

On a phone its panels, which leave the picture a fifth of the width, are closed at first.
"""
_REQUESTS: Final = {"interaction": 2, "thumbnail": 1, "prefetch": 1}
"""Pictures it asks for at a time: together fewer than it has threads for (READERS)."""
_ASKED_DAYS: Final = 30
"""Days after which OHIF says again what it is not made for."""


@dataclass(frozen=True, slots=True)
class OhifCalls:
    """The viewer as browsers ask for it."""

    folder: OhifFolder

    def routes(self) -> tuple[Route, ...]:
        """Return the calls."""
        return (
            (ADDRESS, f"{PREFIX}ohif", self.page, READ),
            (f"{ADDRESS}<path:state>", f"{PREFIX}ohif_state", self.page, READ),
            (f"{ADDRESS}settings/<mark>.js", "ohif_settings", self.settings, READ),
            (f"{FILES}<mark>/<path:name>", "ohif_file", self.file, READ),
        )

    def page(self, state: str = "") -> Response:
        """Answer with the page that loads the viewer, which reads its state from the address."""
        found = self._installed()
        if not _STATE.fullmatch(state):
            raise refuse(404)
        text = _PAGE.format(
            root=root_of(found.mark),
            address=ADDRESS,
            mark=found.mark,
            style=STYLE,
            script=found.script,
        )
        headers = {"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "same-origin"}
        return Response(text, 200, headers, content_type="text/html; charset=utf-8")

    def settings(self, mark: str) -> Response:
        """Answer with what the viewer has to know of the bridge."""
        if mark != self._installed().mark:
            raise refuse(404)
        text = _SETTINGS.format(address=json.dumps(ADDRESS), config=json.dumps(_config(), indent=1))
        return Response(text, content_type=KINDS[".js"])

    def file(self, mark: str, name: str) -> Response:
        """Answer with a file of the build, compressed where the browser takes that."""
        kind = KINDS.get(suffix := PurePosixPath(name).suffix)
        content = self.folder.content(mark, name) if kind is not None else None
        if content is None:
            raise refuse(404)
        headers = {"Cache-Control": FOR_EVER, "Content-Security-Policy": WORKER_POLICY}
        if suffix in COMPRESSED:
            headers["Vary"] = "Accept-Encoding"
            if request.accept_encodings["gzip"]:
                headers["Content-Encoding"] = "gzip"
            else:
                content = gzip.decompress(content)
        return Response(content, 200, headers, content_type=kind)

    def _installed(self) -> InstalledOhif:
        found = self.folder.installed()
        if found is None:
            raise refuse(404, NOT_INSTALLED)
        return found


def _config() -> dict[str, object]:
    """Return OHIF's settings (docs.ohif.org/configuration); nothing leads to another server."""
    source = {
        "friendlyName": "gdtbridge",
        "name": "gdtbridge",
        "qidoRoot": ROOT,
        "wadoRoot": ROOT,
        "wadoUriRoot": URI_ROOT,
        "qidoSupportsIncludeField": True,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "supportsFuzzyMatching": True,
        "supportsWildcard": True,
        "singlepart": "bulkdata,pdf,video",
        "bulkDataURI": {"enabled": True},
        "omitQuotationForMultipartRequest": True,
    }
    return {
        "routerBasename": ADDRESS,
        "extensions": [],
        "modes": [],
        "customizationService": [{"ohif.tours": {"$set": []}}],
        "showStudyList": True,
        "maxNumberOfWebWorkers": 3,
        "maxNumRequests": _REQUESTS,
        "showLoadingIndicator": True,
        "showWarningMessageForCrossOrigin": False,
        "showCPUFallbackMessage": False,
        "strictZSpacingForVolumeViewport": True,
        "investigationalUseDialog": {"option": "configure", "days": _ASKED_DAYS},
        "defaultDataSourceName": "dicomweb",
        "dataSources": [
            {
                "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
                "sourceName": "dicomweb",
                "configuration": source,
            }
        ],
    }
