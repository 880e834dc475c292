"""Commands of gdtbridge as processes of their own, without the seconds their imports take.

One process imports everything once and forks for each command. A command has its own environment,
folder, output, threads and exit status as if it had been started anew; only the modules are there.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

PROJECT = Path(__file__).resolve().parents[2]
LOOK_SECONDS = 0.005


class ForkedProcess:
    """A running command; what a test needs of `subprocess.Popen`."""

    def __init__(self, source: _Source, pid: int) -> None:
        self._source = source
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, or nothing while the command runs."""
        if self.returncode is None:
            self.returncode = self._source.ask(wait=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status; raise `subprocess.TimeoutExpired` where it comes too late."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("gdtbridge", timeout or 0)
            time.sleep(LOOK_SECONDS)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the command has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the command to end."""
        self.send_signal(signal.SIGTERM)


def fork_command(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path, err: Path
) -> ForkedProcess:
    """Start ``gdtbridge`` in a folder; what it says goes to the end of ``out`` and ``err``."""
    source = _source(environment.get("LD_PRELOAD", ""))
    out.touch()
    err.touch()
    told = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
    pid = source.ask(**told, out=str(out), err=str(err))
    assert pid is not None
    return ForkedProcess(source, pid)


class _Source:
    """The process that forks, from here."""

    def __init__(self, preload: str) -> None:
        unwanted = ("GDTBRIDGE_", "PYTHONDONTWRITEBYTECODE")  # the latter makes starts slow
        clean = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.tools.forked"],
            cwd=PROJECT,
            env=clean | ({"LD_PRELOAD": preload} if preload else {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        atexit.register(self._end)

    def ask(self, **told: object) -> int | None:
        """Return the answer to one request."""
        asking, answers = self._process.stdin, self._process.stdout
        assert asking is not None
        assert answers is not None
        with self._lock:
            asking.write(json.dumps(told).encode() + b"\n")
            asking.flush()
            answer = answers.readline()
        found: int | None = json.loads(answer)
        return found

    def _end(self) -> None:
        self._process.communicate()


@cache
def _source(preload: str) -> _Source:
    return _Source(preload)


# ---------------------------------------------------------------------- the process that forks


def _serve(requests: IO[bytes], answers: int) -> None:
    """Fork for each request, or tell how a child ended; at the end no child is left."""
    children: set[int] = set()
    while line := requests.readline():
        told = json.loads(line)
        found: int | None
        if "wait" in told:
            pid, status = os.waitpid(told["wait"], os.WNOHANG)
            found = os.waitstatus_to_exitcode(status) if pid else None
            children.discard(pid)
        else:
            found = os.fork()
            if found == 0:
                requests.close()
                os.close(answers)
                _become(told)
            children.add(found)
        os.write(answers, json.dumps(found).encode() + b"\n")
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _become(told: dict[str, Any]) -> NoReturn:
    """Be the command that is told, and end as it ends."""
    from gdtbridge.cli import main

    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    appending = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    places = (os.devnull, os.O_RDONLY), (told["out"], appending), (told["err"], appending)
    for number, (path, flags) in enumerate(places):
        file = os.open(path, flags)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["gdtbridge", *told["arguments"]]
    try:
        main()
    except SystemExit as ended:
        _end(ended.code)
    _end(None)


def _end(code: object) -> NoReturn:
    """End as Python does, but without taking apart what was imported: that takes a tenth second."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    if code is not None and not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code or 0)


def _prepare() -> None:
    """Do once what each command would do anew: read tables, compile pages, make SQL of an exam."""
    from unittest.mock import patch

    from gdtbridge.catalogue.catalogue import standard
    from gdtbridge.language import Language
    from gdtbridge.settings import load_settings
    from gdtbridge.web.pages.frame import Frame
    from gdtbridge.web.pages.texts import texts_of
    from tests.tools.compiled_sql import compile_once
    from tests.tools.kept_templates import keep_templates
    from tests.tools.practice import Practice
    from tests.tools.waiting import wait_for

    standard()
    for language in Language:
        texts_of(language)
    compile_once()
    keep_templates()
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("gdtbridge.durable.call.LINGER_SECONDS", 0),
    ):
        file = Path(folder, "gdtbridge.toml")
        file.touch()
        practice = Practice(Path(folder), load_settings(file, {}))
        practice.send()
        practice.wait()
        practice.core.attention.items()
        if "LD_PRELOAD" not in os.environ:  # or what is started dies before it shows a page
            pages = Frame(practice.settings, dict, int)._environment
            for name in pages.list_templates(["html"]):
                pages.get_template(name)
        practice.close()
        wait_for(lambda: threading.active_count() == 1, 60, "the end of the calls to folders")


if __name__ == "__main__":
    import gdtbridge.check
    import gdtbridge.cli
    import gdtbridge.service  # noqa: F401 - what all commands import, once

    _prepare()
    gc.freeze()  # a child that collects garbage does not look through all that is here
    assert threading.active_count() == 1, "a thread would be missing in each fork"
    _serve(os.fdopen(os.dup(0), "rb"), os.dup(1))
