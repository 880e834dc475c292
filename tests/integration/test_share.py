"""The share of these tests is one: it hangs until it is let go, and fails as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.durable.files import probe_folder, write_new
from tests.tools.share import Share, share
from tests.tools.waiting import wait_for


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Share]:
    """Return a mounted share."""
    with share(tmp_path / "share", tmp_path / "behind") as one:
        yield one


def test_a_share_is_a_folder(mounted: Share) -> None:
    """What is written there lies in the folder behind."""
    probe_folder(mounted.place)
    write_new(mounted.place / "A.gdt", b"1")
    assert (mounted.behind / "A.gdt").read_bytes() == b"1"
    with pytest.raises(FileExistsError):
        write_new(mounted.place / "A.gdt", b"2")


def test_a_share_that_hangs_keeps_what_it_was_told(mounted: Share) -> None:
    """A call waits, whichever it is, and is done when the share answers again."""
    with mounted.hanging():
        waiting = threading.Thread(target=probe_folder, args=(mounted.place,), daemon=True)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
    waiting.join(60)
    assert not waiting.is_alive()


def test_one_kind_of_call_can_hang_or_fail(mounted: Share) -> None:
    """All others are answered meanwhile."""
    file = mounted.place / "A.gdt"
    with mounted.at("rename"):
        writing = threading.Thread(target=write_new, args=(file, b"1"), daemon=True)
        writing.start()
        wait_for(lambda: mounted.waits_at("rename"), what="a renaming that hangs")
        assert list(mounted.behind.glob("*.gdt")) == []
    writing.join(60)
    assert file.read_bytes() == b"1"
    with mounted.at("unlink", "EIO"), pytest.raises(OSError, match="Input"):
        file.unlink()
