"""The scripts a user starts: what they say, what they leave alone, and that the demo ends well."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from gdtbridge.settings import Settings

SHELL_SCRIPTS = ("scripts/run", "scripts/test", "scripts/environment.sh", ".ci/run")


@pytest.fixture(scope="module")
def demo(project: Path) -> ModuleType:
    """Return scripts/demo as a module."""
    loader = SourceFileLoader("demo", str(project / "scripts" / "demo"))
    spec = importlib.util.spec_from_loader("demo", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_shell_scripts_are_well_formed(project: Path, name: str) -> None:
    """Bash can parse the script."""
    done = subprocess.run(["bash", "-n", str(project / name)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", ["scripts/run", "scripts/test", "scripts/demo", ".ci/run"])
def test_scripts_can_be_started(project: Path, name: str) -> None:
    """The script is executable and says who runs it."""
    assert os.access(project / name, os.X_OK)
    assert (project / name).read_bytes().startswith(b"#!/usr/bin/env ")


def test_old_python_is_named(project: Path, tmp_path: Path) -> None:
    """Without a Python that is new enough, the start ends with a sentence and makes nothing."""
    shutil.copytree(project / "scripts", tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dirname").symlink_to(str(shutil.which("dirname")))
    done = subprocess.run(
        [str(shutil.which("bash")), str(tmp_path / "scripts" / "run")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path / "bin")},
    )
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_image_gets_all_it_copies(project: Path) -> None:
    """.dockerignore lets through exactly what the Dockerfile copies."""
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", (project / "Dockerfile").read_text(), re.M)
        for source in line.split()[:-1]
    }
    allowed = set(re.findall(r"^!(.+)$", (project / ".dockerignore").read_text(), re.M))
    assert copied == allowed
    assert all((project / source).exists() for source in copied)


def test_demo_stays_away_from_the_practice(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders, database and webhooks of the practice do not reach the demonstration's bridge."""
    monkeypatch.setenv("GDTBRIDGE_GDT__OUT", "/share/ais")
    monkeypatch.setenv("GDTBRIDGE_WEBHOOKS__GDT_WRITTEN", "http://ais.example/hook")
    monkeypatch.setenv("GDTBRIDGE_CONFIG", "/etc/gdtbridge.toml")
    settings = Settings.model_validate(
        {
            "gdt": {"out": "/share/ais", "dialect": "medical-office", "sender": "BRIDGE"},
            "worklist": {"folder": "/share/worklist"},
            "storage": {"database": "postgresql://practice"},
        }
    )
    environment = demo.own_environment(settings, tmp_path)
    ours = {name: value for name, value in environment.items() if name.startswith("GDTBRIDGE_")}
    assert set(ours) == {
        "GDTBRIDGE_GDT__DIALECT",
        "GDTBRIDGE_GDT__SENDER",
        "GDTBRIDGE_GDT__TEST_ID",
        "GDTBRIDGE_GDT__TEST_DESCRIPTION",
        "GDTBRIDGE_GDT__TEST_IDS",
        "GDTBRIDGE_STORAGE__ROOT",
        "GDTBRIDGE_DICOM__PORT",
        "GDTBRIDGE_HTTP__PORT",
        "GDTBRIDGE_EXAM__QUIET_SECONDS",
    }
    assert ours["GDTBRIDGE_GDT__DIALECT"] == "medical-office"
    assert ours["GDTBRIDGE_STORAGE__ROOT"] == str(tmp_path / "var")
    assert ours["GDTBRIDGE_DICOM__PORT"] == ours["GDTBRIDGE_HTTP__PORT"] == "0"


@pytest.mark.slow
def test_demo_ends_with_the_results(project: Path, tmp_path: Path) -> None:
    """The demonstration goes from order to GDT files, which stay to be looked at.

    It leaves nothing where it was started.
    """
    started, kept = tmp_path / "here", tmp_path / "there"
    started.mkdir()
    kept.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GDTBRIDGE_")}
    done = subprocess.run(
        [sys.executable, str(project / "scripts" / "demo")],
        cwd=started,
        env={
            **environment,
            "PYTHONPATH": str(project),
            "PYTHONIOENCODING": "utf-8",
            "TMPDIR": str(kept),
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    (number,) = re.findall(r"Examining: (R\d{10})  12345  Müller\^Änne  1958", done.stdout)
    assert len(re.findall(r"^C-STORE \S+: 0000$", done.stdout, re.MULTILINE)) == 7
    assert done.stdout.count(f"── {number}") == 4
    assert re.search(r" 8420 .* 186$", done.stdout, re.M)
    assert list(started.iterdir()) == []
    (folder,) = kept.glob("gdtbridge-demo-*")
    assert str(folder) in done.stdout
    assert len(list((folder / "var" / "gdt" / "out").glob("*.gdt"))) == 4
