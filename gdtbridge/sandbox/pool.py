"""The parent's side: a pool of children that are killed when late and end when idle.

A child is started when first needed, serves one request at a time, is killed when it is late or
leaves the protocol, and ends when idle. Linux keeps its memory and CPU limits, the parent's clock
keeps the rest. What the machine does to a child is told from what a file does (`ChildHindered`): it
does not start, is late without having had the processor, or is killed by somebody else.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from gdtbridge.sandbox.answer import ChildAnswer, ChildGone, ChildHindered, read_answer
from gdtbridge.sandbox.room import SandboxRoom

START_SECONDS: Final = 60.0
"""A child that has not said so by then does not start (a busy machine takes seconds)."""

END_SECONDS: Final = 1.0
"""How long a child that has closed its output takes to be gone, at most."""

BUSY_SHARE: Final = 0.5
"""A child that is late and had the processor for less of its time did not get it, or its file did
not come from the disk."""

KILLED: Final = (-15, -9)
"""Exit statuses of SIGTERM and SIGKILL: the service is being ended, or the system needed memory."""

PIPE_BYTES: Final = 4096
"""What a pipe takes at once; a longer request waits for the child to read."""

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


class ChildPool:
    """Children of one room (``python -m gdtbridge.sandbox.child``); threads may share one object.

    ``seconds`` bounds the wall clock for one request, ``memory_bytes`` a child's address space,
    ``processes`` how many requests are served at a time.
    """

    def __init__(
        self,
        room: SandboxRoom,
        *,
        seconds: float,
        memory_bytes: int,
        processes: int,
        idle_seconds: float,
    ) -> None:
        self._command = ("gdtbridge.sandbox.child", room.place, str(seconds), str(memory_bytes))
        self._seconds = seconds
        self._limits = (room.max_text, room.max_body)
        self._idle_seconds = idle_seconds
        self._free = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._idle: list[ChildProcess] = []
        self._busy: set[ChildProcess] = set()
        self._reaper: threading.Timer | None = None
        self._closed = False

    def ask(self, request: bytes) -> ChildAnswer:
        """Return a child's answer to the request; raise `ChildGone` where none comes in time.

        Raises `ChildHindered` where that is the machine's doing.
        """
        with self._free:
            child = self._take()
            try:
                return child.ask(request, self._seconds)
            finally:
                self._give_back(child)

    def close(self) -> None:
        """End all children at once; whoever waits for an answer gets `ChildHindered`."""
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

    def _take(self) -> ChildProcess:
        with self._lock:
            if self._closed:
                raise ChildHindered("Der Leser ist geschlossen. / The reader is closed.")
            while self._idle:
                child = self._idle.pop()
                if child.is_alive():
                    break
                child.end()
            else:
                child = self._start()
            self._busy.add(child)
            return child

    def _start(self) -> ChildProcess:
        try:
            return ChildProcess(self._command, *self._limits)
        except OSError as error:
            raise ChildHindered(
                "Der Leseprozess startet nicht. / The reading process does not start: "
                f"{error.strerror}."
            ) from error

    def _give_back(self, child: ChildProcess) -> None:
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


class ChildProcess:
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
        self._answers: queue.SimpleQueue[ChildAnswer | None] = queue.SimpleQueue()
        threading.Thread(target=self._collect, name="guarded-child", daemon=True).start()
        self._ready = False
        self.usable = True
        self.idle_since = 0.0

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Return whether the process still runs."""
        return self._process.poll() is None

    def ask(self, request: bytes, seconds: float) -> ChildAnswer:
        """Return the answer to ``request``; raise `ChildGone`, after which this child is spent."""
        try:
            if not self._ready:
                self._begin()
            used = cpu_seconds(self.pid)
            self._send(request, seconds)
            return self._next_answer(seconds, used)
        except ChildGone:
            self.usable = False
            raise

    def end(self) -> None:
        """Kill the process if alive, and reap it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _send(self, request: bytes, seconds: float) -> None:
        """Write the request; a child that does not read a long one is killed in time."""
        stdin = self._process.stdin
        watch = threading.Timer(seconds, self._process.kill)
        try:
            if stdin is None:
                raise OSError("no pipe")
            if len(request) >= PIPE_BYTES:
                watch.start()
            stdin.write(request + b"\n")
            stdin.flush()
        except (OSError, ValueError) as error:  # the latter where it was ended meanwhile (`end`)
            raise self._dead() from error
        finally:
            watch.cancel()

    def _begin(self) -> None:
        """Wait until the child can be asked; no file has had to do with it yet."""
        try:
            self._next_answer(START_SECONDS)
        except ChildGone as gone:
            raise ChildHindered(str(gone)) from gone
        self._ready = True

    def _next_answer(self, seconds: float, used: float | None = None) -> ChildAnswer:
        """Return the next answer; ``used`` is the CPU time the child had had when it was asked."""
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise self._late(seconds, used) from None
        if answer is None:
            raise self._dead()
        return answer

    def _late(self, seconds: float, used: float | None) -> ChildGone:
        """Return what to raise of a child that gave no answer in ``seconds``."""
        now = cpu_seconds(self.pid)
        if used is None or now is None or now - used >= BUSY_SHARE * seconds:
            return ChildGone(_LATE)
        return ChildHindered(_STARVED)

    def _dead(self) -> ChildGone:
        """Return what to raise of a child that ended, or left the protocol."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        return ChildHindered(_KILLED) if self._process.returncode in KILLED else ChildGone(_DIED)

    def _collect(self) -> None:
        """Queue the child's answers, at last None; stop at one over a limit."""
        stdout = self._process.stdout
        if stdout is None:
            return
        with stdout:
            while answer := read_answer(stdout, *self._limits):
                self._answers.put(answer)
        self._answers.put(None)


def cpu_seconds(pid: int) -> float | None:
    """Return the CPU time a process has used; None where it is gone, or nothing tells (proc(5))."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    user, system = stat.rpartition(")")[2].split()[11:13]  # utime (14) and stime (15), in ticks
    return (int(user) + int(system)) / float(os.sysconf("SC_CLK_TCK"))


_LATE: Final = "Das Lesen dauerte zu lange. / Reading took too long."

_DIED: Final = (
    "Der Leseprozess ist abgebrochen (Speicher- oder Zeitgrenze). "
    "/ The reading process died (memory or time limit)."
)

_STARVED: Final = (
    "Der Rechner war zu beschäftigt, oder die Platte antwortete nicht. "
    "/ The machine was too busy, or its disk did not answer."
)

_KILLED: Final = (
    "Der Leseprozess wurde von außen beendet. / The reading process was ended from outside."
)
