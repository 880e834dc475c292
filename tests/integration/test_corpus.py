"""Foreign files, of real devices and of attackers, through the whole bridge."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.filereader import read_file_meta_info

from gdtbridge.dataset.parser import WantedElements, parse_file
from gdtbridge.dataset.part10 import read_file_meta
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from tests.integration.test_whole_bridge import peer
from tests.tools.device import send_raw
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow

TOO_BROKEN_FOR_DCMTK = ("GH364.dcm", "edge_truncated.dcm")
WITHOUT_PATIENT = 4
"""Studies of the corpus without a PatientID: held, not sent."""


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Service]:
    """Return a running service with a short quiet time, where every number is the practice's."""
    settings = {"exam__quiet_seconds": "1", "exam__patient_id_pattern": ".{1,64}"}
    with service(tmp_path, **settings) as running:
        yield running


def dataset_of(path: Path) -> bytes:
    """Return the bytes behind the file meta information, however wrong its length is."""
    with path.open("rb") as file:
        read_file_meta(file)
        return file.read()


def as_instance(path: Path) -> tuple[str, str, str, bytes]:
    """Return what a device would send for a file: the UIDs of the dataset where it has any."""
    meta = read_file_meta_info(path)
    wanted = WantedElements(values=frozenset({0x00080016, 0x00080018}), last=0x00080018)
    with path.open("rb") as file:
        syntax = read_file_meta(file)
        found = parse_file(file, syntax, wanted, most_inflated=1 << 24).root.values
    sop_class = found.get(0x00080016, str(meta.MediaStorageSOPClassUID).encode())
    uid = found.get(0x00080018, str(meta.MediaStorageSOPInstanceUID).encode())
    return sop_class.decode().strip("\0 "), uid.decode().strip("\0 "), syntax, dataset_of(path)


def records(bridge: Service) -> list[Record]:
    """Return every result; none may be odd."""
    files = bridge.gdt_out.glob("*.gdt")
    found = [record for path in files for record in read_records(path.read_bytes())]
    assert [record.warnings for record in found] == [()] * len(found)
    return found


LENGTH = re.compile(r"\(Sequence with \w+ length #=(\d+)\)")
ENCODING_ONLY = re.compile(r"\((fffe|fffc|[0-9a-f]{3}[13579bdf]),")
"""Delimiters, padding, and private elements: their VR is lost in implicit VR encodings."""


def dump(path: Path) -> str:
    """Return the dataset as DCMTK shows it, without what a sender may encode in another way."""
    output = subprocess.run([peer("dcmdump"), "-q", "+L", path], capture_output=True, check=False)
    text = output.stdout.decode("latin-1").partition("# Dicom-Data-Set")[2]
    lines = (line.rpartition("#")[0].strip() for line in text.splitlines())
    return "\n".join(LENGTH.sub(r"(\1)", line) for line in lines if not ENCODING_ONLY.match(line))


@pytest.mark.peer
def test_dcmsend_delivers_every_file(bridge: Service, corpus: Path) -> None:
    """What DCMTK sends is stored as DCMTK reads it, and every study is reported once."""
    files = [*corpus.glob("images/*.dcm"), *corpus.glob("sr/*.dcm")]
    good = [path for path in files if path.name not in TOO_BROKEN_FOR_DCMTK]
    port = bridge.ports["DICOM"]
    subprocess.run(
        [peer("dcmsend"), "--decompress-never", "--no-halt", "127.0.0.1", str(port), *good],
        capture_output=True,
        timeout=120,
        check=True,
    )
    broken = [as_instance(path) for path in files if path.name in TOO_BROKEN_FOR_DCMTK]
    assert send_raw(port, broken) == [0] * len(broken)

    assert {dump(path) for path in good} <= {dump(path) for path in bridge.archive.rglob("*.dcm")}
    wait_for(bridge.settled, 60, "reporting of every exam")
    exams = bridge.command("exams", "list", "--json").stdout
    studies = [record for record in records(bridge) if record.first("8410") == "EXTPACS"]
    assert len(studies) == exams.count('"reported"')
    assert exams.count('"held"') == WITHOUT_PATIENT


def test_the_stored_bytes_are_the_bytes_that_came(bridge: Service, corpus: Path) -> None:
    """A sender that changes nothing finds its datasets in the archive, byte for byte."""
    files = [*corpus.glob("images/*.dcm"), *corpus.glob("sr/*.dcm")]
    for path in files:
        assert send_raw(bridge.ports["DICOM"], [as_instance(path)]) == [0]

    stored = {dataset_of(path) for path in bridge.archive.rglob("*.dcm")}
    assert stored == {dataset_of(path) for path in files}


HOSTILE = [
    "gdt_inject_description.dcm",
    "gdt_inject_pid.dcm",
    "gdt_inject_lf_only.dcm",
    "gdt_inject_cr_only.dcm",
    "traverse_accession_rel.dcm",
    "traverse_accession_abs.dcm",
    "traverse_accession_win.dcm",
    "accession_con.dcm",
    "accession_dots.dcm",
    "accession_empty.dcm",
    "nul_and_esc.dcm",
    "desc_1200.dcm",
    "pn_lukasz_utf8.dcm",
]


def test_hostile_values_leave_one_clean_record_each(bridge: Service, corpus: Path) -> None:
    """Injected lines and paths stay text inside one record inside the folder."""
    before = set(bridge.root.rglob("*"))
    instances = [
        (sop_class, f"2.25.7.{number}", ts, data)
        for number, name in enumerate(HOSTILE, 1)
        for sop_class, _, ts, data in [as_instance(corpus / "hostile" / name)]
    ]
    assert send_raw(bridge.ports["DICOM"], instances) == [0] * len(HOSTILE)
    wait_for(bridge.settled, 60, "reporting of every exam")

    found = records(bridge)
    assert len(found) == len(HOSTILE)
    for record in found:
        assert len(record.all("3000")) == 1
        assert record.all("8000") == ("6310",)
    made = set(bridge.root.rglob("*.gdt")) - before
    assert all(path.parent == bridge.gdt_out for path in made)


def test_hostile_shapes_harm_nobody(bridge: Service, corpus: Path) -> None:
    """Bombs and nests are answered in time, and the service lives on in bounded memory."""
    for number, path in enumerate(sorted(corpus.glob("hostile/*.dcm")), 1):
        sop_class, _, ts, data = as_instance(path)
        send_raw(bridge.ports["DICOM"], [(sop_class, f"2.25.8.{number}", ts, data)])
    for path in sorted(corpus.glob("sr/edge_*.dcm")):
        send_raw(bridge.ports["DICOM"], [as_instance(path)])
    wait_for(bridge.settled, 60, "reporting of every exam")

    status = Path(f"/proc/{bridge.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak < 300 * 1024
