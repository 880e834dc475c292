"""The set-up over HTTP: a settings file that is not ours to write, and changes in between."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gdtbridge.audit import AuditQuery
from gdtbridge.service import web_ports
from gdtbridge.web import create_app
from tests.tools.practice import Practice

PATH = "/einrichtung/praxis"
FORM = {"practice": "Praxis Dr. Sommer", "language": "de"}


@pytest.fixture
def client(practice: Practice) -> FlaskClient:
    """Return a browser on this machine, before there are accounts."""
    core = practice.core
    return create_app(core.settings, web_ports(core), dict).test_client()


@pytest.fixture
def file(practice: Practice) -> Path:
    """Return the settings file."""
    return practice.folder / "gdtbridge.toml"


def test_lines_are_shown_where_the_file_is_not_ours_to_write(
    client: FlaskClient, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person enters them; until they are there, the step is not done."""
    monkeypatch.setattr("gdtbridge.settings.changing.os.access", lambda *_: False)
    answer = client.post(PATH, data=FORM)
    assert (answer.status_code, "Bitte diese Zeilen eintragen" in answer.text) == (200, True)
    assert "+ name = &#34;Praxis Dr. Sommer&#34;" in answer.text
    assert "So speichern" not in answer.text
    assert client.post(f"{PATH}/speichern", data={**FORM, "confirm": "x"}).status_code == 200
    assert file.read_text("utf-8") == ""
    file.write_text('[practice]\nname = "Praxis Dr. Sommer"\n', "utf-8")
    answer = client.post(PATH, data=FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/einrichtung/netz")


def test_only_what_was_seen_is_saved(client: FlaskClient, file: Path, practice: Practice) -> None:
    """A file that somebody else has changed meanwhile is shown anew before it is changed.

    The audit trail is told what was changed, once.
    """
    shown = re.search('name="confirm" value="([0-9a-f]{64})"', client.post(PATH, data=FORM).text)
    assert shown is not None
    file.write_text("[dicom]\nport = 105\n", "utf-8")
    sent = {**FORM, "confirm": shown[1]}
    answer = client.post(f"{PATH}/speichern", data=sent)
    assert (answer.status_code, "So speichern" in answer.text) == (200, True)
    assert "name" not in file.read_text("utf-8")
    shown = re.search('name="confirm" value="([0-9a-f]{64})"', answer.text)
    assert shown is not None
    answer = client.post(f"{PATH}/speichern", data={**FORM, "confirm": shown[1]})
    assert answer.status_code == 303
    told = [one.done for one in practice.core.audit.entries(AuditQuery(acts=("changed-setting",)))]
    assert (told[0].subject, told[0].detail) == ("setting:practice", "practice.name")
    assert 'port = 105\n\n[practice]\nname = "Praxis Dr. Sommer"' in file.read_text("utf-8")


def test_a_file_that_is_no_toml_is_told(client: FlaskClient, file: Path) -> None:
    """The page says so beside the form, and changes nothing."""
    file.write_text("[practice\n", "utf-8")
    answer = client.post(PATH, data=FORM)
    assert (answer.status_code, "kein gültiges TOML" in answer.text) == (422, True)
    assert client.get(PATH).status_code == 200
    assert file.read_text("utf-8") == "[practice\n"


def test_no_secret_is_in_a_change(client: FlaskClient, file: Path) -> None:
    """Lines that stay are not shown, and what the set-up changes holds no secret."""
    file.write_text('[http]\ntoken = "swordfish-0123456789"\n', "utf-8")
    for step in ("praxis", "netz", "praxissoftware", "geraet", "probe"):
        assert "swordfish" not in client.get(f"/einrichtung/{step}").text
    assert "swordfish" not in client.post(PATH, data=FORM).text


@pytest.mark.parametrize(
    ("path", "fields", "wrong"),
    [
        (
            "netz",
            {"devices": "here", "networks": "x", "aet": "A", "pages": "here"},
            "networks",
        ),
        ("netz", {"devices": "network", "networks": "", "aet": "A", "pages": "here"}, "devices"),
        ("netz", {"devices": "here", "networks": "", "aet": "GERÄT", "pages": "here"}, "aet"),
        ("geraet", {"name": "Raum 1", "device_aet": "Ä", "host": "", "port": "104"}, "device_aet"),
        ("geraet", {"name": "Raum 1", "device_aet": "A", "host": "", "port": "x"}, "port"),
        ("praxissoftware", {"dialect": "none", "out": "", "in": ""}, "dialect"),
    ],
)
def test_a_refusal_stands_beside_its_field(
    client: FlaskClient, file: Path, path: str, fields: dict[str, str], wrong: str
) -> None:
    """By the name of the setting, however the refusal writes it."""
    answer = client.post(f"/einrichtung/{path}", data=fields)
    assert answer.status_code == 422
    assert f'class="error" id="{wrong}-told"' in answer.text
    assert '<div class="note need">' not in answer.text
    assert file.read_text("utf-8") == ""
