"""A large object does not pass through memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.device import RawAssociation, p_data, store_rq
from tests.tools.elements import EXPLICIT, US_IMAGE

MEGABYTE = 1024 * 1024
LIMIT_MB = 150

SERVER = """
import sys
from pathlib import Path
from gdtbridge.archive import ReceiptStatus
from gdtbridge.settings import DicomSettings
from gdtbridge.dicom.server import DicomServer

class Core:
    def receive(self, incoming):
        assert incoming.path.stat().st_size > 200 * 1024 * 1024
        return ReceiptStatus.NEW
    def room_for(self, size):
        pass
    def find(self, query, *, caller):
        return iter(())

server = DicomServer(DicomSettings(port=0), Path(sys.argv[1]), Core(), Core())
server.start()
print(server.port, flush=True)
sys.stdin.read()
server.stop()
status = Path("/proc/self/status").read_text()
print(status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads peak memory in /proc")
def test_200_megabytes_need_little_memory(tmp_path: Path) -> None:
    """The process that receives an object of 200 MB stays below 150 MB."""
    command = [sys.executable, "-c", SERVER, str(tmp_path / "spool")]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        block = p_data(1, 0, bytes(131_000))
        with RawAssociation(port).associate([(US_IMAGE, [EXPLICIT])]) as association:
            association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")))
            for _ in range(200 * MEGABYTE // 131_000 + 1):
                association.send(block)
            association.send(p_data(1, 2, b"end"))
            assert association.response().status == 0
        peak, _ = process.communicate("")
    assert int(peak) / 1024 < LIMIT_MB
