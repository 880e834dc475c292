"""The servers that are measured, each a process of its own; and DCMTK's sender."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
"""How long a server may take to start; a bridge with a worklist of 100,000 twice as long."""
SETTLE_SECONDS = 2


@contextmanager
def bridge(checkout: Path, folder: Path, **settings: str) -> Iterator[tuple[int, int]]:
    """Run ``gdtbridge serve`` of a checkout; yield its DICOM port and its process number."""
    root = {"STORAGE__ROOT": str(folder / "var")}
    own = root | {"DICOM__PORT": "0", "HTTP__PORT": "0"} | settings
    environment = os.environ | {f"GDTBRIDGE_{key}": value for key, value in own.items()}
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [checkout / ".venv" / "bin" / "python", "-m", "gdtbridge", "serve"],
            cwd=folder,
            env=environment,
            stderr=output,
        )
    try:
        yield wait_for_port(log, process), process.pid
    finally:
        process.terminate()
        process.wait(30)


def wait_for_port(log: Path, process: subprocess.Popen[bytes]) -> int:
    """Return the DICOM port the service logs when it listens."""
    deadline = time.monotonic() + 2 * START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"DICOM \S+ port (\d+)", log.read_text("utf-8")):
            return int(found[1])
        time.sleep(0.05)
    sys.exit(f"bench: the service did not start:\n{log.read_text('utf-8')}")


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def receiver(command: Sequence[str], port: int, called: str = "ANY-SCP") -> Iterator[int]:
    """Run a DICOM server until the end; yield its process number once it answers as ``called``."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not answers(port, called):
            if process.poll() is not None:
                sys.exit(f"bench: {command[0]} did not start")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def storescp(folder: Path, *options: str) -> Iterator[int]:
    """Run DCMTK's receiver, a process for each association; yield its port."""
    port = free_port()
    received = folder / "storescp"
    received.mkdir()
    with receiver(["storescp", "--fork", "-od", str(received), *options, str(port)], port):
        yield port


@contextmanager
def orthanc(program: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Run Orthanc with its own defaults in ``folder``; yield its port and process number."""
    port = free_port()
    settings = folder / "orthanc.json"
    store = str(folder / "orthanc")
    wanted = {"StorageDirectory": store, "IndexDirectory": store, "DicomPort": port}
    settings.write_text(json.dumps(wanted | {"HttpServerEnabled": False}), "utf-8")
    with receiver([program, str(settings)], port) as pid:
        yield port, pid


def answers(port: int, called: str) -> bool:
    """Return whether somebody of that AE title answers an echo."""
    command = ["echoscu", "-aec", called, "127.0.0.1", str(port)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def send(port: int, files: Sequence[Path], called: str = "ANY-SCP") -> float:
    """Send files with plain storescu; return the seconds it took."""
    command = ["storescu", "-aec", called, "127.0.0.1", str(port), *map(str, files)]
    began = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - began


def keep_sending(port: int, files: Sequence[Path], enough: threading.Event) -> None:
    """Send the files again and again, one association for each ten."""
    while not enough.is_set():
        for at in range(0, len(files), 10):
            send(port, files[at : at + 10])
            if enough.is_set():
                return


def memory(pid: int, kind: str) -> str:
    """Return a line of a process's memory figures in megabytes (Linux only)."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return "not known here"
    found = re.search(rf"{kind}:\s+(\d+)", status.read_text("ascii"))
    return f"{int(found[1]) / 1024:.0f} MB" if found else "not known here"


def start_counting(pid: int) -> None:
    """Let the peak of a process's memory count from now (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")


def megabytes(pid: int, *, peak: bool = False) -> float:
    """Return the memory of a process and its children, now or at its peak (Linux only)."""
    kind = "VmHWM" if peak else "VmRSS"
    children = Path(f"/proc/{pid}/task").glob("*/children")
    all_of = [pid, *(int(one) for file in children for one in file.read_text("ascii").split())]
    found = (memory(one, kind) for one in all_of)
    return sum(float(one.removesuffix(" MB")) for one in found if one.endswith(" MB"))


def processor_seconds(pid: int) -> float | None:
    """Return the processor time of a process until now (Linux only)."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return None
    fields = status.read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
