"""``gdtbridge open`` as a process of its own, against a real bridge, with a launcher that notes."""

from __future__ import annotations

import gc
import os
import pty
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer

from gdtbridge import workstation
from gdtbridge.cli import main
from tests.tools.certificate import Certificates
from tests.tools.reception import record
from tests.tools.ward import TOKEN, Ward, link

pytestmark = pytest.mark.slow  # starts programs

LAUNCHER = """#!/bin/sh
printf '%s\\n' "$#" "$@" >> "$0.log"
exit {status}
"""


class Workstation:
    """A folder with a launcher; nothing of the bridge but its address and token."""

    def __init__(self, folder: Path, bridge: str, *, status: int = 0) -> None:
        self.folder = folder
        self.launcher = folder / "bin" / "xdg-open"
        self.launcher.parent.mkdir(parents=True)
        self.launcher.write_text(LAUNCHER.format(status=status))
        self.launcher.chmod(0o755)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GDTBRIDGE_")}
        self.environment = clean | {
            "PATH": f"{self.launcher.parent}:{os.environ['PATH']}",
            "GDTBRIDGE_HTTP__PUBLIC_URL": bridge,
            "GDTBRIDGE_HTTP__TOKEN": TOKEN,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``gdtbridge open``; without a terminal."""
        return subprocess.run(
            [sys.executable, "-m", "gdtbridge", "open", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``gdtbridge open`` in this process: for tables of questions."""
        with chdir(self.folder):
            done = CliRunner().invoke(main, ["open", *arguments], env=self.environment)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def export(self, data: bytes, name: str = "export.gdt") -> str:
        """Let the practice software write a file; return its name."""
        (self.folder / name).write_bytes(data)
        return name

    @property
    def launched(self) -> list[str]:
        """What the launcher was called with: the number of arguments, then each."""
        log = self.launcher.with_name("xdg-open.log")
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """Return the practice's bridge."""
    folder = tmp_path / "bridge"
    folder.mkdir()
    ward = Ward(folder)
    yield ward
    ward.close()


@pytest.fixture
def desk(tmp_path: Path, ward: Ward) -> Workstation:
    """Return a workstation of the practice."""
    return Workstation(tmp_path / "desk", ward.url)


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line a call that failed ends with."""
    assert done.returncode == 1, done
    assert done.stdout == ""
    *_, line = done.stderr.splitlines()
    assert line.startswith("gdtbridge: ")
    assert " / " in line
    return line


def test_the_study_of_an_export_opens(ward: Ward, desk: Workstation) -> None:
    """The operating system gets the one URL, and nothing is written on the workstation."""
    uid = ward.study(901, StudyTime="093005")
    ward.study(902, StudyTime="101500")
    file = desk.export(record("6311", f8432="15012024", f8439="093005"))

    done = desk.run(file)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert desk.launched == ["1", link(uid)]
    assert sorted(path.name for path in desk.folder.iterdir()) == ["bin", "export.gdt"]


def test_print_only_prints(ward: Ward, desk: Workstation) -> None:
    """For scripts that start the viewer themselves."""
    uid = ward.study(901)
    done = desk.run("--print", "--patient", "4711")
    assert (done.returncode, done.stdout) == (0, f"{link(uid)}\n")
    assert desk.launched == []


def test_weasis_is_started_by_its_scheme(tmp_path: Path) -> None:
    """The whole command is one argument, percent signs and all."""
    folder = tmp_path / "bridge"
    folder.mkdir()
    ward = Ward(folder, 'kind = "weasis"\nbase = "http://pacs:8042"')
    uid = ward.study(901)
    desk = Workstation(tmp_path / "desk", ward.url)
    assert desk.run("--patient", "4711").returncode == 0
    count, url = desk.launched
    assert count == "1"
    assert url.startswith("weasis://%24dicom%3Ars%20--url%20%22http%3A%2F%2Fpacs")
    assert url.endswith(f"studyUID%3D{uid}%22")
    ward.close()


@pytest.mark.parametrize(
    "question",
    [
        ["--date", "15.01.2024", "--time", "09:30:05"],
        ["--date", "15012024", "--time", "093005"],
        ["--date", "2024-01-15", "--time", "09:30"],
        ["--accession", "A1"],
        ["--case", "A1"],
        ["--study", "2.25.901"],
        [
            *("--accession", "A1", "--lastname", "Müller"),
            *("--firstname", "Änne", "--birthdate", "24.12.1958"),
        ],
        ["--accession", "A1", "--lastname", "Omega", "--birthdate", "00000000"],
    ],
)
def test_the_question_in_words(ward: Ward, desk: Workstation, question: list[str]) -> None:
    """Without a file, in any usual spelling."""
    uid = ward.study(901, StudyTime="093005", AccessionNumber="A1")
    ward.study(902, StudyTime="101500")
    done = desk.ask("--print", "--patient", "4711", *question)
    assert (done.returncode, done.stdout) == (0, f"{link(uid)}\n")


def test_none(ward: Ward, desk: Workstation) -> None:
    """Nothing opens, another patient's study least of all."""
    ward.study(901, PatientID="4712")
    assert "Keine passende" in error_of(desk.run("--patient", "4711"))
    assert desk.launched == []


def test_another_person(ward: Ward, desk: Workstation) -> None:
    """By file and in words nothing opens; the line is another than when nothing is there."""
    ward.study(901)
    told = (
        "gdtbridge: Die Nummer gehört zu einer anderen Person: Nachname und Geburtsdatum sind"
        " andere. / The number is another person's: family name and birth date differ."
    )
    file = desk.export(record("6311", f3101="Omega", f3103="01011950"))
    words = ("--patient", "4711", "--lastname", "Omega", "--birthdate", "01.01.1950")
    assert error_of(desk.run(file, "--remove")) == told
    assert error_of(desk.ask(*words)) == told
    assert desk.launched == []
    assert (desk.folder / file).exists()


def test_a_birth_date_that_is_none(ward: Ward, desk: Workstation) -> None:
    """The bridge reads it as everywhere, and names the field."""
    ward.study(901)
    assert "birth_date" in error_of(desk.ask("--patient", "4711", "--birthdate", "gestern"))


def test_what_is_not_said_is_not_sent(desk: Workstation, httpserver: HTTPServer) -> None:
    """A bridge of before, which knows fewer words, understands a question of now."""
    httpserver.expect_request(
        "/api/v1/studies/search", json={"patient_id": "4711", "study_date": "2024-01-15"}
    ).respond_with_json({"total": 0, "studies": []})
    question = ("--patient", "4711", "--date", "15.01.2024")
    done = desk.ask(*question, "--bridge", httpserver.url_for("/"))
    assert "Keine passende" in error_of(done)


def test_several_without_a_terminal(ward: Ward, desk: Workstation) -> None:
    """They are listed, and none is chosen for the doctor."""
    ward.study(901, StudyTime="081500", StudyDescription="Hals\x1b[2J")
    ward.study(902, StudyTime="091500")
    done = desk.run("--patient", "4711")
    assert "Mehrere" in error_of(done)
    first, second, _ = done.stderr.splitlines()
    assert first.split() == ["1", "2024-01-15", "09:15:00", "US", "Abdomen"]
    assert second.startswith("  2  2024-01-15  08:15:00  US  Hals")
    assert "\x1b" not in second
    assert desk.launched == []


def test_several_at_a_terminal(ward: Ward, desk: Workstation) -> None:
    """A person chooses by number."""
    ward.study(901, StudyTime="081500")
    ward.study(902, StudyTime="091500")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "gdtbridge", "open", "--patient", "4711"],
        cwd=desk.folder,
        env=desk.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.write(ours, b"3\n2\n")
        assert process.wait(30) == 0
    os.close(theirs)
    os.close(ours)
    assert desk.launched == ["1", link("2.25.901")]


