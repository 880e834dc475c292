"""The compose file, the image and the page that tells of them fit each other and the settings.

Covered: every variable is a setting, only the exchange folders are shared, the files of the page
start a bridge. Not covered: Docker itself; ``scripts/image-check`` builds and runs.
"""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gdtbridge.errors import SettingsError
from gdtbridge.settings import Settings, known_keys, load_settings

pytest.importorskip("yaml", reason="the environment is older than uv.lock")
from scripts.deploy_tools.compose import (
    ComposeError,
    bind_mounts_of,
    environment_of,
    image_environment,
    interpolated,
    read_env,
    services_of,
    variables_of,
)

SECRETS = {"GDTBRIDGE_HTTP__TOKEN": "0123456789abcdef", "ORTHANC_PASSWORD": "f00"}
FOR_DOCKER = {
    "DOCKER_NETWORK",
    "GDT_GROUP",
    "GDT_IN",
    "GDT_OUT",
    "LISTEN_ON",
    "ORTHANC_PASSWORD",
    "ORTHANC_PORT",
}


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    """Return the compose file."""
    return (project / "docker-compose.yml").read_text("utf-8")


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    """Return the page for practices."""
    return (project / "docs" / "praxis" / "container.md").read_text("utf-8")


@pytest.fixture(scope="module")
def env(page: str) -> dict[str, str]:
    """Return the ``.env`` the page shows."""
    return read_env(block(page, "sh"))


@pytest.fixture
def practice_settings(
    project: Path, text: str, page: str, env: dict[str, str], tmp_path: Path
) -> Settings:
    """Return the settings of the bridge that the files of the page start."""
    (tmp_path / "gdtbridge.toml").write_text(block(page, "toml"), "utf-8")
    service = services_of(text, env)["gdtbridge"]
    return load_settings(
        tmp_path / "gdtbridge.toml",
        image_environment(project / "Dockerfile") | environment_of(service, env),
    )


