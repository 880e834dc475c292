"""A practice with a device, an exam service and a web server, all real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_server
from tests.tools.practice import Practice

PACS = "http://pacs:8042"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOKEN = "correct-horse-battery"


def link(uid: str) -> str:
    """Return the URL of a study in the viewer."""
    return f"{PACS}/viewer?StudyInstanceUIDs={uid}"


class Ward:
    """A practice with a web server."""

    def __init__(self, folder: Path, viewer: str = f'kind = "ohif"\nbase = "{PACS}"') -> None:
        file = folder / "gdtbridge.toml"
        file.write_text(
            f'[http]\nport = 0\ntoken = "{TOKEN}"\n[viewer]\n{viewer}\n', encoding="utf-8"
        )
        settings = load_settings(file, {})
        self.practice = Practice(folder, settings)
        core = self.practice.core
        self._server = create_server(settings, web_ports(core), dict)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def study(self, number: int, **values: str) -> str:
        """Let a device send a study; return its UID."""
        uid = f"2.25.{number}"
        self.practice.send(**{"StudyInstanceUID": uid, "AccessionNumber": "", **values})
        self.practice.wait()
        return uid

    def open(self, query: str, **headers: str) -> requests.Response:
        """Open an address in a browser that follows nothing."""
        return requests.get(
            f"{self.url}/studies/open?{query}&token={TOKEN}",
            headers=BROWSER | headers,
            allow_redirects=False,
            timeout=60,
        )

    def find(self, query: str) -> Any:
        """Return the JSON of a search."""
        return self.get(query).json()

    def get(self, query: str) -> requests.Response:
        """Search by parameters."""
        return requests.get(
            f"{self.url}/api/v1/studies?{query}",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=60,
        )

    def post(self, body: bytes, kind: str = "application/octet-stream") -> requests.Response:
        """Search by a file."""
        return requests.post(
            f"{self.url}/api/v1/studies/search",
            data=body,
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": kind},
            timeout=60,
        )

    def close(self) -> None:
        """Stop the server."""
        self._server.stop(grace=2)
        self.practice.database.close()
