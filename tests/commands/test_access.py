"""``gdtbridge access`` and ``audit``, as the person at the terminal gives them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.audit import Actor, ActorKind
from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.settings import load_settings
from tests.tools.service import Service
from tests.tools.waiting import wait_for

LINK = re.compile(r"http://127\.0\.0\.1:8099/zugang/([\w-]{43})")
PASSWORD = "vier kleine graue Katzen"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Run a command in an installation that is there."""
    environ = {
        "GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "root"),
        "GDTBRIDGE_DICOM__PORT": "0",
        "GDTBRIDGE_HTTP__PORT": "8099",
    }
    with open_core(load_settings(environ=environ)):
        pass
    return lambda *arguments: CliRunner().invoke(main, arguments, env=environ)


def use_first_link(run: Callable[..., Result], tmp_path: Path) -> None:
    """Make the first account as the page does."""
    match = LINK.fullmatch(run("access", "link").stdout.strip())
    assert match is not None
    environ = {"GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "root")}
    with open_core(load_settings(environ=environ)) as core:
        core.access.accounts.use_first_link(match[1], "chef", "Dr. Sommer", PASSWORD, "192.0.2.1")


def test_accounts_from_the_first_link_on(run: Callable[..., Result], tmp_path: Path) -> None:
    """The first is made by a link; others are added, changed, stilled and listed."""
    use_first_link(run, tmp_path)
    again = run("access", "link")
    assert again.exit_code == 1
    assert "--account" in again.stderr
    added = run("access", "add", "anna", "Anna Krüger", "--role", "reader")
    assert LINK.fullmatch(added.stdout.strip())
    assert LINK.fullmatch(run("access", "link", "--account", "ANNA").stdout.strip())
    assert run("access", "role", "anna", "practice").exit_code == 0
    assert run("access", "sign-out", "anna").exit_code == 0
    assert run("access", "deactivate", "anna").exit_code == 0
    rows = json.loads(run("access", "accounts", "--json").stdout)
    assert [(row["account"], row["role"].partition(" /")[0], row["state"]) for row in rows] == [
        ("anna", "Praxis", "stillgelegt / deactivated"),
        ("chef", "Verwaltung", "offen / open"),
    ]
    assert run("access", "reactivate", "anna").exit_code == 0
    assert run("access", "remove", "anna").stdout == "anna: gelöscht. / deleted.\n"
    assert run("access", "remove", "chef").exit_code == 1


def test_a_restored_copy_lets_nobody_stay_signed_in(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    """A session or a link that ended since the copy was made must not come back with it."""
    use_first_link(run, tmp_path)
    settings = load_settings(environ={"GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "root")})
    with open_core(settings) as core:
        cookie = core.access.desk.sign_in("chef", PASSWORD, "192.0.2.1").cookie
        secret = core.access.accounts.link("chef", Actor(ActorKind.COMMAND, "root"))
        assert core.access.memory.signed_in(cookie, acting=False) is not None
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    assert run("restore", str(tmp_path / "copy")).exit_code == 0
    with open_core(settings) as core:
        assert core.access.memory.signed_in(cookie, acting=False) is None
        assert core.access.accounts.opened(secret) is None
        assert core.access.desk.sign_in("chef", PASSWORD, "192.0.2.1").cookie


def test_a_token_is_shown_once(run: Callable[..., Result]) -> None:
    """The list has no secret; what is wrong is named."""
    scopes = ("--scope", "studies", "--scope", "dicomweb-store")
    made = run("access", "token", "add", "AIS", *scopes, "--aet", "US_RAUM1")
    secret = made.stdout.strip()
    assert secret.startswith("gdtb_")
    listed = run("access", "tokens")
    assert secret not in listed.stdout
    assert "dicomweb-store, studies" in listed.stdout
    assert run("access", "token", "revoke", "1").exit_code == 0
    (row,) = json.loads(run("access", "tokens", "--json").stdout)
    assert (row["state"], row["aet"]) == ("gesperrt / revoked", "US_RAUM1")
    wrong = run("access", "token", "add", "AIS", "--scope", "all")
    assert wrong.exit_code == 1
    assert "worklist-add" in wrong.stderr


def test_the_trail_is_read_at_the_terminal(run: Callable[..., Result]) -> None:
    """With who, what and what it was done to."""
    run("access", "add", "anna", "Anna Krüger")
    told = run("audit", "list").stdout
    assert "Konto angelegt" in told
    assert "account:anna" in told
    (row,) = json.loads(run("audit", "list", "--act", "made-account", "--json").stdout)
    assert (row["act"], row["about"], row["kind"]) == ("made-account", "account:anna", "command")
    assert run("audit", "list", "--act", "dreamt").exit_code == 2


@pytest.mark.parametrize("kind", ["terminal", "pipe"])
def test_the_first_link_is_shown_to_eyes_only(tmp_path: Path, kind: str) -> None:
    """A service in a terminal shows it; what a service manager would keep as a log has none."""
    service = Service(tmp_path)
    lead, follow = pty.openpty() if kind == "terminal" else os.pipe()
    command = [sys.executable, "-m", "gdtbridge", "serve"]
    said = b""

    def is_ready() -> bool:
        nonlocal said
        said += os.read(lead, 65536)
        return b"ready, Ctrl+C" in said

    with subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, **service.environment()}, stderr=follow
    ) as process:
        wait_for(is_ready, what="the start")
        process.terminate()
    os.close(lead)
    os.close(follow)

    assert (b"/zugang/" in said) is (kind == "terminal")
    assert b"gdtbridge access link" in said
