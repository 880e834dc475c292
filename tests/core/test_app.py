"""The service in this process: it starts whole or not at all, and says how it is."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gdtbridge.check import CheckResult, probe
from gdtbridge.database import copy_to
from gdtbridge.dicom.client import Peer, echo
from gdtbridge.durable import FolderUnusable
from gdtbridge.errors import BridgeError, DatabaseError, SettingsError
from gdtbridge.first_start import set_aside
from gdtbridge.service import Bridge, is_running
from gdtbridge.settings import Settings, load_settings
from tests.tools.waiting import wait_for
from worklist import FolderError

pytestmark = pytest.mark.slow  # starts services


def settings_of(folder: Path, **values: str) -> Settings:
    """Return settings with everything below ``folder`` and free ports."""
    free = {"dicom__port": "0", "http__port": "0", "storage__min_free_mb": "1"} | values
    (folder / "gdtbridge.toml").touch()
    environ = {f"GDTBRIDGE_{key.upper()}": value for key, value in free.items()}
    return load_settings(folder / "gdtbridge.toml", environ)


@pytest.fixture
def taken() -> Iterator[str]:
    """Return a port on which a program listens that never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def started() -> set[str]:
    """Return the names of the threads there are."""
    return {thread.name for thread in threading.enumerate()}


def broken_root(folder: Path) -> None:
    """Let a file stand where the root should be."""
    (folder / "var").write_text("a file")


def broken_archive(folder: Path) -> None:
    """Let a file stand where the archive should be."""
    (folder / "var").mkdir()
    (folder / "var" / "archive").write_text("a file")


def broken_worklist(folder: Path) -> None:
    """Let a folder stand where the worklist's lock should be."""
    (folder / "var" / "worklist" / ".gdtbridge.lock").mkdir(parents=True)


def broken_lock(folder: Path) -> None:
    """Let a folder stand where the service's lock should be."""
    (folder / "var" / "service.lock").mkdir(parents=True)


def newer_database(folder: Path) -> None:
    """Leave a database of a later version."""
    (folder / "var").mkdir()
    with sqlite3.connect(folder / "var" / "gdtbridge.sqlite") as connection:
        connection.execute("CREATE TABLE schema_version (version INTEGER)")
        connection.execute("INSERT INTO schema_version VALUES (99)")
    connection.close()


def broken_database(folder: Path) -> None:
    """Leave a file that is no database."""
    (folder / "var").mkdir()
    (folder / "var" / "gdtbridge.sqlite").write_text("no database " * 100)


BROKEN: list[tuple[Callable[[Path], None], type[Exception], str]] = [
    (broken_root, SettingsError, "storage.root"),
    (broken_archive, SettingsError, "storage.root"),
    (broken_worklist, FolderError, "worklist"),
    (broken_lock, FolderUnusable, "var"),
    (newer_database, DatabaseError, "99"),
    (broken_database, DatabaseError, "storage.database"),
]


@pytest.mark.parametrize(("breaking", "error", "named"), BROKEN)
def test_what_keeps_it_from_starting_is_said_in_a_line(
    tmp_path: Path, breaking: Callable[[Path], None], error: type[Exception], named: str
) -> None:
    """The line names what to mend, in German first; nothing is left running."""
    breaking(tmp_path)
    before = started()
    with pytest.raises(error, match=named) as raised:
        Bridge(settings_of(tmp_path)).start()

    assert len(str(raised.value).splitlines()) == 1
    assert " / " in str(raised.value)
    wait_for(lambda: started() <= before, what="the end of every thread")  # a folder's lingers


@pytest.mark.parametrize("key", ["dicom", "http"])
def test_a_port_that_is_taken_is_named(tmp_path: Path, key: str, taken: str) -> None:
    """The setting is named, and what was started before is stopped."""
    before = started()
    bridge = Bridge(settings_of(tmp_path, **{f"{key}__port": taken}))
    with pytest.raises(SettingsError, match=rf"{key}\.port = {taken}"):
        bridge.start()

    wait_for(lambda: started() <= before, what="the end of every thread")  # a folder's lingers
    assert not is_running(tmp_path / "var")


@pytest.mark.parametrize("key", ["worklist__folder"])
def test_a_folder_of_the_practice_is_never_made(tmp_path: Path, key: str) -> None:
    """A share that is not mounted must not become a folder of the same name."""
    with pytest.raises(SettingsError, match=r"worklist\.folder"):
        Bridge(settings_of(tmp_path, **{key: "share"}))

    assert not (tmp_path / "share").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_root_that_is_read_only(tmp_path: Path) -> None:  # pragma: no cover
    """What cannot be written is said at the start, not to the first device."""
    (tmp_path / "var" / "archive").mkdir(parents=True, mode=0o555)
    with pytest.raises(SettingsError, match="archive"):
        Bridge(settings_of(tmp_path))


