"""Tokens of programs: shown once, for some calls only, revoked for good."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.accounts import AccountError
from gdtbridge.accounts.model import SCOPES
from gdtbridge.errors import NotFound
from gdtbridge.schema import access_token
from tests.tools.house import BOSS, House


def test_a_token_is_known_by_its_secret(house: House) -> None:
    """What is kept of it is a hash; its use is noted."""
    made = house.access.tokens.make("AIS Raum 1", ["worklist-add", "studies"], BOSS)
    found = house.access.memory.token(made.secret)
    assert found is not None
    assert found.scopes == {"worklist-add", "studies"}
    house.access.memory.note_uses()
    with house.database.read() as connection:
        row = connection.execute(sa.select(access_token)).one()
    assert made.secret not in str(row)
    assert row.used_at == house.clock.utc()
    assert house.access.tokens.all()[0].used_at == house.clock.utc()


def test_a_revoked_token_is_none(house: House) -> None:
    """It stays in the list, so that one knows what it was."""
    made = house.access.tokens.make("AIS", ["studies"], BOSS)
    house.access.tokens.revoke(made.token.id, BOSS)
    house.access.tokens.revoke(made.token.id, BOSS)
    assert house.access.memory.token(made.secret) is None
    (left,) = house.access.tokens.all()
    assert left.revoked_at is not None
    assert house.acts() == ["made-token", "revoked-token"]
    with pytest.raises(NotFound):
        house.access.tokens.revoke(99, BOSS)


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["studies"], "name"),
        ("x" * 65, ["studies"], "name"),
        ("AIS", [], "scopes"),
        ("AIS", ["studies", "everything"], "scopes"),
    ],
)
def test_what_is_wrong_is_named(house: House, name: str, scopes: list[str], field: str) -> None:
    """A token is for something, and has a name to know it by."""
    with pytest.raises(AccountError) as refused:
        house.access.tokens.make(name, scopes, BOSS)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("aet", "scopes"),
    [("US_RAUM1", ["studies"]), ("x" * 17, ["dicomweb-store"]), ("\\", ["dicomweb-store"])],
)
def test_a_device_is_named_by_its_title(house: House, aet: str, scopes: list[str]) -> None:
    """By one that can be sent, and for who brings objects or is told of the worklist."""
    with pytest.raises(AccountError) as refused:
        house.access.tokens.make("Sono", scopes, BOSS, aet)
    assert refused.value.field == "aet"


def test_every_scope_is_documented(project: Path) -> None:
    """In docs/reference/access.md, with what it is for and beside the calls it opens."""
    text = (project / "docs" / "reference" / "access.md").read_text("utf-8")
    scopes, calls = text.split("## Who may make which call")
    for scope in SCOPES:
        assert f"| `{scope}` |" in scopes
        assert f"`{scope}`" in calls
