"""DCMTK's archive ``dcmqrscp``, with a storage area a test fills."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import Dataset, config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.filereader import read_dataset
from pydicom.filewriter import dcmwrite

from tests.tools.dcmtk import dcmtk
from tests.tools.device import RawAssociation, find_rq
from tests.tools.elements import IMPLICIT
from tests.tools.ports import free_port
from tests.tools.waiting import wait_for

AREA = "AREA"
CONFIG = """\
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
{hosts}
HostTable END
AETable BEGIN
{area} {folder} RW (200, 1024mb) ANY
AETable END
"""
"""``hosts`` are where C-MOVE may send to."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a C-FIND got: the status of the last response, and the datasets of the others."""

    status: int
    datasets: tuple[Dataset, ...]


@dataclass(frozen=True, slots=True)
class QueryArchive:
    """A running ``dcmqrscp`` whose only storage area is ``folder``, under the title `AREA`."""

    folder: Path
    port: int

    def fill(self, objects: Sequence[Path]) -> None:
        """Let the area have these files and no others; they lie in it."""
        self.folder.joinpath("index.dat").unlink(missing_ok=True)
        done = dcmtk("dcmqridx", self.folder, *objects)
        assert (done.returncode, done.stderr) == (0, "")

    def find(self, model: str, queries: Sequence[Dataset]) -> list[Answers]:
        """Ask one query after the other, in a Query/Retrieve model (UID)."""
        return find_each(self.port, AREA, model, queries)


def query_of(keys: Mapping[str, object]) -> Dataset:
    """Return a query; a value may be none the standard allows."""
    query = Dataset()
    for keyword, value in keys.items():
        VR = dictionary_VR(keyword)  # noqa: N806
        query.add(DataElement(keyword, VR, value, validation_mode=config.IGNORE))
    return query


def encoded(dataset: Dataset) -> bytes:
    """Return a dataset in Implicit VR Little Endian."""
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=True, little_endian=True)
    return buffer.getvalue()


def decoded(data: bytes) -> Dataset:
    """Return a dataset of Implicit VR Little Endian, its texts still as bytes."""
    return read_dataset(io.BytesIO(data), is_implicit_VR=True, is_little_endian=True)


def find_each(port: int, aet: str, model: str, queries: Sequence[Dataset]) -> list[Answers]:
    """Ask a server one query after the other, on one association."""
    found = []
    association = RawAssociation(port)
    with association.associate([(model, [IMPLICIT])], "FINDSCU", aet):
        for number, query in enumerate(queries, start=1):
            association.message(1, find_rq(number, model), encoded(query))
            datasets = []
            while (answer := association.response()).status in {0xFF00, 0xFF01}:
                datasets.append(decoded(answer.dataset))
            found.append(Answers(answer.status, tuple(datasets)))
        association.release()
    return found


@contextmanager
def qrscp(root: Path, port: int = 0, **destinations: int) -> Iterator[QueryArchive]:
    """Yield a running ``dcmqrscp``; ``destinations`` are ports of this machine by AE title."""
    program = shutil.which("dcmqrscp")
    if program is None:
        pytest.skip("DCMTK's dcmqrscp is not installed")
    folder, port, log = root / "area", port or free_port(), root / "dcmqrscp.log"
    folder.mkdir(parents=True)
    hosts = "\n".join(
        f"{aet.lower()} = ({aet}, localhost, {at})" for aet, at in destinations.items()
    )
    config = root / "dcmqrscp.cfg"
    config.write_text(CONFIG.format(port=port, hosts=hosts, area=AREA, folder=folder))
    with log.open("wb") as output:
        command = (program, "-c", str(config))
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def answers() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")
        return dcmtk("echoscu", "-aec", AREA, "127.0.0.1", port).returncode == 0

    try:
        wait_for(answers, what="dcmqrscp")
        yield QueryArchive(folder, port)
    finally:
        process.terminate()
        process.wait(60)
