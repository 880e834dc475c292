"""Reads reports in guarded child processes: a file can cost time, but not the service.

A child is started when first needed, serves one report at a time, is killed when it is late or
leaves the protocol, and ends when idle. Linux keeps its memory and CPU limits, the parent's clock
keeps the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from gdtbridge.measurements.model import Report, ReportLimitError
from gdtbridge.measurements.wire import MAX_ANSWER, decode_answer

START_SECONDS: Final = 60.0
"""A child that has not said so by then does not start (a busy machine takes seconds)."""

IDLE_SECONDS: Final = 30.0

ENVIRONMENT: Final = (
    # What Python needs to start; tokens and passwords of the service stay here.
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
)


class ReportReader:
    """Reads reports in child processes; share one object between threads.

    ``seconds`` bounds the wall clock for one report, ``memory_bytes`` a child's address space,
    ``processes`` how many reports are read at a time.
    """

    def __init__(
        self,
        *,
        seconds: float = 20,
        memory_bytes: int = 512 * 1024 * 1024,
        processes: int = 1,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._idle_seconds = idle_seconds
        self._free = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._reaper: threading.Timer | None = None
        self._closed = False

    def read(self, path: Path) -> Report:
        """Return the report in ``path``; raise `ReportError` and nothing else."""
        with self._free:
            child = self._take()
            try:
                line = child.ask(path, self._seconds)
            except _Gone as gone:
                raise ReportLimitError(str(gone)) from None
            finally:
                self._give_back(child)
        return decode_answer(line)

    def close(self) -> None:
        """End all children at once; a reading under way fails with `ReportLimitError`."""
        with self._lock:
            self._closed = True
            children = [*self._idle, *self._busy]
            self._idle.clear()
            if self._reaper is not None:
                self._reaper.cancel()
                self._reaper = None
        for child in children:
            child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def processes(self) -> tuple[int, ...]:
        """Return the process ids of the living children."""
        with self._lock:
            return tuple(child.pid for child in (*self._idle, *self._busy) if child.is_alive())

    def _take(self) -> _Child:
        with self._lock:
            if self._closed:
                raise ReportLimitError("Der Leser ist geschlossen. / The reader is closed.")
            while self._idle:
                child = self._idle.pop()
                if child.is_alive():
                    break
                child.end()
            else:
                child = self._start()
            self._busy.add(child)
            return child

    def _start(self) -> _Child:
        try:
            return _Child(self._seconds, self._memory_bytes)
        except OSError as error:
            raise ReportLimitError(
                "Der Leseprozess startet nicht. / The reading process does not start: "
                f"{error.strerror}."
            ) from error

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            self._busy.discard(child)
            if child.usable and not self._closed:
                child.idle_since = time.monotonic()
                self._idle.append(child)
                self._watch_idle()
                return
        child.end()

    def _watch_idle(self) -> None:
        if self._reaper is None:
            self._reaper = threading.Timer(self._idle_seconds, self._reap)
            self._reaper.daemon = True
            self._reaper.start()

    def _reap(self) -> None:
        """End the children that have been idle for long; look again later where some have not."""
        with self._lock:
            self._reaper = None
            oldest = time.monotonic() - self._idle_seconds
            late = [child for child in self._idle if child.idle_since <= oldest]
            self._idle = [child for child in self._idle if child.idle_since > oldest]
            if self._idle and not self._closed:
                self._watch_idle()
        for child in late:
            child.end()


class _Gone(Exception):
    """The child gave no answer; the text says why and holds nothing of the file."""


class _Child:
    """One reading process and the thread that collects its lines."""

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        command = [sys.executable, "-P", "-B", "-X", "utf8", "-m", "gdtbridge.measurements.child"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [*command, str(seconds), str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._collect, name="sr-child", daemon=True).start()
        self._ready = False
        self.usable = True
        self.idle_since = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, path: Path, seconds: float) -> bytes:
        """Return the answer line about ``path``; raise `_Gone`, after which this child is spent."""
        try:
            if not self._ready:
                self._next_line(START_SECONDS)
                self._ready = True
            self._send({"path": str(path.absolute())})
            return self._next_line(seconds)
        except _Gone:
            self.usable = False
            raise

    def end(self) -> None:
        """Kill the process if it lives and collect it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _send(self, request: dict[str, str]) -> None:
        stdin = self._process.stdin
        try:
            if stdin is None:
                raise OSError("no pipe")
            stdin.write(json.dumps(request).encode("ascii") + b"\n")
            stdin.flush()
        except OSError as error:
            raise _Gone(_DIED) from error

    def _next_line(self, seconds: float) -> bytes:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise _Gone(
                "Der Bericht brauchte zu lange. / Reading the report took too long."
            ) from None
        if not line.endswith(b"\n"):
            raise _Gone(_DIED)
        return line

    def _collect(self) -> None:
        """Queue the child's lines, at last an empty one; stop at a line that is too long."""
        stdout = self._process.stdout
        if stdout is None:
            return
        with stdout:
            while line := stdout.readline(MAX_ANSWER + 2):
                self._lines.put(line)
                if not line.endswith(b"\n"):
                    break
        self._lines.put(b"")


_DIED: Final = (
    "Der Leseprozess ist abgebrochen (Speicher- oder Zeitgrenze). "
    "/ The reading process died (memory or time limit)."
)
