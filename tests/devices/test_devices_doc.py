"""``docs/reference/devices.md`` says what the table of profiles and the settings are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from gdtbridge.devices import NetworkProfile, ProfileRow, known_profiles
from gdtbridge.devices.profile import (
    VALUES,
    AnswerLetters,
    CommitmentAssociation,
    NameForms,
    PerformedSteps,
    StationMatching,
)
from gdtbridge.devices.quirks import known_quirks
from gdtbridge.settings.devices import DeviceSettings


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    """Return the page."""
    return (project / "docs" / "reference" / "devices.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of the tables."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_key_of_a_device_is_told(text: str) -> None:
    """In the order of the settings, with its default; those of TLS together."""
    before, _, _ = text.partition("## Quirks")
    told = {
        key: cells[1].strip("`")
        for cells in rows(before)
        for key in re.findall(r"`([a-z_]+)`", cells[0])
    }
    keys = DeviceSettings.model_fields
    assert sorted(told) == sorted(keys)
    own = [key for key in keys if not key.startswith("tls")]
    assert [key for key in told if key in own] == own
    standard = NetworkProfile("standard")
    for key in VALUES & told.keys():
        default = getattr(standard, key)
        assert told[key] == (str(default).lower() if default not in ("", ()) else told[key])


def test_every_word_a_key_takes_is_told(text: str) -> None:
    """No value can be set that nobody explains."""
    for kind in (AnswerLetters, CommitmentAssociation, NameForms, PerformedSteps, StationMatching):
        for word in get_args(kind):
            assert f"`{word}`" in text, word


def test_every_profile_is_told(text: str) -> None:
    """By what it is recognised, and what it says."""
    _, _, after = text.partition("## Profiles")
    told = [
        (one[0].strip("`"), *(set(re.findall(r"`([^`]+)`", cell)) for cell in one[2:]))
        for one in rows(after)
    ]
    assert told == [(name, recognised(row), said(row)) for name, row in known_profiles().items()]


def test_every_quirk_is_told(text: str) -> None:
    """With whose objects have it."""
    _, _, after = text.partition("## Quirks")
    told = rows(after.partition("## Known devices")[0])
    assert [(name.strip("`"), makers.replace("`", "")) for name, makers, _ in told] == [
        (quirk.name, ",".join(quirk.manufacturers)) for quirk in known_quirks().values()
    ]


def recognised(row: ProfileRow) -> set[str]:
    """Return by what callers of a row are known."""
    return {*row.implementations, *row.versions}


def said(row: ProfileRow) -> set[str]:
    """Return the values of a row as the settings file would have them."""
    return {f'{key} = "{getattr(row.profile, key)}"' for key in row.said if key != "quirks"}
