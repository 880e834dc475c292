"""STOW-RS: what programs bring is taken like what devices send, and each object is told of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from pydicom import Dataset
from werkzeug.test import TestResponse

import gdtbridge.archive
import gdtbridge.exams
from gdtbridge.archive import spool
from gdtbridge.audit import Actor, ActorKind
from gdtbridge.errors import OutOfResources
from gdtbridge.schema import instance
from gdtbridge.service import object_taker, web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from gdtbridge.web.dicomweb import committing
from gdtbridge.web.dicomweb.datasets import JSON
from gdtbridge.web.dicomweb.place import ROOT
from gdtbridge.web.dicomweb.storing import UNKNOWN_SENDER
from tests.tools.dying import SimulatedCrash, Tried, dying_at, files_of
from tests.tools.elements import US_IMAGE, part10, still
from tests.tools.practice import Practice

STUDY: Final = "2.25.500"
MULTIPART: Final = 'multipart/related; type="application/dicom"; boundary="b"'
WALKED: Final = files_of(
    {
        gdtbridge.archive: ("spool", "store", "taking"),
        gdtbridge.exams: ("receiving",),
    }
)


@dataclass(frozen=True, slots=True)
class Store:
    """A practice programs bring objects to."""

    practice: Practice
    client: FlaskClient
    folder: Path

    def file(self, uid: str, **values: str) -> bytes:
        """Return a DICOM file."""
        said = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": f"{STUDY}.1", **values}
        made = still(1, SOPInstanceUID=uid, **said)
        return part10(self.folder / "made.dcm", made, sop_uid=uid).read_bytes()

    def post(
        self, body: bytes, path: str = "/studies", kind: str = MULTIPART, **headers: str
    ) -> TestResponse:
        """Send a body."""
        return self.client.post(ROOT + path, data=body, headers={"Content-Type": kind, **headers})

    def bring(self, *files: bytes, path: str = "/studies", **headers: str) -> TestResponse:
        """Send files."""
        return self.post(multipart(*files), path, **headers)

    def senders(self, uid: str) -> list[str]:
        """Return as whose each version of an object was taken; its file must be there."""
        query = sa.select(instance.c.calling_aet, instance.c.file)
        with self.practice.database.read() as connection:
            rows = connection.execute(query.where(instance.c.sop_instance_uid == uid)).all()
        assert all((self.practice.archive.folder / file).is_file() for _, file in rows)
        return [title for title, _ in rows]


def multipart(*files: bytes) -> bytes:
    """Return the body that files are sent in."""
    head = b"--b\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + file + b"\r\n" for file in files) + b"--b--\r\n"


def reasons(answer: TestResponse) -> list[int]:
    """Return why objects were refused, those without a UID last."""
    told: dict[str, Any] = answer.get_json(force=True)
    return [
        item["00081197"]["Value"][0]
        for tag in ("00081198", "0008119A")
        for item in told.get(tag, {}).get("Value", ())
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Return a practice nobody has an account in."""
    folder = tmp_path_factory.mktemp("store")
    settings = load_settings(
        environ={"GDTBRIDGE_STORAGE__ROOT": str(folder), "GDTBRIDGE_DICOM__MAX_OBJECT_MB": "1"}
    )
    practice = Practice(folder, settings)
    practice.settings.file_spool.mkdir(parents=True)
    app = create_app(settings, web_ports(practice.core), dict)
    book = practice.core.commitments

    def ring(_seconds: float = 0.0, /) -> None:
        book.verify_due()

    book.connect(ring)
    yield Store(practice, app.test_client(), folder)
    assert list(practice.settings.file_spool.iterdir()) == []
    practice.close()


@pytest.mark.parametrize(
    "kind",
    [
        MULTIPART,
        "multipart/related; type=application/dicom; boundary=b",
        'Multipart/Related;Boundary=b;start="<1>";TYPE="application/dicom"',
        "multipart/related; boundary=b",
    ],
)
def test_objects_are_stored(store: Store, kind: str) -> None:
    """However the type is written; what is answered can be fetched, and twice is once."""
    files = [store.file(uid) for uid in ("2.25.501", "2.25.502")]
    answer = store.post(b"\r\n" + multipart(*files), kind=kind)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/dicom+json")
    told = Dataset.from_json(answer.get_json(force=True))
    assert [one.ReferencedSOPInstanceUID for one in told.ReferencedSOPSequence] == [
        "2.25.501",
        "2.25.502",
    ]
    assert told.ReferencedSOPSequence[0].ReferencedSOPClassUID == US_IMAGE
    assert told.RetrieveURL.endswith(f"{ROOT}/studies/{STUDY}")
    assert "FailedSOPSequence" not in told
    url = told.ReferencedSOPSequence[1].RetrieveURL
    found = store.client.get(url, headers={"Accept": "application/dicom"}, buffered=True)
    assert found.status_code == 200
    assert store.senders("2.25.502") == [UNKNOWN_SENDER]


