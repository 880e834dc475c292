"""A crash between request and answer loses neither and makes no second one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

import gdtbridge.archive
import gdtbridge.commitment
from gdtbridge.confirmation.model import CommitmentResult
from gdtbridge.dicom.client import Peer
from gdtbridge.dicom.device_client import CommitmentListener, request_commitment
from gdtbridge.settings import load_settings
from tests.commitment.asking import Asking, referenced
from tests.dicom.test_dicom_commitment import action
from tests.tools.device import send_raw
from tests.tools.dying import SimulatedCrash, Tried, dying_at, files_of
from tests.tools.ports import free_port
from tests.tools.practice import Practice
from tests.tools.service import Service, Study

WALKED = files_of(
    {gdtbridge.commitment: ("book", "store"), gdtbridge.archive: ("unsynced", "verifying")}
)
ALL = 100_000
"""A line nobody comes to."""


def story(practice: Practice, line: int) -> int:
    """Ask, and have it verified, until the process dies at a line; return how many were run."""
    asking = Asking(practice)
    with suppress(SimulatedCrash), dying_at(line, WALKED) as lines:
        asking.ask(referenced("2.25.11", "2.25.12"))
        asking.wait()
        asking.ask(referenced("2.25.11", "2.25.12"))
        asking.wait()
    return lines[0]


@pytest.mark.crash
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_crash_at_any_line_leaves_one_true_answer(tmp_path: Path, tried: Tried) -> None:
    """The device asks again where it was not answered, as it does; both objects are kept."""
    for line in (ALL, *tried(_died(tmp_path / "count", ALL))):
        _died(tmp_path / f"{line}", line)


def _died(folder: Path, line: int) -> int:
    folder.mkdir()
    (folder / "gdtbridge.toml").touch()
    practice = Practice(folder, load_settings(folder / "gdtbridge.toml", {}))
    asking = Asking(practice)
    asking.send("2.25.11", size=0)
    asking.send("2.25.12")
    count = story(practice, line)
    practice.close()
    again = Asking(practice.again())
    again.ask(referenced("2.25.11", "2.25.12"))
    again.wait()
    assert again.outcome() == {"2.25.11": 0, "2.25.12": 0}, line
    assert again.promised() == {"2.25.11", "2.25.12"}
    again.practice.close()
    return count


@pytest.mark.kill
@pytest.mark.slow
def test_a_kill_between_request_and_report(tmp_path: Path) -> None:
    """The service that is started again tells the device; a person sees what still waits."""
    port, study = free_port(), Study(7, "A7")
    image = study.image(size=100_000)
    bridge = Service(tmp_path, commitment__port=str(port), commitment__wait_seconds="1")
    with bridge:
        assert send_raw(bridge.ports["DICOM"], [image]) == [0]
        peer = Peer("127.0.0.1", bridge.ports["DICOM"], "GDTBRIDGE", "US01")
        assert request_commitment(peer, action("2.25.1", image[1], "2.25.404")) == (0, None)
        bridge.kill()
    told = CommitmentResult("2.25.1", frozenset({image[1]}), {"2.25.404": 0x0112})
    with CommitmentListener("US01", port, "127.0.0.1") as listener, bridge:
        assert listener.report(60) == told
        peer = Peer("127.0.0.1", bridge.ports["DICOM"], "GDTBRIDGE", "US01")
        report = request_commitment(peer, action("2.25.2", image[1]), wait_seconds=20)
        assert report == (0, CommitmentResult("2.25.2", frozenset({image[1]}), {}))
        shown = bridge.command("commitment", "list", "--all").stdout
        assert [line.split()[0] for line in shown.splitlines()[1:]] == ["1", "2"]
        assert bridge.command("commitment", "end", "1").returncode == 1
