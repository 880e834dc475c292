"""A practice with its pages: the core, its clock and a web server in this process, all real."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_server
from tests.tools.practice import Practice


class ReadingRoom:
    """A practice whose staff look at the pages."""

    def __init__(self, folder: Path, text: str = "") -> None:
        """Open everything below ``folder``; ``text`` are settings as TOML."""
        file = folder / "gdtbridge.toml"
        file.write_text(f"[http]\nport = 0\n{text}\n", encoding="utf-8")
        settings = load_settings(file, {})
        self.practice = Practice(folder, settings)
        self._server = create_server(settings, web_ports(self.practice.core), dict)
        self.url = ""

    def __enter__(self) -> Self:
        """Start the server."""
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.port}"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and close the practice."""
        self._server.stop(grace=2)
        self.practice.close()
