"""Which settings are in force, and where each comes from; no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.settings import load_settings, settings_in_force
from gdtbridge.settings.in_force import SettingInForce, matching, without_secrets
from gdtbridge.settings.sources import OriginKind, TomlStatement, statements_of

TEXT = """\
# the practice
[dicom]
port = 104   # usual
allowed_networks = [   # our devices
  "10.0.0.0/8",
]

[mail]
host = "mail.example"
from = "a@example.org"
to = ["b@example.org"]
password = "swordfish-1"

[[device]]
aet = "SONO1"

[[device]]
aet = "SONO2"
charset = "ascii"

[storage]
database = "postgresql://user:swordfish-2@db/bridge"

[[webhook]]
name = "haus"
events = ["attention"]
url = "https://haus.example/x?key=swordfish-3&about={event}"
token = { file = "token.txt" }

[webhook.headers]
"X-Key" = "swordfish-4"

[[gdt.routes]]
name = "raum2"
out = "out2"
when = { device = ["SONO2"] }
"""


@pytest.fixture
def found(tmp_path: Path) -> dict[str, SettingInForce]:
    """Return the settings of `TEXT` by their keys; a token and the AE title are elsewhere."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(TEXT, "utf-8")
    environ = {"GDTBRIDGE_HTTP__TOKEN": "swordfish-5-long", "GDTBRIDGE_DICOM__AET": "ENV"}
    return {one.key: one for one in settings_in_force(load_settings(file, environ))}


@pytest.mark.parametrize(
    ("key", "value", "origin"),
    [
        ("exam.quiet_seconds", "60", "Vorgabe / default"),
        ("dicom.aet", "ENV", "Umgebung / environment GDTBRIDGE_DICOM__AET"),
        ("dicom.port", "104", "gdtbridge.toml, Zeile / line 3"),
        ("dicom.allowed_networks", "10.0.0.0/8", "gdtbridge.toml, Zeile / line 4"),
        ("mail.from", "a@example.org", "gdtbridge.toml, Zeile / line 10"),
        ("device (SONO1).aet", "SONO1", "gdtbridge.toml, Zeile / line 15"),
        ("device (SONO2).charset", "ascii", "gdtbridge.toml, Zeile / line 19"),
        ("gdt.routes (raum2).out", "out2", "gdtbridge.toml, Zeile / line 35"),
        ("gdt.routes (raum2).when.device", "SONO2", "gdtbridge.toml, Zeile / line 36"),
        ("webhook (haus).headers.X-Key", "", "gdtbridge.toml, Zeile / line 31"),
        ("webhook (haus).token", "file token.txt", "gdtbridge.toml, Zeile / line 28"),
    ],
)
def test_each_setting_has_its_origin(
    found: dict[str, SettingInForce], key: str, value: str, origin: str
) -> None:
    """The line of the file, the variable, or that it is the default."""
    assert (found[key].value, found[key].origin.text) == (value, origin)


def test_no_secret_is_shown(found: dict[str, SettingInForce]) -> None:
    """Of each is only said that there is one: in keys of their own, in headers, in addresses."""
    assert "swordfish" not in repr(found)
    for key in ("mail.password", "http.token", "webhook (haus).headers.X-Key"):
        assert (found[key].is_secret, found[key].is_set) == (True, True)
    assert found["webhook (haus).url"].value == "https://haus.example/x?key=…&about={event}"
    assert found["storage.database"].value == "postgresql://…@db/bridge"


def test_an_unset_secret_is_said_to_be_none(tmp_path: Path) -> None:
    """Where there is no token, nobody thinks that there is one."""
    file = tmp_path / "gdtbridge.toml"
    file.touch()
    (token,) = matching(settings_in_force(load_settings(file, {})), "http.token")
    assert (token.is_set, token.origin.kind) == (False, OriginKind.DEFAULT)


def test_words_narrow_the_list_down(found: dict[str, SettingInForce]) -> None:
    """Every word has to stand in key, value or origin."""
    keys = [one.key for one in matching(list(found.values()), "SONO2 zeile device")]
    assert keys == [
        "device (SONO2).aet",
        "device (SONO2).charset",
        "gdt.routes (raum2).when.device",
    ]


def test_statements_of_several_lines() -> None:
    """A statement ends where TOML ends it, whatever stands in its texts and comments."""
    text = 'a = """\n[b]\nc = 1\n"""\n[b]\nx = [ # ]\n  "]",\n]\ny.z = 2\n'
    assert list(statements_of(text)) == [
        TomlStatement(("a",), 1, 4),
        TomlStatement(("b",), 5, 5, is_head=True),
        TomlStatement(("b", "x"), 6, 8),
        TomlStatement(("b", "y", "z"), 9, 9),
    ]


def test_addresses_in_a_text_lose_their_passwords() -> None:
    """User and password of an address, and what its parameters say."""
    assert without_secrets("at http://u:p@h/?a=1&b={x} now") == "at http://…@h/?a=…&b={x} now"
