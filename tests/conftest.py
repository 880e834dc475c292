"""Fixtures every room's tests may use."""

from __future__ import annotations

import gc
import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from gdtbridge import logs
from gdtbridge.durable import modes

if TYPE_CHECKING:
    from tests.tools.certificate import Certificates
    from tests.tools.dying import Tried
    from tests.tools.judgement import Judged, Judgement
    from tests.tools.practice import Practice

EXAMPLES_OF_A_LAW = 5
"""Examples of a law that names no number, for each one of ``--examples``."""
LINES_OF_A_SAMPLE = 6
"""How many of the lines at which a process may die are tried without ``--exhaustive``."""
FEW_COLLECTIONS = (100_000, 20, 100)
"""Thresholds of the collector of garbage; Python's let it take a tenth of the time."""
YOUNG = 1
"""The generation of garbage that what one test made is still in; to collect all takes a second."""
PROJECT = Path(__file__).resolve().parent.parent


def _without_our_scripts(path: str) -> str:
    """Return the search path without the environment's own programs.

    pynetdicom installs an ``echoscu``, a ``findscu`` and a ``storescu`` of its own there; the tests
    mean DCMTK's.
    """
    ours = Path(sys.executable).parent
    return os.pathsep.join(part for part in path.split(os.pathsep) if Path(part) != ours)


os.environ["PATH"] = _without_our_scripts(os.environ.get("PATH", os.defpath))
os.environ["TZ"] = "UTC"  # what tests expect of a time is told in it, wherever they run
time.tzset()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--corpus``: a folder of foreign files the project does not ship."""
    beside = PROJECT.parent / "shared" / "corpus"
    parser.addoption(
        "--corpus",
        default=os.environ.pop("GDTBRIDGE_CORPUS", str(beside)),
        help="folder with gdt/, sr/, images/ and hostile/ sample files (default: %(default)s)",
    )
    parser.addoption(
        "--examples",
        type=int,
        default=20,
        help="generated records per GDT version and character set, and a measure of all other "
        "laws (default: %(default)s)",
    )
    parser.addoption(
        "--exhaustive",
        action="store_true",
        help="try every point of each crash, not a sample drawn by the seed",
    )


@pytest.fixture(autouse=True)
def usual_modes() -> Iterator[None]:
    """Let no service that runs in this process leave its umask behind (`become_private`)."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
    modes._usual.clear()


@pytest.fixture(autouse=True)
def usual_logging() -> Iterator[None]:
    """Let no command that runs in this process leave its log behind (`logs.set_up`)."""
    root = logging.getLogger()
    before = (root.handlers, logging.raiseExceptions, threading.excepthook)
    levelled = (root, *map(logging.getLogger, (*logs.OWN, "apscheduler")))
    levels = {one: one.level for one in levelled}
    yield
    root.handlers, logging.raiseExceptions, threading.excepthook = before
    for logger, level in levels.items():
        if logger.level != level:
            logger.setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def made_once() -> None:
    """Let no test make a statement's text or compile a template anew that another has made."""
    from tests.tools.compiled_sql import compile_once
    from tests.tools.kept_templates import keep_templates

    compile_once()
    keep_templates()


@pytest.fixture(scope="session")
def exhaustive(request: pytest.FixtureRequest) -> bool:
    """Return whether every point of a crash is tried (``--exhaustive``), not a sample."""
    return bool(request.config.getoption("exhaustive"))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Return what draws a sample, by ``--randomly-seed``, which pytest prints."""
    return random.Random(int(request.config.getoption("randomly_seed")))


@pytest.fixture
def tried(chance: random.Random, *, exhaustive: bool) -> Tried:
    """Return what chooses of so many lines those at which a process dies."""

    def choose(lines: int) -> Iterable[int]:
        every = range(1, lines + 1)
        return every if exhaustive else sorted(chance.sample(every, LINES_OF_A_SAMPLE))

    return choose


@pytest.fixture(scope="session")
def corpus(request: pytest.FixtureRequest) -> Path:
    """Return the corpus folder, or skip the test where there is none."""
    folder = Path(str(request.config.getoption("--corpus")))
    if not folder.is_dir():
        pytest.skip(f"no corpus at {folder} (name one with --corpus)")
    return folder


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return a CA and certificates of it; skip the test without openssl. Nobody changes them."""
    from tests.tools.certificate import Certificates

    return Certificates.made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the root of the checkout."""
    return PROJECT


def pytest_configure(config: pytest.Config) -> None:
    """Let every law be tried on as many examples as ``--examples`` says, in proportion."""
    gc.disable()  # collecting the tests makes much, and little of it is garbage
    settings.register_profile(
        "gdtbridge",
        deadline=None,
        max_examples=EXAMPLES_OF_A_LAW * int(config.getoption("--examples")),
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )
    settings.load_profile("gdtbridge")


@pytest.fixture
def memory() -> Iterator[Path]:
    """Return a folder in memory, where there is one.

    It is for processes that die on a machine that does not: their files need not reach a disk.
    """
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def settings_text() -> str:
    """Return the practice's settings; a test class overrides them."""
    return ""


