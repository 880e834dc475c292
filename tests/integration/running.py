"""The real service as a process of its own, on free ports, with a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

PORTS = re.compile(r"(DICOM|HTTP) \S+ port (\d+)")
START_SECONDS = 30


def wait_for(condition: Callable[[], bool], seconds: float = 20, what: str = "condition") -> None:
    """Return when ``condition`` holds; fail the test when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true in {seconds} s")
        time.sleep(0.02)


class Service:
    """``gdtbridge serve`` with all its files below ``root``."""

    def __init__(self, root: Path, **settings: str) -> None:
        """Take settings in the form ``exam__quiet_seconds="1"``."""
        self.root = root
        self.log = root / "service.log"
        self._settings = {"exam__quiet_seconds": "1", "storage__min_free_mb": "1"} | settings
        self._process: subprocess.Popen[bytes] | None = None
        self._already = 0
        self.ports: dict[str, int] = {}

    @property
    def gdt_out(self) -> Path:
        """Where results appear."""
        return self.root / "var" / "gdt" / "out"

    @property
    def archive(self) -> Path:
        """Where received files lie."""
        return self.root / "var" / "archive"

    @property
    def pid(self) -> int:
        """Process number of the service."""
        assert self._process is not None
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """Return the environment that holds the settings."""
        own = {f"GDTBRIDGE_{key.upper()}": value for key, value in self._settings.items()}
        ports = {"GDTBRIDGE_DICOM__PORT": "0", "GDTBRIDGE_HTTP__PORT": "0"}
        unwanted = ("GDTBRIDGE_", "PYTHONDONTWRITEBYTECODE")  # the latter makes starts slow
        clean = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
        return clean | ports | own

    def launch(self) -> None:
        """Start the process without waiting for it."""
        self._already = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gdtbridge", "serve"],
                cwd=self.root,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )

    def start(self) -> Self:
        """Start the process and wait until both servers listen."""
        self.launch()
        wait_for(self.listens, START_SECONDS, "start of the service")
        return self

    def listens(self) -> bool:
        """Return whether both servers listen; fail when the process has ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the service ended at once:\n{self.look()}")
        self.look()
        return len(self.ports) == 2

    def look(self) -> str:
        """Learn the ports from what the process has logged; return that."""
        text = self.log.read_bytes()[self._already :].decode()
        self.ports = {name: int(port) for name, port in PORTS.findall(text)}
        return text

    def kill(self) -> None:
        """End the process as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """Ask the process to end; return its exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait(timeout=40)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a ``gdtbridge`` command with the same settings."""
        return subprocess.run(
            [sys.executable, "-m", "gdtbridge", *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if error is not None:
            print(self.log.read_text())  # noqa: T201 - pytest shows it beside the failure


@contextmanager
def service(root: Path, **settings: str) -> Iterator[Service]:
    """Yield a running service."""
    with Service(root, **settings) as running:
        yield running
