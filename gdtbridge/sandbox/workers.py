"""The parent's side: a pool of children that are killed when late and end when idle.

A child is started when first needed, serves one request at a time, is killed when it is late or
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
from collections.abc import Mapping
from typing import Final

from gdtbridge.sandbox.answer import Answer, read_answer

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


class Gone(Exception):
    """There is no answer; the text says why and holds nothing of the file."""


class Workers:
    """Children running ``python -m module SECONDS MEMORY_BYTES``; threads may share one object.

    ``seconds`` bounds the wall clock for one request, ``memory_bytes`` a child's address space,
    ``processes`` how many requests are served at a time, ``max_text`` and ``max_body`` what one
    answer may have of each.
    """

    def __init__(
        self,
        module: str,
        *,
        seconds: float,
        memory_bytes: int,
        processes: int,
        idle_seconds: float,
        max_text: int,
        max_body: int = 0,
    ) -> None:
        self._command = (module, str(seconds), str(memory_bytes))
        self._seconds = seconds
        self._limits = (max_text, max_body)
        self._idle_seconds = idle_seconds
        self._free = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._reaper: threading.Timer | None = None
        self._closed = False

    def ask(self, request: Mapping[str, object]) -> Answer:
        """Return a child's answer to the request; raise `Gone` where none comes in time."""
        with self._free:
            child = self._take()
            try:
                return child.ask(request, self._seconds)
            finally:
                self._give_back(child)

    def close(self) -> None:
        """End all children at once; whoever waits for an answer gets `Gone`."""
        with self._lock:
            self._closed = True
            children = [*self._idle, *self._busy]
            self._idle.clear()
            if self._reaper is not None:
                self._reaper.cancel()
                self._reaper = None
        for child in children:
            child.end()

    def processes(self) -> tuple[int, ...]:
        """Return the process ids of the living children."""
        with self._lock:
            return tuple(child.pid for child in (*self._idle, *self._busy) if child.is_alive())

    def _take(self) -> _Child:
        with self._lock:
            if self._closed:
                raise Gone("Der Leser ist geschlossen. / The reader is closed.")
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
            return _Child(self._command, *self._limits)
        except OSError as error:
            raise Gone(
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


class _Child:
    """One process and the thread that collects its answers."""

    def __init__(self, command: tuple[str, ...], max_text: int, max_body: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-B", "-X", "utf8", "-m", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
        )
        self._limits = (max_text, max_body)
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        threading.Thread(target=self._collect, name="guarded-child", daemon=True).start()
        self._ready = False
        self.usable = True
        self.idle_since = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Mapping[str, object], seconds: float) -> Answer:
        """Return the answer to ``request``; raise `Gone`, after which this child is spent."""
        try:
            if not self._ready:
                self._next_answer(START_SECONDS)
                self._ready = True
            self._send(request)
            return self._next_answer(seconds)
        except Gone:
            self.usable = False
            raise

    def end(self) -> None:
        """Kill the process if it lives and collect it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _send(self, request: Mapping[str, object]) -> None:
        stdin = self._process.stdin
        try:
            if stdin is None:
                raise OSError("no pipe")
            stdin.write(json.dumps(dict(request)).encode("ascii") + b"\n")
            stdin.flush()
        except OSError as error:
            raise Gone(_DIED) from error

    def _next_answer(self, seconds: float) -> Answer:
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise Gone(_LATE) from None
        if answer is None:
            raise Gone(_DIED)
        return answer

    def _collect(self) -> None:
        """Queue the child's answers, at last None; stop at one over a limit."""
        stdout = self._process.stdout
        if stdout is None:
            return
        with stdout:
            while answer := read_answer(stdout, *self._limits):
                self._answers.put(answer)
        self._answers.put(None)


_LATE: Final = "Das Lesen dauerte zu lange. / Reading took too long."

_DIED: Final = (
    "Der Leseprozess ist abgebrochen (Speicher- oder Zeitgrenze). "
    "/ The reading process died (memory or time limit)."
)