def test_a_bridge_that_is_not_there(desk: Workstation) -> None:
    """The address is named."""
    done = desk.run("--patient", "4711", "--bridge", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9" in error_of(done)


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8080", "ftp://x", "http://", "http://x:y", "http://["]
)
def test_an_address_that_is_none(desk: Workstation, address: str) -> None:
    """The setting and the option are named."""
    assert "--bridge" in error_of(desk.ask("--patient", "4711", "--bridge", address))


def test_the_wrong_token(ward: Ward, desk: Workstation) -> None:
    """The bridge's own sentence is shown."""
    desk.environment["GDTBRIDGE_HTTP__TOKEN"] = "wrong-horse-battery"
    assert "token" in error_of(desk.run("--patient", "4711"))


def test_a_bridge_without_a_viewer(tmp_path: Path) -> None:
    """Whose settings lack what is said."""
    folder = tmp_path / "bridge"
    folder.mkdir()
    ward = Ward(folder, "")
    ward.study(901)
    desk = Workstation(tmp_path / "desk", ward.url)
    assert "[viewer]" in error_of(desk.run("--patient", "4711"))
    ward.close()


def test_a_viewer_that_is_not_installed(tmp_path: Path, ward: Ward) -> None:
    """The operating system's refusal is not taken for success."""
    ward.study(901)
    desk = Workstation(tmp_path / "desk", ward.url, status=3)
    assert "installiert" in error_of(desk.run("--patient", "4711"))
    desk.launcher.unlink()
    desk.environment["PATH"] = str(desk.launcher.parent)
    assert "installiert" in error_of(desk.run("--patient", "4711"))


