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


RECOGNISED = [
    ("1.2.410.200001.101.11.801", "V8", "samsung"),
    ("1.2.840.113619.6.323", "LOGIQS8_1", "ge-logiq"),
    ("1.2.840.113619.6.323", "logiqe10_1 ", "ge-logiq"),
    ("1.2.840.113619.6.323", "", "ge"),
    ("1.2.840.113619.61", "LOGIQ", "standard"),
    ("1.3.46.670589.14.10000.705", "EPIQ-AFFIN_7.05", "philips"),
    ("", "", "standard"),
    ("1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367", "standard"),
]


@pytest.mark.parametrize(("class_uid", "version", "name"), RECOGNISED)
def test_an_implementation_is_recognised(class_uid: str, version: str, name: str) -> None:
    """As real devices name themselves; the first row that fits counts."""
    caller = Caller("ANY", "10.0.0.9", class_uid, version)
    assert DeviceDirectory().profile_of(caller).name == name


def test_a_named_profile_goes_before_the_implementation() -> None:
    """And a value of the device before its profile, which goes before what all get."""
    device = ConfiguredDevice(aet="US01", profile="old-charset", said={"most_answers": 5})
    directory = DeviceDirectory([device], {"charset": "utf-8"})
    profile = directory.profile_of(Caller("US01", "10.0.0.9", "1.2.840.113619.6.323", "LOGIQS8_1"))
    assert (profile.name, profile.charset, profile.most_answers) == ("old-charset", "ascii", 5)