class TestRunning:
    """A service that runs."""

    @pytest.fixture
    def bridge(self, tmp_path: Path) -> Iterator[Bridge]:
        """Return a running service."""
        bridge = Bridge(settings_of(tmp_path))
        bridge.start()
        yield bridge
        bridge.stop()

    def test_it_is_ready(self, bridge: Bridge) -> None:
        """Every part is well from the start."""
        parts = bridge.readiness()

        assert {"dicom", "scheduler", "database", "disk", "worklist", "outbox:gdt"} <= set(parts)
        assert [name for name, part in parts.items() if not part.ok] == []

    def test_two_do_not_share_their_files(self, bridge: Bridge, tmp_path: Path) -> None:
        """A second service of the same root is refused, the first goes on."""
        with pytest.raises(SettingsError, match="schon ein Dienst"):
            Bridge(settings_of(tmp_path)).start()

        assert is_running(tmp_path / "var")
        echo(Peer("127.0.0.1", bridge.dicom_port, "GDTBRIDGE", "US01"))

    def test_readiness_without_folders(self, bridge: Bridge, tmp_path: Path) -> None:
        """What is gone is named; nobody who asks gets an error or waits."""
        shutil.rmtree(tmp_path / "var" / "worklist")
        shutil.rmtree(tmp_path / "var" / "archive")
        deadline = time.monotonic() + 60
        while any(bridge.readiness()[part].ok for part in ("worklist", "disk")):
            assert time.monotonic() < deadline, bridge.readiness()
            threading.Event().wait(0.05)

        begun = time.monotonic()
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"http://127.0.0.1:{bridge.http_port}/readyz", timeout=60)
        answer.value.close()
        assert answer.value.code == 503
        assert time.monotonic() - begun < 30


class TestCheck:
    """Who listens on our ports."""

    def ports(self, settings: Settings) -> list[CheckResult]:
        """Return what the check says of the ports."""
        return [one for one in probe(settings) if one.part.endswith(".port")]

    def test_our_service(self, tmp_path: Path) -> None:
        """The running service answers, and that is fine."""
        bridge = Bridge(settings_of(tmp_path))
        bridge.start()
        try:
            numbers = {
                "dicom__port": str(bridge.dicom_port),
                "http__port": str(bridge.http_port),
            }
            findings = self.ports(settings_of(tmp_path, **numbers))
        finally:
            bridge.stop()

        assert [one.ok for one in findings] == [True, True]
        assert all("der Dienst antwortet" in one.text for one in findings)

    def test_the_service_of_another_installation(self, tmp_path: Path) -> None:
        """One of our kind, but not of this root: it would keep us from starting."""
        (tmp_path / "other").mkdir()
        other = Bridge(settings_of(tmp_path / "other"))
        other.start()
        try:
            numbers = {"dicom__port": str(other.dicom_port), "http__port": str(other.http_port)}
            findings = self.ports(settings_of(tmp_path, **numbers))
        finally:
            other.stop()

        assert [one.ok for one in findings] == [False, False]

    def test_a_service_that_lost_its_database(self, tmp_path: Path) -> None:
        """The file that lies there now is fine, and nobody works with it: the service says so."""
        settings = settings_of(tmp_path, http__token="x" * 16)
        bridge = Bridge(settings)
        bridge.start()
        try:
            port = {"http__port": str(bridge.http_port), "http__token": "x" * 16}
            settings = settings_of(tmp_path, **port)
            assert "service.database" not in [one.part for one in probe(settings)]
            copy_to(settings.database_url, tmp_path / "copy")
            set_aside(settings.root / "gdtbridge.sqlite")
            (tmp_path / "copy").replace(settings.root / "gdtbridge.sqlite")

            def told() -> list[str]:
                return [one.text for one in probe(settings) if one.part == "service.database"]

            wait_for(told, what="what the service says")
            assert "restart the service" in told()[0]
        finally:
            bridge.stop()

    def test_another_program(self, tmp_path: Path, taken: str) -> None:
        """A program on our port is an error that names the port."""
        dicom, http = self.ports(settings_of(tmp_path, dicom__port=taken))

        assert (dicom.ok, http.ok) == (False, True)
        assert f"127.0.0.1:{taken}" in dicom.text
        assert [path.name for path in tmp_path.iterdir()] == ["gdtbridge.toml"]

    def test_an_address_that_is_not_ours(self, tmp_path: Path) -> None:
        """The service could not listen there."""
        settings = settings_of(tmp_path, http__host="192.0.2.7", http__token="x" * 16)
        _, http = self.ports(settings)

        assert not http.ok

    def test_a_broken_installation_is_a_finding(self, tmp_path: Path) -> None:
        """The check ends with an answer, never with an error."""
        newer_database(tmp_path)
        where, finding = probe(settings_of(tmp_path))

        assert str(tmp_path / "var") in where.text
        assert not finding.ok
        assert "99" in finding.text


def test_errors_are_ours() -> None:
    """What a start can raise is what the command line knows to tell."""
    assert all(issubclass(error, (BridgeError, FolderError)) for _, error, _ in BROKEN)
