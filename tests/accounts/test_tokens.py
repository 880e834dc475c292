"""Tokens of programs: shown once, for some calls only, revoked for good."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.accounts import AccountError
from gdtbridge.accounts.model import SCOPES
from gdtbridge.errors import NotFound
from gdtbridge.schema import access_token
from tests.accounts.conftest import BOSS, Reception


def test_a_token_is_known_by_its_secret(reception: Reception) -> None:
    """What is kept of it is a hash; its use is noted."""
    made = reception.access.tokens.make("AIS Raum 1", ["worklist-add", "studies"], BOSS)
    found = reception.access.memory.token(made.secret)
    assert found is not None
    assert found.scopes == {"worklist-add", "studies"}
    reception.access.memory.note_uses()
    with reception.database.read() as connection:
        row = connection.execute(sa.select(access_token)).one()
    assert made.secret not in str(row)
    assert row.used_at == reception.clock.utc()
    assert reception.access.tokens.all()[0].used_at == reception.clock.utc()


def test_a_revoked_token_is_none(reception: Reception) -> None:
    """It stays in the list, so that one knows what it was."""
    made = reception.access.tokens.make("AIS", ["studies"], BOSS)
    reception.access.tokens.revoke(made.token.id, BOSS)
    reception.access.tokens.revoke(made.token.id, BOSS)
    assert reception.access.memory.token(made.secret) is None
    (left,) = reception.access.tokens.all()
    assert left.revoked_at is not None
    assert reception.acts() == ["made-token", "revoked-token"]
    with pytest.raises(NotFound):
        reception.access.tokens.revoke(99, BOSS)


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["studies"], "name"),
        ("x" * 65, ["studies"], "name"),
        ("AIS", [], "scopes"),
        ("AIS", ["studies", "everything"], "scopes"),
    ],
)
def test_what_is_wrong_is_named(
    reception: Reception, name: str, scopes: list[str], field: str
) -> None:
    """A token is for something, and has a name to know it by."""
    with pytest.raises(AccountError) as refused:
        reception.access.tokens.make(name, scopes, BOSS)
    assert refused.value.field == field


def test_every_scope_is_documented(project: Path) -> None:
    """In docs/reference/access.md."""
    text = (project / "docs" / "reference" / "access.md").read_text("utf-8")
    for scope in SCOPES:
        assert f"| `{scope}` |" in text
