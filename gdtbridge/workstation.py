"""On a workstation: read what the practice software exported, ask the bridge, start the viewer."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gdtbridge.errors import BridgeError, ViewerError
from gdtbridge.viewers import ViewerChoice, may_be_opened

SILENCE_SECONDS: Final = 10.0
"""Seconds for connecting, and between two parts of an answer."""
ANSWER_SECONDS: Final = 20.0
"""Seconds for a whole answer."""
MAX_ANSWER: Final = 4 * 1024 * 1024
MAX_FILE: Final = 64 * 1024
"""Bytes of a file the bridge takes."""
PATIENCE_SECONDS: Final = 5.0
"""How long a file may stay incomplete."""
QUIET_SECONDS: Final = 0.2
"""A whole file is still given so long to change: another line would narrow the search."""
LAUNCH_SECONDS: Final = 5.0
"""A launcher that has not failed by then is at work."""

SEARCH: Final = "/api/v1/studies/search"


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study the bridge knows; ``line`` tells it from others, ``url`` opens it."""

    line: str
    url: str


class BridgeClient:
    """The running bridge, asked by HTTP; the patient number is in the body, never in an address."""

    def __init__(self, address: str, token: str, ca_file: Path | None = None) -> None:
        """Trust the certificates of ``ca_file`` (PEM), else those this machine trusts.

        Raises `BridgeError` when the address is none, or the file cannot be used.
        """
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BridgeError(
                "http.public_url oder --bridge: Erwartet wird eine Adresse wie "
                "http://192.168.1.10:8080. / An address like that is expected."
            )
        self._context = _trusting(ca_file) if parts.scheme == "https" else None
        self._host, self._port = parts.hostname, port
        self._path = f"{parts.path.rstrip('/')}{SEARCH}"
        self._token = token
        self._address = f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")

    def search_file(self, data: bytes) -> list[FoundStudy]:
        """Return the studies a GDT file asks for."""
        return self._ask(data, "application/octet-stream")

    def search(self, **question: str) -> list[FoundStudy]:
        """Return the studies that fit; the words are those of the JSON API."""
        return self._ask(json.dumps(question).encode(), "application/json")

    def _ask(self, body: bytes, kind: str) -> list[FoundStudy]:
        headers = {"Content-Type": kind, "Accept": "application/json", "Connection": "close"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            with closing(self._connect()) as connection:
                connection.request("POST", self._path, body, headers)
                with connection.getresponse() as answer:
                    content = _content(answer)
        except ssl.SSLCertVerificationError as error:
            raise BridgeError(
                f"Dem Zertifikat von {self._address} wird hier nicht geglaubt: Das der CA auf "
                "diesem Rechner eintragen oder in http.ca_file nennen; der Name in der Adresse "
                f"muss im Zertifikat stehen. / The certificate of {self._address} is not trusted "
                "here: import that of its CA, or name it in http.ca_file; it has to bear the name "
                f"in the address. [{error.verify_message}]"
            ) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise BridgeError(
                f"Die Bridge unter {self._address} antwortet nicht. / The bridge at "
                f"{self._address} does not answer: {reason}."
            ) from error
        return _read(answer, content, self._address)

    def _connect(self) -> HTTPConnection:
        if (context := self._context) is not None:
            return HTTPSConnection(self._host, self._port, timeout=SILENCE_SECONDS, context=context)
        return HTTPConnection(self._host, self._port, timeout=SILENCE_SECONDS)


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = error.strerror or "no PEM"
        raise BridgeError(
            f"http.ca_file: {ca_file} ist nicht als Zertifikat (PEM) zu lesen. / cannot be read as "
            f"a certificate (PEM): {reason}."
        ) from error


def _content(answer: HTTPResponse) -> bytes:
    deadline = time.monotonic() + ANSWER_SECONDS
    content = b""
    while chunk := answer.read1(65536):
        content += chunk
        if len(content) > MAX_ANSWER or time.monotonic() > deadline:
            raise HTTPException("endless")
    return content


def _read(answer: HTTPResponse, content: bytes, address: str) -> list[FoundStudy]:
    try:
        told = json.loads(content)
        if answer.status == 200:
            return [_found(study) for study in told["studies"]]
        reason = _reason(told)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BridgeError(
            f"Unter {address} antwortet etwas anderes als gdtbridge. / What answers at {address} "
            f"is not gdtbridge (HTTP {answer.status})."
        ) from error
    raise BridgeError(reason)


def _found(study: dict[str, object]) -> FoundStudy:
    day, clock, modality, text, url = (
        " ".join(str(study[key] or "").split())
        for key in ("study_date", "study_time", "modality", "description", "viewer_url")
    )
    return FoundStudy("  ".join(word or "-" for word in (day, clock, modality, text)), url)


def _reason(problem: dict[str, object]) -> str:
    """Return a refusal (RFC 9457) in one line."""
    errors = problem.get("errors")
    fields = (
        [f"{error['field']}: {error['problem']}" for error in errors]
        if isinstance(errors, list)
        else []
    )
    return " ".join((fields[0] if fields else str(problem["detail"])).split())


def link_of(study: FoundStudy, viewer: ViewerChoice) -> str:
    """Return the URL of a study; raise `ViewerError` where it may not be opened here."""
    if not study.url:
        raise ViewerError(
            "Die Bridge kennt keinen Viewer für diese Untersuchung ([viewer] in ihren "
            "Einstellungen). / The bridge knows no viewer for this study ([viewer] in its "
            "settings)."
        )
    if not may_be_opened(study.url, viewer):
        raise ViewerError(
            "Die Adresse des Viewers wird hier nicht geöffnet: Tragen Sie viewer.url auch in den "
            "Einstellungen dieses Arbeitsplatzes ein. / The viewer's address is not opened here: "
            "set viewer.url in the settings of this workstation as well."
        )
    return study.url


def whole_file(file: Path) -> bytes:
    """Return the content of an export, once the practice software has written all of it.

    Raises `BridgeError` when there is none, or it stays incomplete.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    before: bytes | None = None
    while True:
        data, reason = _look(file)
        if not reason and data == before:
            return data
        if reason and time.monotonic() >= deadline:
            raise BridgeError(f"{file}: {reason}")
        before = data
        time.sleep(QUIET_SECONDS)


def _look(file: Path) -> tuple[bytes, str]:
    """Return the content of a file, and why the file is no whole export, if so."""
    from gdtbridge.gdt.errors import NotGdtError
    from gdtbridge.gdt.read.reader import read_records
    from gdtbridge.gdt.read.structure import what_is_missing

    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except OSError as error:
        return b"", f"nicht lesbar. / cannot be read: {error.strerror}."
    if len(data) > MAX_FILE:
        raise BridgeError(f"{file}: zu groß. / too large.")
    try:
        return data, what_is_missing(data, read_records(data))
    except NotGdtError as error:
        return data, str(error)


def launch(url: str) -> None:
    """Let the operating system open the URL; raise `ViewerError` when it cannot.

    Not `webbrowser`: it hands ``weasis://`` to the browser (macOS, Python 3.14) or to what it takes
    for one. Windows finds the program of a scheme by `os.startfile`, macOS by ``open``, other
    systems by ``xdg-open``.
    """
    if sys.platform in {"win32", "darwin"}:
        import click

        if click.launch(url):
            raise ViewerError(_not_started())
        return
    try:
        process = subprocess.Popen(  # noqa: S603 - `may_be_opened` let it pass
            ["xdg-open", url],  # noqa: S607 - where it lies is the distribution's choice
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ViewerError(_not_started()) from error
    try:
        status = process.wait(LAUNCH_SECONDS)
    except subprocess.TimeoutExpired:
        process.returncode = 0  # it is the viewer itself, and outlives this call
        return
    if status:
        raise ViewerError(_not_started())


def _not_started() -> str:
    return (
        "Das Betriebssystem kann den Viewer nicht starten; ist er auf diesem Arbeitsplatz "
        "installiert? / The operating system cannot start the viewer; is it installed here?"
    )
