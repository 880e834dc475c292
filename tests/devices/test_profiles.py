"""The table of profiles, and which of them a caller has."""

from __future__ import annotations

import pytest

from gdtbridge.devices import (
    Caller,
    ConfiguredDevice,
    DeviceDirectory,
    NetworkProfile,
    known_profiles,
    profile_named,
)
from gdtbridge.devices.answering import policy_of
from gdtbridge.devices.profile import STANDARD


@pytest.mark.parametrize("name", known_profiles())
def test_a_row_of_the_table(name: str) -> None:
    """Each row has a title, a source, and values a worklist answer can be made with."""
    profile = profile_named(name).profile
    assert profile.title
    assert profile.source
    policy_of(profile)


def test_the_standard_row_says_nothing() -> None:
    """A device nobody knows gets what the standard says, or the practice."""
    row = profile_named(STANDARD)
    assert row.said == frozenset()
    assert row.profile == NetworkProfile(STANDARD, row.profile.title, source=row.profile.source)


def test_an_unknown_profile_is_refused_by_name() -> None:
    """The sentence names what there is."""
    with pytest.raises(ValueError, match="standard"):
        profile_named("no-such")


DEVICES = DeviceDirectory(
    [
        ConfiguredDevice(aet="US01", said={"charset": "ascii"}),
        ConfiguredDevice(host="10.0.0.2", said={"charset": "utf-8"}),
        ConfiguredDevice(aet="US01", host="10.0.0.3", said={"charset": "latin-1"}),
        ConfiguredDevice(aet="NAMED", host="device.example", said={"station": "ignore"}),
    ],
    {"charset": "utf-8"},
)
CALLERS = [
    (Caller("us01 ", "10.0.0.9"), "ascii", "match"),
    (Caller("OTHER", "::ffff:10.0.0.2"), "utf-8", "match"),
    (Caller("US01", "10.0.0.3"), "latin-1", "match"),
    (Caller("NAMED", "10.0.0.9"), "utf-8", "ignore"),
    (Caller("OTHER", "10.0.0.9"), "utf-8", "match"),
    (Caller("", ""), "utf-8", "match"),
]


@pytest.mark.parametrize(("caller", "charset", "station"), CALLERS)
def test_a_caller_is_known_by_title_or_address(caller: Caller, charset: str, station: str) -> None:
    """By both before by one of them; a host name, which nobody looks up, never keeps one out."""
    profile = DEVICES.profile_of(caller)
    assert (profile.charset, profile.station) == (charset, station)
