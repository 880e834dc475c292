"""What devices leave out is found when it arrives, and told from the second time of a day on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gdtbridge.errors import NotFound, SettingsError
from gdtbridge.sample_audit.checks import PictureChecks
from gdtbridge.settings import Settings, load_settings
from tests.tools.practice import Practice


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """Return a practice with a name."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text('[practice]\nname = "Praxis Dr. Sommer"\n', encoding="utf-8")
    made = Practice(tmp_path, load_settings(file, {}))
    yield made
    made.close()


def checks(practice: Practice) -> PictureChecks:
    """Return the checks of the practice."""
    return practice.core.sample.checks


def told(practice: Practice) -> dict[str, int]:
    """Return the items told today, with their number of pictures."""
    return {one.item.code: one.pictures for one in checks(practice).of_today() if not one.is_quiet}


def test_one_picture_may_be_an_accident(practice: Practice) -> None:
    """The second of a device and a day is told, with what it lacks; days end."""
    practice.send()
    assert told(practice) == {}
    practice.device = "US02"
    practice.send()
    assert told(practice) == {}
    practice.send(PatientName="NOTFALL")
    assert told(practice) == {"practice": 2, "device": 2}
    practice.clock.seconds += 24 * 3600
    assert told(practice) == {}


def test_what_nobody_wants_to_be_told_is_not(practice: Practice) -> None:
    """For this device and this item; taken back it is told again."""
    for _ in range(2):
        practice.send()
    checks(practice).be_quiet("US01", "practice", "Anna Krüger")
    checks(practice).be_quiet("US01", "practice", "again")
    assert told(practice) == {"device": 2}
    assert [(one[0], one[1].code, one[3]) for one in checks(practice).quiet()] == [
        ("US01", "practice", "Anna Krüger")
    ]
    assert [one.item.code for one in checks(practice).of_exam(1)[1]] == ["device"]
    checks(practice).tell_again("US01", "practice")
    assert told(practice) == {"practice": 2, "device": 2}
    with pytest.raises(NotFound):
        checks(practice).be_quiet("US01", "no-such-item", "")


def test_reports_and_known_objects_are_not_checked(practice: Practice) -> None:
    """The same again counts once, and a report is no picture."""
    for _ in range(3):
        practice.send(SOPInstanceUID="2.25.7")
    assert told(practice) == {}
    assert {one.pictures for one in checks(practice).of_exam(1)[1]} == {1}


def test_the_list_is_that_of_the_settings(tmp_path: Path) -> None:
    """A KV that asks for something else."""
    text = """
[sample]
without = ["device"]
[[sample.items]]
code = "station"
name = "Station"
elements = ["StationName"]
told = true
"""
    settings = settings_of(tmp_path, text)
    codes = [one.code for one in settings.sample.check_list]
    assert "device" not in codes
    assert codes[-1] == "station"
    practice = Practice(tmp_path, settings)
    for _ in range(2):
        practice.send()
    assert told(practice) == {"practice": 2, "station": 2}
    practice.close()


@pytest.mark.parametrize("wrong", ['without = ["nose"]', 'items = \'[{"code": "x"}]\''])
def test_a_wrong_list_stops_the_start(tmp_path: Path, wrong: str) -> None:
    """With what would be right."""
    with pytest.raises(SettingsError, match="sample"):
        settings_of(tmp_path, f"[sample]\n{wrong}\n")


def settings_of(folder: Path, text: str) -> Settings:
    """Return the settings of a text."""
    file = folder / "gdtbridge.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, {})


def test_a_name_nobody_knows_of_the_number_is_not_handed_in(practice: Practice) -> None:
    """The device had named somebody without a number, and a person says whose it is."""
    said = {"PatientID": "", "PatientName": "Wagner^Jutta", "AccessionNumber": ""}
    practice.send(StudyInstanceUID="2.25.70", **said)
    practice.wait()
    practice.core.held.release("2.25.70", "4712", confirmed=True, who="Anna Krüger")
    practice.wait()
    (sheet,) = practice.core.sample.sheets_of([("4712", date(2024, 1, 15))])
    (picture,) = sheet.pictures
    assert picture.leaving.decided["PatientName"] == ""
    assert picture.names_another
    assert sheet.chosen == []