def block(page: str, kind: str) -> str:
    """Return the first block of code of a kind, its indentation taken off."""
    match = re.search(rf"^( *)```{kind}\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
    assert match is not None
    return re.sub(rf"^{match[1]}", "", match[2], flags=re.MULTILINE)


def test_every_variable_is_a_setting_or_told(text: str, page: str, env: dict[str, str]) -> None:
    """What the file takes from ``.env`` is a setting of ours or stands in the page's table."""
    settings = {f"GDTBRIDGE_{key.upper().replace('.', '__')}" for key in known_keys()}
    used = variables_of(text)
    table = page[page.index("| in `.env` für Docker |") :]
    told = {
        name: default
        for row in re.findall(r"^\| (`[A-Z].*?) \| (.*?) \|", table, re.MULTILINE)
        for name, default in zip(*(re.findall(r"`(\S+?)`", one) for one in row), strict=False)
    }

    assert {name for name in used if not name.startswith("GDTBRIDGE_")} == FOR_DOCKER
    assert {name for name in used if name.startswith("GDTBRIDGE_")} <= settings
    assert {name: f":-{default}" for name, default in told.items()} == {
        name: default for name, default in used.items() if default.startswith(":-")
    }
    assert set(env) <= settings | FOR_DOCKER


def test_what_only_env_may_say_is_told(page: str, text: str) -> None:
    """A setting the compose file sets itself goes before ``gdtbridge.toml``: the page says so."""
    own = services_of(text, SECRETS)["gdtbridge"]["environment"]
    assert {name for name in own if own[name]} == {
        "GDTBRIDGE_HTTP__TOKEN",
        "GDTBRIDGE_DICOM__AET",
        "GDTBRIDGE_DICOM__PORT",
        "GDTBRIDGE_HTTP__PORT",
    }
    assert "Kennwort, Ports und AE-Titel zählen nur aus `.env`" in " ".join(page.split())


def has_compose() -> bool:
    """Return whether Docker's Compose is there; it reads files without a daemon."""
    command = ["docker", "compose", "version"]
    return (
        bool(shutil.which("docker"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


@pytest.mark.skipif(not has_compose(), reason="needs docker compose")
def test_compose_reads_the_file_as_we_do(text: str, page: str, tmp_path: Path) -> None:
    """Our reading of the file, on which the others rely, is Compose's own."""
    (tmp_path / "docker-compose.yml").write_text(text, "utf-8")
    (tmp_path / ".env").write_text(block(page, "sh"), "utf-8")
    told = subprocess.run(
        ["docker", "compose", "config", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    theirs = json.loads(told.stdout)["services"]
    env = read_env(block(page, "sh"))
    for name, ours in services_of(text, env).items():
        assert theirs[name]["environment"] == environment_of(ours, env)
        ports = [f"{p['host_ip']}:{p['published']}:{p['target']}" for p in theirs[name]["ports"]]
        assert ports == ours["ports"]
        binds = [one for one in theirs[name]["volumes"] if one["type"] == "bind"]
        assert [(one["target"], one.get("read_only", False)) for one in binds] == [
            (one.target, one.read_only) for one in bind_mounts_of(ours)
        ]
        assert all(theirs[name][key] == ours[key] for key in ("cap_drop", "security_opt"))


@pytest.mark.parametrize("name", SECRETS)
def test_nothing_starts_without_its_secrets(text: str, name: str) -> None:
    """There is no default password, and the sentence names what is missing."""
    with pytest.raises(ComposeError, match=f"{name}: set "):
        services_of(text, {key: value for key, value in SECRETS.items() if key != name})


def test_any_setting_passes(project: Path, text: str, tmp_path: Path) -> None:
    """A key nobody thought of reaches the bridge; one that is none stops it."""
    (tmp_path / "gdtbridge.toml").write_text("[gdt]\ndialect = 'medistar'\n", "utf-8")
    own = {"GDTBRIDGE_DICOM__ALLOWED_NETWORKS": "10.0.0.1", "GDTBRIDGE_EXAM__QUIET_SECONDS": "30"}
    image = image_environment(project / "Dockerfile")

    def started(env: dict[str, str]) -> Settings:
        service = services_of(text, env)["gdtbridge"]
        return load_settings(tmp_path / "gdtbridge.toml", image | environment_of(service, env))

    settings = started(SECRETS | own)
    assert (settings.exam.quiet_seconds, settings.gdt.dialect) == (30, "medistar")
    with pytest.raises(SettingsError, match=r"exam\.quite_seconds"):
        started(SECRETS | own | {"GDTBRIDGE_EXAM__QUITE_SECONDS": "30"})
    with pytest.raises(SettingsError, match=r"dicom\.allowed_networks"):
        started(SECRETS)


def test_only_the_exchange_folders_are_shared(
    text: str, env: dict[str, str], practice_settings: Settings
) -> None:
    """Of the host the bridge sees results, orders and its settings; none is made by Docker."""
    mounts = {one.target: one for one in bind_mounts_of(services_of(text, env)["gdtbridge"])}

    assert practice_settings.root == Path("/data")
    assert {target for target, one in mounts.items() if not one.read_only} == {
        str(practice_settings.gdt_out),
        str(practice_settings.gdt_in),
    }
    assert {target for target, one in mounts.items() if one.read_only} == {"/data/gdtbridge.toml"}
    assert not any(one.is_made for one in mounts.values())
    assert bind_mounts_of(services_of(text, env)["orthanc"]) == []


@pytest.mark.parametrize("name", ["gdtbridge", "orthanc"])
def test_services_are_closed_and_bounded(text: str, project: Path, name: str) -> None:
    """No rights beyond a user's, logs that end, a restart, and a look whether it is well."""
    service = services_of(text, SECRETS)[name]
    dockerfile = (project / "Dockerfile").read_text("utf-8")

    assert (service["cap_drop"], service["restart"]) == (["ALL"], "unless-stopped")
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert "healthcheck" in service or "\nHEALTHCHECK " in dockerfile
    if name == "gdtbridge":
        assert service["read_only"]
        assert "\nUSER 10001:10001\n" in dockerfile


def test_ports_are_those_the_bridge_listens_on(text: str, project: Path) -> None:
    """Also where ``.env`` names others; the look whether it is well reads the same settings."""
    other = {"GDTBRIDGE_DICOM__PORT": "104", "GDTBRIDGE_HTTP__PORT": "8090", "ORTHANC_PORT": "80"}
    for env in (SECRETS, SECRETS | other, SECRETS | {"LISTEN_ON": "10.0.0.1"}):
        services = services_of(text, env)
        inner = environment_of(services["gdtbridge"], env)
        at = env.get("LISTEN_ON", "0.0.0.0")
        ports = [inner["GDTBRIDGE_DICOM__PORT"], inner["GDTBRIDGE_HTTP__PORT"]]
        assert services["gdtbridge"]["ports"] == [f"{at}:{port}:{port}" for port in ports]
        assert services["orthanc"]["ports"] == [f"{at}:{env.get('ORTHANC_PORT', '8042')}:8042"]
    assert 'CMD ["gdtbridge", "health"]' in (project / "Dockerfile").read_text("utf-8")


def test_the_bridge_knows_orthanc(
    text: str, page: str, env: dict[str, str], practice_settings: Settings
) -> None:
    """The peer of the page is the service beside it, which can call back; its viewer is opened."""
    services = services_of(text, env)
    orthanc = services["orthanc"]["environment"]
    (peer,) = practice_settings.peer
    title, host, port = json.loads(orthanc["ORTHANC__DICOM_MODALITIES"])["gdtbridge"]
    network = ipaddress.ip_network(variables_of(text)["DOCKER_NETWORK"].removeprefix(":-"))

    assert (peer.aet, peer.host, peer.port) == (orthanc["ORTHANC__DICOM_AET"], "orthanc", 4242)
    assert [rule.to for rule in practice_settings.forward] == [peer.aet]
    assert (title, port) == (practice_settings.dicom.aet, practice_settings.dicom.port)
    assert host in services
    assert str(network) in practice_settings.dicom.allowed_networks
    assert practice_settings.viewer.kind == "stone-orthanc"
    assert orthanc["STONE_WEB_VIEWER_PLUGIN_ENABLED"] == "true"
    assert practice_settings.viewer.base == "http://SERVER:8042"
    assert "http://SERVER:8042" in text
    assert json.loads(orthanc["ORTHANC__REGISTERED_USERS"]) == {"praxis": env["ORTHANC_PASSWORD"]}
    assert environment_of(services["gdtbridge"], env)["ORTHANC_PASSWORD"] == ""


def test_what_may_be_added_is_a_setting(page: str) -> None:
    """Each line of the further file says which setting it is for, with the path inside."""
    lines = re.findall(r'^ +- "(\S+)" +# ([a-z_.]+) = (\S+)$', block(page, "yaml"), re.MULTILINE)
    assert {key for _, key, _ in lines} <= known_keys().keys()
    for line, _, value in lines:
        inside = line.split(":")[1].removeprefix("/data/")
        assert value.strip('"').startswith(inside)
    assert len(lines) == 3


def test_versions_agree(project: Path, text: str) -> None:
    """The image is named and labelled as the project is."""
    with (project / "pyproject.toml").open("rb") as file:
        told: dict[str, Any] = tomllib.load(file)["project"]
    dockerfile = (project / "Dockerfile").read_text("utf-8")
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="(.*?)"', dockerfile))

    assert services_of(text, SECRETS)["gdtbridge"]["image"] == f"gdtbridge:{told['version']}"
    assert labels == {
        "title": told["name"],
        "description": told["description"],
        "version": told["version"],
        "licenses": told["license"],
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}-${B}", "1-"),
        ("${A:-x}${B:-y z}", "1y z"),
        ("${B:-}", ""),
        ("$A {A}", "$A {A}"),
    ],
)
def test_variables_are_replaced_as_compose_does(text: str, value: str) -> None:
    """Set and not empty, or the default."""
    assert interpolated(text, {"A": "1", "B": ""}) == value


def test_env_files_are_read_as_compose_does() -> None:
    """Comments and empty lines say nothing, quotes around a value are none of it."""
    text = '# A=0\n\nA=1\nB=\'[{"x": 1}]\'\nC="d e"\nD = no\nE=f=g\n'
    assert read_env(text) == {"A": "1", "B": '[{"x": 1}]', "C": "d e", "E": "f=g"}
