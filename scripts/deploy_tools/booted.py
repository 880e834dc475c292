"""A Debian with systemd in a namespace of its own, in which the service is installed and tried."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .container import certificates_of, run

_SCRIPT: Final = Path(__file__).with_name("booted.sh")
_NSPAWN: Final = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit")
_UNIT: Final = """[Unit]
After=multi-user.target
FailureAction=poweroff-force
SuccessAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/bin/bash /opt/gdtbridge/scripts/deploy_tools/booted.sh
[Install]
WantedBy=multi-user.target
"""
_SECONDS: Final = 900


def check_systemd(project: Path, folder: Path) -> Iterator[tuple[str, bool, str]]:
    """Yield each result of `booted.sh`: what, whether it is good, and the journal if it is not.

    ``folder`` has the bootstrapped ``root`` of `make_base`; the booted copy is made anew.
    """
    root = folder / "booted"
    shutil.rmtree(root, ignore_errors=True)
    run("cp", "--archive", folder / "root", root)
    lent = certificates_of(folder)
    binds = [f"--bind-ro={source}:{target}" for source, target in lent.items()]
    inside = [*_NSPAWN, "--directory", str(root)]
    install = "apt-get update && apt-get install --yes --no-install-recommends systemd systemd-sysv"
    run(*inside, *binds, "sh", "-c", install, stderr=subprocess.STDOUT)
    _copy_project(project, root / "opt" / "gdtbridge")
    prepare = "cd /opt/gdtbridge && . scripts/environment.sh && make_environment run"
    run(*inside, *binds, "bash", "-c", prepare, stderr=subprocess.STDOUT)
    units = root / "etc" / "systemd" / "system"
    (units / "check.service").write_text(_UNIT, "utf-8")
    (units / "multi-user.target.wants").mkdir(exist_ok=True)
    (units / "multi-user.target.wants" / "check.service").symlink_to("../check.service")
    run(*inside, "--private-network", "--boot", timeout=_SECONDS, stdin=subprocess.DEVNULL)
    journal = root / "journal"
    why = journal.read_text("utf-8")[-4000:] if journal.exists() else "it did not end"
    result = root / "result"
    lines = result.read_text("utf-8").splitlines() if result.exists() else []
    yield "systemd: the machine was booted and switched off", bool(lines), why
    for line in lines:
        state, _, what = line.partition("  ")
        yield what.strip(), state == "ok", why


def _copy_project(project: Path, target: Path) -> None:
    """Copy the project as it is in the work tree, without what git ignores."""
    listed: list[str | Path] = [
        "git",
        "-C",
        project,
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    for name in run(*listed).splitlines():
        if (project / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, target / name)
