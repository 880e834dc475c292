"""Many devices at once into one archive, every part real."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.dicom.server import DicomServer
from gdtbridge.schema import instance
from gdtbridge.settings import DicomSettings
from tests.dicom.test_dicom_storage import dataset_of
from tests.tools.device import RawAssociation, store_rq
from tests.tools.elements import EXPLICIT, US_IMAGE, element, identification
from tests.tools.practice import Practice

SENDERS = 8
OBJECTS = 12


@pytest.fixture
def port(practice: Practice, tmp_path: Path) -> Iterator[int]:
    """Return the port of a server before the practice."""
    receiving = practice.core.receiving
    server = DicomServer(
        DicomSettings(port=0, max_associations=32),
        tmp_path / "spool",
        receiving,
        practice.core.device_worklist,
    )
    server.start()
    yield server.port
    server.stop(grace=0)


def objects_of(sender: int) -> dict[str, bytes]:
    """Return the objects of one device by UID: two studies, every size up to 900 KB."""
    chance = random.Random(sender)
    found = {}
    for number in range(OBJECTS):
        uid = f"2.25.{sender}.{number}"
        study = f"2.25.1000.{sender}.{number % 2}"
        head = identification(SOPInstanceUID=uid, StudyInstanceUID=study)
        pixels = chance.randbytes(chance.choice([2, 4000, 60_000, 300_000, 900_000]))
        found[uid] = head + element(0x7FE00010, b"OB", pixels)
    return found


def send(port: int, objects: dict[str, bytes], size: int) -> list[int]:
    """Send objects without waiting for an answer; return the statuses."""
    with RawAssociation(port, timeout=60) as association:
        association.associate([(US_IMAGE, [EXPLICIT])])
        for number, (uid, dataset) in enumerate(objects.items()):
            association.message(1, store_rq(US_IMAGE, uid, number), dataset, size)
        statuses = [association.response().status for _ in objects]
        association.release()
    return statuses


def test_eight_senders_lose_and_mix_nothing(practice: Practice, port: int, tmp_path: Path) -> None:
    """The archive has each object to the byte, under its digest, in its study, once."""
    everything = [objects_of(sender) for sender in range(SENDERS)]
    sizes = [131_000, 16_000, 65_535, 1000, 131_066, 40_000, 16_372, 99_999]
    with ThreadPoolExecutor(SENDERS) as pool:
        statuses = list(pool.map(send, [port] * SENDERS, everything, sizes))
        again = list(pool.map(send, [port] * SENDERS, everything, reversed(sizes)))
    assert statuses == again == [[0] * OBJECTS] * SENDERS

    sent = {uid: dataset for objects in everything for uid, dataset in objects.items()}
    with practice.database.read() as connection:
        rows = {row.sop_instance_uid: row for row in connection.execute(sa.select(instance))}
        count = connection.execute(sa.select(sa.func.count()).select_from(instance)).scalar_one()
    assert count == len(rows) == len(sent)
    for uid, dataset in sent.items():
        row = rows[uid]
        path = practice.archive.folder / row.file
        assert dataset_of(path) == dataset
        assert row.sha256 == hashlib.sha256(dataset).hexdigest()
        assert row.size == path.stat().st_size
        sender, number = uid.split(".")[2:]
        assert row.study_instance_uid == f"2.25.1000.{sender}.{int(number) % 2}"
    assert len(list(practice.archive.folder.rglob("*.dcm"))) == len(sent)
    assert list((tmp_path / "spool").iterdir()) == []
