"""The units of systemd: what is laid where, that systemd takes them, and how closed they are.

Not covered: that they run; ``scripts/image-check`` boots a system with them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gdtbridge.settings import load_settings

UNITS = ("gdtbridge.service", "gdtbridge-compose.service")
EXPOSURE = 20
"""The most that ``systemd-analyze security`` may find, in tenths."""

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")


@pytest.fixture(scope="module")
def laid(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder the installer laid both installations below."""
    folder = tmp_path_factory.mktemp("laid")
    for kind in ("plain", "compose"):
        subprocess.run(
            [project / "scripts" / "systemd" / "install", kind],
            env=os.environ | {"DESTDIR": str(folder)},
            check=True,
        )
    return folder


@pytest.fixture(scope="module")
def unit(project: Path) -> str:
    """Return the unit of a plain installation."""
    return (project / "scripts" / "systemd" / "gdtbridge.service").read_text("utf-8")


def test_files_are_laid_with_the_path_of_this_folder(project: Path, laid: Path) -> None:
    """Units and the command name this folder's environment, whatever it is called."""
    found = {str(one.relative_to(laid)): one for one in laid.rglob("*") if one.is_file()}
    assert set(found) == {
        "etc/systemd/system/gdtbridge.service",
        "etc/systemd/system/gdtbridge-compose.service",
        "usr/local/bin/gdtbridge",
    }
    for name, file in found.items():
        assert str(project) in file.read_text("utf-8"), name
        assert "/opt/gdtbridge" not in file.read_text("utf-8"), name
    assert os.access(found["usr/local/bin/gdtbridge"], os.X_OK)


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit(laid: Path, tmp_path: Path, name: str) -> None:
    """No unknown key, no value it would ignore, a program that is there."""
    (tmp_path / "docker.service").write_text("[Service]\nExecStart=/bin/true\n", "utf-8")
    (tmp_path / "docker").write_text("#!/bin/sh\n", "utf-8")
    (tmp_path / "docker").chmod(0o755)
    text = (laid / "etc/systemd/system" / name).read_text("utf-8")
    file = tmp_path / name
    file.write_text(text.replace("/usr/bin/docker", str(tmp_path / "docker")), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, [one for one in done.stderr.splitlines() if name in one]) == (0, [])


@needs_systemd
def test_service_is_closed(laid: Path) -> None:
    """Little is left that a service with foreign bytes in its hands could do."""
    file = laid / "etc/systemd/system/gdtbridge.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("systemd is older than 250")
    assert done.returncode == 0, done.stdout[-200:]


def test_paths_are_not_mounted_anew(unit: str) -> None:
    """A folder that systemd binds anew would pass for a share that is mounted."""
    assert not re.search(r"^(ReadWritePaths|BindPaths|PrivateDevices)=", unit, re.MULTILINE)
    assert "ProtectSystem=full\n" in unit


def test_command_uses_what_the_service_uses(project: Path, unit: str) -> None:
    """The command of staff has the service's user, settings and folder; and they can be loaded."""
    command = (project / "scripts" / "systemd" / "gdtbridge").read_text("utf-8")
    told = dict(re.findall(r"^Environment=(\w+)=(.+)$", unit, re.MULTILINE))
    assert dict(re.findall(r"^export (\w+)=(.+)$", command, re.MULTILINE)) == told
    assert f"StateDirectory={Path(told['GDTBRIDGE_STORAGE__ROOT']).name}\n" in unit
    assert "--reuid=gdtbridge" in command
    assert "\nUser=gdtbridge\n" in unit

    example = project / "scripts" / "systemd" / "gdtbridge.toml"
    settings = load_settings(example, {key: told[key] for key in told if key.endswith("ROOT")})
    assert settings.root == Path("/var/lib/gdtbridge")
    assert settings.dicom.host == "127.0.0.1"


def test_example_settings_become_true_when_uncommented(project: Path, tmp_path: Path) -> None:
    """Every line that is offered is a setting, once a token stands there."""
    text = (project / "scripts" / "systemd" / "gdtbridge.toml").read_text("utf-8")
    file = tmp_path / "gdtbridge.toml"
    lines = re.sub(r"^#(?! )", "", text, flags=re.MULTILINE)
    file.write_text(lines.replace('token = ""', 'token = "0123456789abcdef"'), "utf-8")
    assert load_settings(file, {}).gdt_out == Path("/srv/gdt/out")


def test_installer_says_how_it_is_called(project: Path) -> None:
    """Anything but the two kinds changes nothing."""
    done = subprocess.run(
        [project / "scripts" / "systemd" / "install", "plane"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "plain|compose" in done.stderr
