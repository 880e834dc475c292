"""Since when a folder has not answered, told without touching it."""

from __future__ import annotations

import threading
from pathlib import Path

from gdtbridge.folders.silence import BUSY_SECONDS, ExchangeSilence
from tests.tools.clock import HandClock
from tests.tools.waiting import wait_for


def test_a_folder_in_which_a_call_hangs_is_silent(tmp_path: Path) -> None:
    """It answers every question; the call of somebody else tells, from its beginning to its end."""
    clock, busy = HandClock(), dict[Path, float]()
    silence = ExchangeSilence([("gdt.out", tmp_path)], tmp_path, clock, lambda: busy)
    silence.look()
    wait_for(lambda: all(one.name != "folder" for one in threading.enumerate()))
    busy[tmp_path] = clock.monotonic()
    began = clock.utc()
    clock.seconds += BUSY_SECONDS - 1
    silence.look()
    assert silence.silent() == []

    wait_for(lambda: all(one.name != "folder" for one in threading.enumerate()))
    clock.seconds += 1
    silence.look()
    (told,) = silence.silent()
    assert (told.folder, round(told.since - began)) == (tmp_path, 0)
    assert not silence.state().ok

    busy.clear()
    wait_for(lambda: all(one.name != "folder" for one in threading.enumerate()))
    silence.look()
    assert silence.silent() == []
