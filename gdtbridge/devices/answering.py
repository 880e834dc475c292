"""The worklist as each device gets it: the folder's answers by the profile of who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from pydicom import Dataset

from gdtbridge.devices.directory import Caller, DeviceDirectory
from gdtbridge.devices.profile import NetworkProfile
from worklist import (
    AnswerCharset,
    Match,
    MatchPolicy,
    NameForm,
    Query,
    StationPolicy,
    WorklistFolder,
    item_from,
)


def policy_of(profile: NetworkProfile, night: datetime | None = None) -> MatchPolicy:
    """Return how a device of ``profile`` is answered in a night that began yesterday, or by day."""
    return MatchPolicy(
        station=StationPolicy(profile.station),
        charset=AnswerCharset(profile.charset),
        modality=profile.modality,
        institution=profile.institution,
        extra_days=profile.extra_days,
        names=frozenset(map(NameForm, profile.names)),
        most_answers=profile.most_answers,
        shows_started=profile.shows_started,
        night=night,
    )


class DeviceWorklist:
    """Answers worklist queries, each device as its profile says."""

    def __init__(
        self,
        folder: WorklistFolder,
        devices: DeviceDirectory,
        night: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """``night`` returns since when what began yesterday counts as of today, if it does."""
        self._folder = folder
        self._devices = devices
        self._night = night

    def find(self, query: Dataset, *, caller: Caller) -> Iterator[Match]:
        """Return the entries ``caller`` gets; raise `worklist.FolderError`."""
        policy = policy_of(self._devices.profile_of(caller), self._night())
        return self._folder.find(query, calling_aet=caller.aet, policy=policy)

    def read_query(self, query: Dataset, *, caller: Caller) -> Query:
        """Return what ``caller`` asks, as `find` matches it."""
        policy = policy_of(self._devices.profile_of(caller), self._night())
        return self._folder.read_query(item_from(query), calling_aet=caller.aet, policy=policy)
