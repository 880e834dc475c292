"""The start script for Docker Desktop, as far as it can be judged without Windows.

Not covered: that it runs; ``scripts/image-check`` runs it under Wine with a stand-in for docker.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gdtbridge.settings import load_settings

pytest.importorskip("yaml", reason="the environment is older than uv.lock")
from scripts.deploy_tools.compose import (
    environment_of,
    image_environment,
    read_env,
    services_of,
    variables_of,
)


@pytest.fixture(scope="module")
def script(project: Path) -> bytes:
    """Return the script."""
    return (project / "scripts" / "windows" / "start.cmd").read_bytes()


def written(script: bytes, name: str) -> str:
    """Return what the script writes into a file of that name."""
    lines = re.findall(rf'^>>? ?"{re.escape(name)}" echo(?:\.| (.*))$', script.decode(), re.M)
    known = {"COMPUTERNAME": "EMPFANG", "token": "0123456789abcdef", "password": "abc"}
    return re.sub(r"%(\w+)%", lambda match: known[match[1]], "\n".join(map(str.strip, lines)))


def test_form_is_what_windows_reads(script: bytes) -> None:
    """CR LF and ASCII; ``&&`` and ``||`` are not the same in every command interpreter."""
    assert script.count(b"\n") == script.count(b"\r\n") > 0
    assert script.isascii()
    assert not re.search(rb"&&|\|\|", script)


def test_every_label_is_there(script: bytes) -> None:
    """No jump goes nowhere, and no part is reached by none."""
    text = script.decode()
    labels = set(re.findall(r"^:(\w+)\r$", text, re.MULTILINE))
    assert set(re.findall(r"(?:goto |call :)(\w+)", text)) == labels


def test_what_it_writes_starts_a_bridge(project: Path, script: bytes, tmp_path: Path) -> None:
    """Its ``.env`` and ``gdtbridge.toml`` fit the compose file and the settings."""
    compose = (project / "docker-compose.yml").read_text("utf-8")
    env = read_env(written(script, ".env.new"))
    file = tmp_path / "gdtbridge.toml"
    file.write_text(written(script, "gdtbridge.toml"), "utf-8")
    service = services_of(compose, env)["gdtbridge"]
    settings = load_settings(
        file, image_environment(project / "Dockerfile") | environment_of(service, env)
    )

    assert set(env) <= set(variables_of(compose)) | {"GDTBRIDGE_DICOM__ALLOWED_NETWORKS"}
    assert f"gdtbridge:{service['image'].partition(':')[2]} ." in script.decode()
    assert settings.http.token.get_secret_value() == "0123456789abcdef"
    assert [(one.aet, one.host, one.port) for one in settings.peer] == [
        ("ORTHANC", "orthanc", 4242)
    ]
    assert [one.to for one in settings.forward] == ["ORTHANC"]
    assert settings.viewer.base == "http://EMPFANG:8042"
    for name in ("GDT_OUT", "GDT_IN"):
        folder = env[name].removeprefix("./").replace("/", "\\")
        assert f'mkdir "{folder}"' in script.decode()