def test_each_failure_is_told(store: Store) -> None:
    """The others are stored; what names no object is told of too."""
    other = store.file("2.25.511").replace(b"2.25.511", b"2.25.512", 1)
    answer = store.bring(
        store.file("2.25.510"),
        b"no object",
        other,
        store.file("2.25.513", SOPClassUID="1.2.840.10008.1.1").replace(
            US_IMAGE.encode() + b"\0", b"1.2.840.10008.1.1" + b"\0" * 11
        ),
        store.file("2.25.514")[:-40],
        b"",
    )

    assert answer.status_code == 202
    assert reasons(answer) == [0xA900, 0x0122, 0xC000, 0xC000, 0xC000]
    failed = Dataset.from_json(answer.get_json(force=True)).FailedSOPSequence
    uids = [one.ReferencedSOPInstanceUID for one in failed]
    assert uids == ["2.25.512", "2.25.513", "2.25.514"]
    assert store.senders("2.25.510") == [UNKNOWN_SENDER]
    assert store.senders("2.25.514") == []


def test_an_object_by_itself_of_the_study(store: Store) -> None:
    """In the study its address names; XML for who wants it (Weasis)."""
    file, kind = store.file("2.25.520"), "application/dicom"
    other = store.post(file, f"/studies/{STUDY}0", kind)
    assert (other.status_code, reasons(other)) == (409, [0xA901])
    assert store.senders("2.25.520") == []
    answer = store.post(file, f"/studies/{STUDY}", kind, Accept="application/dicom+xml")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/dicom+xml")
    assert b'<Value number="1">2.25.520</Value>' in answer.data


def test_other_content_under_the_same_uid(store: Store) -> None:
    """As by C-STORE: it is stored beside the first, and compared."""
    for name in ("Erste", "Zweite"):
        assert store.bring(store.file("2.25.530", StudyDescription=name)).status_code == 200
    assert len(store.senders("2.25.530")) == 2


@pytest.mark.parametrize(
    ("kind", "body", "status", "headers"),
    [
        ("application/json", b"{}", 415, {}),
        ('multipart/related; type="application/dicom+json"; boundary=b', multipart(b""), 415, {}),
        ("multipart/form-data; boundary=b", multipart(b""), 415, {}),
        (MULTIPART, multipart(b""), 415, {"Content-Encoding": "gzip"}),
        ('multipart/related; type="application/dicom"', multipart(b""), 400, {}),
        ('multipart/related; boundary="b', multipart(b""), 400, {}),
        (MULTIPART, multipart(b"A")[:-6], 400, {}),
        (MULTIPART, b"--b--\r\n", 400, {}),
        (MULTIPART, b"--b\r\n\r\n" * 10_002 + b"--b--", 413, {}),
        ("application/dicom", b"", 400, {}),
        ("application/dicom", b"no object", 409, {}),
    ],
)
def test_what_is_no_request(
    store: Store, kind: str, body: bytes, status: int, headers: dict[str, str]
) -> None:
    """Refused as a whole, and nothing of it is stored."""
    assert store.post(body, kind=kind, **headers).status_code == status


def test_no_study_in_the_address(store: Store) -> None:
    """What is no UID is no study's."""
    assert store.bring(b"A", path="/studies/abc").status_code == 400


