"""The start script for Docker Desktop, run by Wine with a stand-in for docker.exe."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .compose import read_env
from .container import run


def check_windows(project: Path, folder: Path) -> Iterator[tuple[str, bool, str]]:
    """Yield each result: what, whether it is good, and what was seen if it is not."""
    practice, programs = folder / "windows", folder / "windows-programs"
    for place in (practice, programs):
        shutil.rmtree(place, ignore_errors=True)
    programs.mkdir()
    shutil.copytree(project / "scripts" / "windows", practice / "scripts" / "windows")
    source = Path(__file__).with_name("docker_stub.c")
    run("x86_64-w64-mingw32-gcc", "-o", programs / "docker.exe", source)

    def started(fails: str = "") -> tuple[int, str, list[str]]:
        log = programs / "log"
        log.write_text("", "utf-8")
        done = subprocess.run(
            ["wine", "cmd", "/c", r"scripts\windows\start.cmd"],
            cwd=practice,
            env=os.environ
            | {
                "WINEPREFIX": str(folder / "wine"),
                "WINEDEBUG": "-all",
                "WINEPATH": _windows(programs),
                "STUB_LOG": _windows(log),
                "STUB_FAILS": fails,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        called = [line.partition(" ")[2].strip() for line in log.read_text("utf-8").splitlines()]
        return done.returncode, done.stdout, called

    yield from _without_docker(started("info"), practice)
    status, text, called = started("build")
    yield "Windows: no image, no passwords", status == 1 and not (practice / ".env").exists(), text
    status, text, called = started()
    env = read_env((practice / ".env").read_text("ascii"))
    secrets = {env["GDTBRIDGE_HTTP__TOKEN"], env["ORTHANC_PASSWORD"]}
    good = status == 0 and len(secrets) == 2 and all(len(one) == 32 for one in secrets)
    yield "Windows: the first start makes .env with two passwords", good, text
    before = (practice / ".env").read_bytes(), (practice / "gdtbridge.toml").read_bytes()
    status, text, called = started()
    good = status == 0 and called == ["info", "compose up --detach --build", "compose ps"]
    yield "Windows: the second start starts the containers", good, f"{called} {text}"
    after = (practice / ".env").read_bytes(), (practice / "gdtbridge.toml").read_bytes()
    yield "Windows: what was made stays as it is", before == after, ""
    status, text, called = started("up")
    yield "Windows: a start that fails says so", status == 1 and "Nicht gestartet" in text, text


def _without_docker(
    result: tuple[int, str, list[str]], practice: Path
) -> Iterator[tuple[str, bool, str]]:
    status, text, _ = result
    good = status == 1 and "Docker Desktop" in text and not (practice / "gdt").exists()
    yield "Windows: without Docker Desktop it says so and makes nothing", good, text


def _windows(path: Path) -> str:
    return "Z:" + str(path.resolve()).replace("/", "\\")