@pytest.mark.slow
def test_a_launcher_that_is_the_viewer_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stays is at work; the call does not wait for it to be closed."""
    launcher = tmp_path / "xdg-open"
    launcher.write_text("#!/bin/sh\nexec sleep 30\n")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(workstation, "LAUNCH_SECONDS", 0.2)
    began = time.monotonic()
    workstation.launch("http://pacs/")
    gc.collect()  # a warning about the process would be an error
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "hello"),
        (200, "[]"),
        (200, '{"total": 1, "studies": [{}]}'),
        (200, '{"total": 1, "studies": 5}'),
        (500, "<html>"),
        (400, '{"errors": [{}]}'),
        (404, "{}"),
        (302, ""),
    ],
)
def test_something_else_that_answers(
    desk: Workstation, httpserver: HTTPServer, status: int, body: str
) -> None:
    """A clear line, whatever it says."""
    httpserver.expect_request("/api/v1/studies/search").respond_with_data(body, status=status)
    done = desk.ask("--patient", "4711", "--bridge", httpserver.url_for("/"))
    assert "is not gdtbridge" in error_of(done)
    assert desk.launched == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "calc.exe", "--help", "javascript:alert(1)", "horos://x"]
)
def test_an_answer_starts_viewers_only(desk: Workstation, httpserver: HTTPServer, url: str) -> None:
    """Who pretends to be the bridge starts no program here."""
    study = dict.fromkeys(
        ("study_date", "study_time", "modality", "description", "viewer_url"), url
    )
    httpserver.expect_request("/api/v1/studies/search").respond_with_json(
        {"total": 1, "studies": [study]}
    )
    done = desk.ask("--patient", "4711", "--bridge", httpserver.url_for("/"))
    assert "viewer.url" in error_of(done)
    assert desk.launched == []


@contextmanager
def endless_answer() -> Iterator[str]:
    """Yield the address of a server that never stops answering."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def answer() -> None:
            with closing(server.accept()[0]) as connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                try:
                    while True:
                        connection.sendall(bytes(1_000_000))
                except OSError:
                    return

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


def test_an_answer_is_bounded(desk: Workstation) -> None:
    """An answer without an end is not read to its end."""
    with endless_answer() as address:
        assert "does not answer" in error_of(desk.run("--patient", "1", "--bridge", address))


# ---------------------------------------------------------------------------- the file


UNUSABLE = {
    record("6311", f3000=None): "3000",
    record("6311", f8432="45012024"): "8432",
    bytes(70_000): "zu groß",
}
NEVER_WHOLE = {
    b"no GDT at all\r\n": "GDT",
    b"": "leer",
    record("6311")[:-4]: "letzte Zeile",
}


@pytest.mark.parametrize(("data", "told"), UNUSABLE.items(), ids=UNUSABLE.values())
def test_a_file_that_cannot_be_used(desk: Workstation, data: bytes, told: str) -> None:
    """The field or the fault is named, and the file stays."""
    file = desk.export(data)
    assert told in error_of(desk.ask(file, "--remove"))
    assert (desk.folder / file).exists()