def test_what_finds_no_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program may try again when the disk is full, and need not with too large an object."""
    taker = object_taker(store.practice.core)
    big = store.file("2.25.540") + bytes(taker.max_object)

    def full(_self: object, _size: int) -> None:
        raise OutOfResources

    monkeypatch.setattr(type(taker.port), "room_for", full)
    answer = store.bring(store.file("2.25.541"))
    assert (answer.status_code, reasons(answer)) == (503, [0xA700])
    assert answer.headers["Retry-After"]
    too_large = store.post(big, kind="application/dicom")
    assert (too_large.status_code, reasons(too_large)) == (413, [0xA700])


def test_a_token_says_for_which_device(store: Store) -> None:
    """What it brings is that device's; the same program may ask whether it is kept."""
    boss, tokens = Actor(ActorKind.COMMAND, "test"), store.practice.core.access.tokens
    secret = tokens.make("Sono", ["dicomweb-store"], boss, "US_RAUM1").secret
    shown = {"Authorization": f"Bearer {secret}"}
    assert store.bring(store.file("2.25.550"), **shown).status_code == 200
    assert store.senders("2.25.550") == ["US_RAUM1"]
    assert ask(store, "2.25.600", "2.25.550", **shown).status_code == 200
    assert store.client.get(f"{ROOT}/commitment-requests/2.25.600").status_code == 404


def ask(
    store: Store, transaction: str, *uids: str, sop_class: str = US_IMAGE, **headers: str
) -> TestResponse:
    """Ask whether objects are kept."""
    items = [
        {
            "00081150": {"vr": "UI", "Value": [sop_class]},
            "00081155": {"vr": "UI", "Value": [uid]},
        }
        for uid in uids
    ]
    return store.client.post(
        f"{ROOT}/commitment-requests/{transaction}",
        json=[{"00081199": {"vr": "SQ", "Value": items}}],
        headers={"Content-Type": "application/dicom+json", **headers},
    )


def test_what_is_kept_is_said(store: Store) -> None:
    """Read back from the disk at once; to be fetched later; asked again it is looked at again."""
    store.bring(store.file("2.25.560"), store.file("2.25.561"))
    answer = ask(store, "2.25.601", "2.25.560", "2.25.561", "2.25.599")
    told = Dataset.from_json(answer.get_json(force=True))
    assert [one.ReferencedSOPInstanceUID for one in told.ReferencedSOPSequence] == [
        "2.25.560",
        "2.25.561",
    ]
    assert [one.FailureReason for one in told.FailedSOPSequence] == [0x0112]
    fetched = store.client.get(f"{ROOT}/commitment-requests/2.25.601")
    assert fetched.data == answer.data

    assert ask(store, "2.25.601", "2.25.560", "2.25.561", "2.25.599").data == answer.data
    assert ask(store, "2.25.601", "2.25.560").status_code == 409


def test_an_answer_that_comes_later(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked is told to come back, and finds it."""
    monkeypatch.setattr(committing, "WAIT_SECONDS", 0.0)
    book = store.practice.core.commitments
    monkeypatch.setattr(book, "ring", lambda: None)
    answer = ask(store, "2.25.602", "2.25.599")
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "5")
    book.verify_due()
    assert store.client.get(f"{ROOT}/commitment-requests/2.25.602").status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b"[]", JSON, 400),
        (b'{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["x"]}}]}}', JSON, 400),
        (b'{"00081195":{"vr":"UI","Value":["2.25.7"]}}', JSON, 400),
        (b"<NativeDicomModel/>", "application/dicom+xml", 415),
        (b"[" + b" " * 4_200_000 + b"]", JSON, 413),
    ],
)
def test_what_is_no_question(store: Store, body: bytes, kind: str, status: int) -> None:
    """Refused, and nothing is looked at."""
    path = "/commitment-requests/2.25.603"
    assert store.post(body, path, kind).status_code == status
    assert store.client.get(ROOT + path).status_code == 404


@pytest.mark.crash
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_dying_while_objects_are_stored(store: Store, tried: Tried) -> None:
    """After every crash each object is there whole or not at all; sent again, each once."""

    def bring(number: int) -> TestResponse:
        return store.bring(*(store.file(f"2.25.7{number}{one}") for one in "12"))

    with dying_at(-1, WALKED) as count:
        assert bring(0).status_code == 200
    for number, line in enumerate(tried(count[0]), 1):
        with suppress(SimulatedCrash), dying_at(line, WALKED):
            bring(number)
        spool.sweep(store.practice.settings.file_spool)
        store.practice.core.adopt()
        assert bring(number).status_code == 200, line
        for one in "12":
            assert store.senders(f"2.25.7{number}{one}") == [UNKNOWN_SENDER], line
