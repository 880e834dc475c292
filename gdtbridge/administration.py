"""What *System* and the set-up ask of the core, wired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gdtbridge.core import Core
from gdtbridge.dataset.values import titles_in
from gdtbridge.devices import Caller
from gdtbridge.dicom.client import Peer
from gdtbridge.dicom.device_echo import DeviceEcho
from gdtbridge.parts import directory_of
from gdtbridge.settings import Settings, reachable
from gdtbridge.settings.changing import SettingsFile
from gdtbridge.settings.encryption import Encryption
from gdtbridge.setup import SetupDesk, SetupProgress, SetupTrials
from gdtbridge.simulator.choice import named_entry
from gdtbridge.simulator.device import simulate
from gdtbridge.simulator.exam import sample_files
from gdtbridge.system import DiagnosisFile, SystemReports

ECHO_SECONDS: Final = 5.0
"""A device that has not answered by then is said not to answer."""


def setup_of(core: Core, restart: Callable[[], None], port: Callable[[], int]) -> SetupDesk:
    """Return what the set-up asks; ``port`` is that of the DICOM server."""
    settings = core.settings

    def call(wanted: Settings, device: Caller) -> None:
        asked = DeviceEcho(directory_of(wanted), Encryption.of(wanted), wanted.dicom.aet)
        asked.verify_within(device, ECHO_SECONDS)

    def examine(accession: str) -> None:
        station = titles_in(settings.worklist.station)[0]
        own = Peer(reachable(settings.dicom.plain_host), port(), settings.dicom.aet, station)
        pick = named_entry(accession, None, lambda _entry: None)
        simulate(own, station=station, samples=sample_files(), report=_say_nothing, pick=pick)

    trials = SetupTrials(core.orders, core.queries, core.day, examine, core.clock.utc)
    progress = SetupProgress(core.database)
    return SetupDesk(settings, SettingsFile(settings), progress, trials, call, restart)


def _say_nothing(_line: str) -> None:
    """Keep what a simulated device would tell whoever started it."""


def system_of(core: Core) -> SystemReports:
    """Return who finds out how the installation is."""
    settings, database, attention, clock = core.settings, core.database, core.attention, core.clock
    support = DiagnosisFile(
        settings, database, attention, core.callers, core.devices, core.queries, clock
    )
    return SystemReports(
        settings, database, attention, core.certificates, core.forecast, support, clock
    )
