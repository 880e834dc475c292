"""``gdtbridge health`` without TLS: what a container or a monitor gets to know."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer

from gdtbridge.cli import main
from tests.tools.ports import free_port


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder without settings."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (403, 1), (500, 1)])
def test_the_answer_decides(httpserver: HTTPServer, status: int, exit_code: int) -> None:
    """Alive is who answers /healthz well."""
    httpserver.expect_request("/healthz").respond_with_data("ok\n", status)
    environ = {"GDTBRIDGE_HTTP__PORT": str(httpserver.port)}
    done = CliRunner().invoke(main, ["health"], env=environ)
    assert done.exit_code == exit_code
    assert (done.stdout == "ok\n") is (exit_code == 0)


def test_nobody_there(folder: Path) -> None:
    """One line says what is missing; nothing is made."""
    environ = {"GDTBRIDGE_HTTP__PORT": str(free_port())}
    done = CliRunner().invoke(main, ["health"], env=environ)
    assert done.exit_code == 1
    assert "does not answer" in done.stderr
    assert list(folder.iterdir()) == []
