"""DCMTK's command line tools, as whoever tries a new archive uses them."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from tests.tools.waiting import wait_for

ANSWER_SECONDS = 120
Keys = Sequence[str]
"""Query keys as they stand behind ``-k``."""


def dcmtk(
    program: str, *arguments: object, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end in ``folder``, or skip the test where it is not installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"DCMTK's {program} is not installed")
    return subprocess.run(
        [path, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=ANSWER_SECONDS,
        check=False,
        cwd=folder,
    )


def final_status(told: subprocess.CompletedProcess[str]) -> str:
    """Return how ``findscu -v``, ``movescu -v`` or ``getscu -v`` names the last response."""
    pattern = r"Received (?:Final )?(?:Find|Move|C-GET) Response \(([^)]*)\)"
    return str(re.findall(pattern, told.stdout + told.stderr)[-1])


def find(port: int, model: str, keys: Keys, *options: str) -> tuple[str, list[Dataset]]:
    """Ask with ``findscu``; return how it names the last response, and the answers."""
    with tempfile.TemporaryDirectory() as folder:
        named = [word for key in keys for word in ("-k", key)]
        where = ("-X", "-od", folder, "127.0.0.1", port)
        told = dcmtk("findscu", "-v", model, *named, *options, *where)
        answers: list[Dataset] = [dcmread(path) for path in sorted(Path(folder).glob("rsp*.dcm"))]
        for answer in answers:
            answer.decode()
        return final_status(told), answers


@contextmanager
def storescp(
    folder: Path, port: int, aet: str, *options: str, reached: Sequence[str] = ()
) -> Iterator[Path]:
    """Run DCMTK's storage SCP, which keeps below ``folder`` what comes as it comes.

    ``reached`` are the options of an ``echoscu`` that reaches it.
    """
    folder.mkdir()
    program = shutil.which("storescp")
    if program is None:
        pytest.skip("DCMTK's storescp is not installed")
    command = (program, "-od", str(folder), "+B", "-aet", aet, *options, str(port))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            echo = (*reached, "-aec", aet, "127.0.0.1", port)
            wait_for(lambda: dcmtk("echoscu", *echo).returncode == 0, what="storescp")
            yield folder
        finally:
            server.terminate()


def dataset_bytes(path: Path) -> bytes:
    """Return a Part 10 file without its preamble and meta information (PS3.10 7.1)."""
    whole = path.read_bytes()
    assert whole[128:136] == b"DICM\x02\x00\x00\x00", path
    return whole[144 + int.from_bytes(whole[140:144], "little") :]


def by_uid(folder: Path, pattern: str = "*") -> dict[str, Path]:
    """Return the objects below a folder by SOP Instance UID."""
    files = [path for path in folder.rglob(pattern) if path.is_file()]
    found = {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID): path for path in files}
    assert len(found) == len(files), "an object lies there twice"
    return found
