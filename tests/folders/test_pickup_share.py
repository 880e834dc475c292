"""Pick-up folders on shares that hang, fail or are read-only: nothing is lost, nobody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gdtbridge.attention import AttentionItem
from gdtbridge.health import STALE_SECONDS
from tests.tools.elements import part10, still
from tests.tools.pickup import SETTINGS, PickupDesk
from tests.tools.practice import Practice
from tests.tools.share import Share, share
from tests.tools.waiting import wait_for


@pytest.fixture
def settings_text() -> str:
    """Return settings with a folder whose files go once they are taken."""
    return f'{SETTINGS}after = "remove"\n'


@pytest.fixture
def usb(tmp_path: Path) -> Iterator[Share]:
    """Return the share the folder of the settings lies on."""
    with share(tmp_path / "usb", tmp_path / "behind") as mounted:
        yield mounted


@pytest.fixture
def desk(usb: Share, practice: Practice) -> PickupDesk:
    """Return the folder on the share."""
    return PickupDesk(practice)


def leave(usb: Share, name: str, uid: str) -> None:
    """Write an image past the share, whatever that does."""
    part10(usb.behind / name, still(1, SOPInstanceUID=uid), sop_uid=uid)


def test_a_share_that_hangs_keeps_nobody(usb: Share, desk: PickupDesk) -> None:
    """Its state and the stop do not wait; when it answers, each file is taken once."""
    for number, call in enumerate(("read", "rename", "unlink", "unlink.done", "readdir"), 1):
        leave(usb, "IM1", f"2.25.{number}")
        desk = PickupDesk(desk.practice)
        desk.watch.look()
        desk.practice.clock.turn(6)
        with usb.at(call):
            looking = threading.Thread(target=desk.watch.look)
            looking.start()
            wait_for(partial(usb.waits_at, call), what=f"a {call} that hangs")
            desk.practice.clock.turn(STALE_SECONDS + 1)
            began = time.monotonic()
            assert "no answer for" in desk.watch.state().detail
            desk.watch.stop(10)
            assert time.monotonic() - began < 8
        looking.join(60)

        desk = PickupDesk(desk.practice)
        desk.look()
        desk.look(40)
        assert desk.received() == [f"2.25.{one}" for one in range(1, number + 1)]
        assert list(usb.behind.iterdir()) == []


def test_a_share_that_fails_loses_nothing(usb: Share, desk: PickupDesk) -> None:
    """Each file is taken once, told where it stays, and gone once the share is well."""
    faults = [(one, "EIO") for one in ("read", "open", "rename", "unlink", "readdir", "getattr")]
    for number, (call, error) in enumerate([*faults, ("open", "EACCES"), ("unlink", "EROFS")], 1):
        leave(usb, "IM1", f"2.25.{number}")
        desk.watch.look()
        desk.practice.clock.turn(6)
        with usb.at(call, error):
            desk.watch.look()
            told = [*desk.told(), desk.watch.state().detail]
            assert any(error in one for one in told), (call, told)
        desk.look(40)
        desk.look(40)

        assert desk.received() == [f"2.25.{one}" for one in range(1, number + 1)], call
        assert list(usb.behind.iterdir()) == [], call
        assert desk.told() == []


@pytest.mark.parametrize("settings_text", [f'{SETTINGS}after = "move"\n'])
def test_a_share_that_cannot_be_written_is_taken_once_and_told(
    usb: Share, desk: PickupDesk
) -> None:
    """Where no folder can be made, files stay; what is taken is known after a restart."""
    leave(usb, "IM1", "2.25.1")
    with usb.at("mkdir", "EROFS"), usb.at("create", "EROFS"), usb.at("rename", "EROFS"):
        assert [desk.look(), desk.look(40), desk.again().look(40)] == [1, 0, 0]
        assert [one.code for one in _after_a_while(desk)] == ["pickup-stuck"]
        (usb.behind / "broken.dcm").write_bytes(b"")
        desk.look(301)
    assert desk.received() == ["2.25.1"]
    assert sorted(path.name for path in usb.behind.iterdir()) == ["IM1", "broken.dcm"]
    assert [one.code for one in desk.items()] == ["pickup-stuck", "pickup-refused"]


def _after_a_while(desk: PickupDesk) -> list[AttentionItem]:
    desk.practice.clock.turn(601)
    return list(desk.items())