@pytest.fixture
def practice(tmp_path: Path, settings_text: str) -> Iterator[Practice]:
    """Return a practice with its own folder, every part real."""
    from gdtbridge.settings import load_settings
    from tests.tools.practice import Practice

    file = tmp_path / "gdtbridge.toml"
    file.write_text(settings_text, encoding="utf-8")
    practice = Practice(tmp_path, load_settings(file, {}))
    yield practice
    practice.close()


@pytest.fixture
def believed(practice: Practice) -> None:
    """Let the practice's clock show a year that is believed: one before it needs a person."""
    from tests.tools.clock import TO_BELIEVED

    practice.clock.turn(TO_BELIEVED)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules of tests that may take long, or a worker has one left in the end.

    Each worker of pytest-xdist gets its part of the list, in order, and takes from others when it
    is done: the long ones are dealt out, each part begins with its own.
    """
    modules: dict[Path, list[pytest.Item]] = {}
    for one in items:
        modules.setdefault(one.path, []).append(one)
    long = [path for path, found in modules.items() if any(map(_may_take_long, found))]
    rest = [one for path, found in modules.items() if path not in long for one in found]
    workers, ordered = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), list[pytest.Item]()
    for number in range(workers):
        part = [one for path in long[number::workers] for one in modules[path]]
        size = (len(items) - len(ordered)) // (workers - number)
        count = max(0, size - len(part))
        ordered += part + rest[:count]
        del rest[:count]
    items[:] = ordered + rest


def _may_take_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("timeout") is not None


def _close_socket(association_socket: Any) -> None:
    """Close the socket of a peer also where the other side has reset it.

    pynetdicom 3.0.4 leaves that to the collector, which warns of it in whatever test is next.
    """
    if (peer := association_socket.socket) is not None:
        with suppress(OSError):
            peer.shutdown(socket.SHUT_RDWR)
        peer.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Collect what the dead of a test left open while the warnings of that are its own.

    Otherwise it is collected in another test, which fails of them.
    """
    try:
        yield
    finally:
        if item.get_closest_marker("crash") is not None:
            gc.collect(YOUNG)


def pytest_collection_finish() -> None:
    """Have peers close their sockets, and keep the collector of garbage from all the tests."""
    if (transport := sys.modules.get("pynetdicom.transport")) is not None:
        transport.AssociationSocket._shutdown_socket = _close_socket
    gc.collect()
    gc.freeze()
    gc.set_threshold(*FEW_COLLECTIONS)
    gc.enable()


@pytest.fixture
def judged(record_property: Callable[[str, object], None]) -> Judged:
    """Return what prints what faults of a kind cost, which is to be nothing.

    The figures of all tests of one kind of fault are one line in the end.
    """
    from tests.tools.judgement import FaultFigures

    def judge(kind: str, *judgements: Judgement) -> None:
        record_property("fault", (kind, *FaultFigures.of(judgements)))
        assert [one for one in judgements if not one.is_good] == []

    return judge


def _recorded(terminalreporter: pytest.TerminalReporter, wanted: str) -> Iterator[Any]:
    """Yield what tests recorded under a name."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                yield from (value for name, value in report.user_properties if name == wanted)


def _of_faults(recorded: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a line for each kind of fault, over all tests that caused one."""
    from tests.tools.judgement import FaultFigures

    kinds: dict[str, FaultFigures] = {}
    for kind, *counts in recorded:
        figures = FaultFigures(*counts)
        kinds[kind] = kinds[kind].plus(figures) if kind in kinds else figures
    yield from (f"{kind}: {figures}" for kind, figures in kinds.items())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as a ``figure``, such as precision and recall, or of a fault."""
    faults = _of_faults(_recorded(terminalreporter, "fault"))
    figures = sorted([*map(str, _recorded(terminalreporter, "figure")), *faults])
    if figures:
        terminalreporter.section("figures")
    for figure in figures:
        terminalreporter.write_line(figure)


@pytest.fixture
def poppler(tmp_path: Path) -> Callable[..., str]:
    """Return a function that asks a program of poppler-utils about a PDF, or skip without it."""

    def ask(pdf: bytes, *command: str) -> str:
        program = shutil.which(command[0])
        if program is None:
            pytest.skip(f"{command[0]} (poppler-utils) is not installed")
        file = tmp_path / "asked.pdf"
        file.write_bytes(pdf)
        text_to_us = ["-"] if command[0] == "pdftotext" else []
        done = subprocess.run(
            [program, *command[1:], str(file), *text_to_us],
            capture_output=True,
            check=True,
            timeout=60,
        )
        assert done.stderr == b""
        return done.stdout.decode("utf-8")

    return ask