@pytest.mark.slow
def test_a_file_that_never_gets_whole_is_not_waited_for_for_ever(desk: Workstation) -> None:
    """What lacks is named, and the file stays; a file that is not there is named too."""
    files = {desk.export(data, f"{told}.gdt"): told for data, told in NEVER_WHOLE.items()} | {
        "missing.gdt": "nicht lesbar"
    }
    with ThreadPoolExecutor(len(files)) as pool:
        ended = pool.map(lambda file: desk.run(file, "--remove"), files)
        for (file, told), done in zip(files.items(), ended, strict=True):
            assert told in error_of(done)
            assert (desk.folder / file).exists() == (file != "missing.gdt")


def test_a_file_still_being_written_is_waited_for(ward: Ward, desk: Workstation) -> None:
    """The lines that narrow the search come last."""
    uid = ward.study(901, StudyTime="093005")
    ward.study(902, StudyTime="101500")
    whole = record("6311", f8432="15012024", f8439="093005")
    half = whole.index(b"8432") - 3
    file = desk.export(whole[:half])
    with subprocess.Popen(
        [sys.executable, "-m", "gdtbridge", "open", "--print", file],
        cwd=desk.folder,
        env=desk.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        with (desk.folder / file).open("ab") as stream:
            stream.write(whole[half:])
        assert process.communicate(timeout=30)[0] == f"{link(uid)}\n"


def test_our_own_result_as_the_practice_software_exports_it(ward: Ward, desk: Workstation) -> None:
    """A 6310 that comes back from the chart opens its study; with ``--remove`` the file is gone."""
    ward.study(901)
    entry = ward.practice.core.orders.place(ward.practice.order()).entry
    ward.practice.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber="")
    ward.practice.wait()
    result = (ward.practice.out / f"{entry.AccessionNumber}.gdt").read_bytes()
    file = desk.export(result)

    assert desk.run(file, "--remove").returncode == 0
    assert desk.launched == ["1", link(entry.StudyInstanceUID)]
    assert not (desk.folder / file).exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["export.gdt", "--patient", "4711"],
        ["export.gdt", "--date", "15.01.2024"],
        ["export.gdt", "--lastname", "Müller"],
        ["--patient", "4711", "--date", "gestern"],
        ["--patient", "4711", "--time", "9 Uhr"],
        ["--patient", "4711", "--remove"],
        ["a", "b"],
    ],
)
def test_wrong_usage(desk: Workstation, arguments: list[str]) -> None:
    """Status 2, as everywhere."""
    assert desk.ask(*arguments).returncode == 2


# ---------------------------------------------------------------------------- HTTPS


@pytest.fixture
def encrypted(certificates: Certificates) -> Iterator[HTTPServer]:
    """Yield a bridge that is called encrypted and knows one study."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server.certificate, certificates.server.key)
    study = dict.fromkeys(("study_date", "study_time", "modality", "description"), "")
    with HTTPServer(host="localhost", ssl_context=context) as server:
        answer = {"studies": [study | {"viewer_url": link("2.25.901")}]}
        server.expect_request("/api/v1/studies/search").respond_with_json(answer)
        yield server


@pytest.mark.parametrize("how", ["option", "setting"])
def test_named_certificate_is_trusted(
    desk: Workstation, encrypted: HTTPServer, certificates: Certificates, how: str
) -> None:
    """By ``--ca-file`` or ``http.ca_file``, which counts from the folder of the settings."""
    shutil.copy(certificates.ca.certificate, desk.folder / "ca.crt")
    named = {"option": ["--ca-file", "ca.crt"], "setting": []}[how]
    if how == "setting":
        desk.environment["GDTBRIDGE_HTTP__CA_FILE"] = "ca.crt"
    asked = ["--print", "--patient", "4711", "--bridge", encrypted.url_for("/"), *named]
    done = desk.ask(*asked)
    assert (done.returncode, done.stdout) == (0, f"{link('2.25.901')}\n")


@pytest.mark.parametrize(
    ("file", "reason"),
    [(None, "is not trusted"), ("gone.crt", "http.ca_file"), ("empty.crt", "http.ca_file")],
)
def test_a_stranger_is_told_nothing(
    desk: Workstation, encrypted: HTTPServer, file: str | None, reason: str
) -> None:
    """Without a certificate that vouches for the bridge no patient number leaves."""
    (desk.folder / "empty.crt").touch()
    named = ["--ca-file", file] if file else []
    done = desk.ask("--patient", "4711", "--bridge", encrypted.url_for("/"), *named)
    assert reason in error_of(done)
    assert encrypted.log == []
