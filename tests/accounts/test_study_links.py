"""Links that show one study: shown once, for hours, revoked, listed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gdtbridge.accounts import SharedStudy
from gdtbridge.accounts.store import end_everything
from gdtbridge.errors import NotFound
from gdtbridge.schema import study_link
from tests.tools.house import BOSS, House

STUDY = SharedStudy("2.25.4711", "4711")
HOUR = 3600


def test_a_link_is_known_by_its_secret_until_it_ends(house: House) -> None:
    """What is kept of it is a hash; its opening is noted, and the hour it ends in is the last."""
    links, memory = house.access.study_links, house.access.memory
    made = links.make(STUDY, 24, BOSS)
    found = memory.study_link(made.secret)
    assert found is not None
    assert found.shared == STUDY
    memory.note_uses()
    with house.database.read() as connection:
        row = connection.execute(sa.select(study_link)).one()
    assert made.secret not in str(row)
    assert row.opened_at == links.good(STUDY)[0].opened_at == house.clock.utc()
    assert row.expires_at == house.clock.utc() + 24 * HOUR
    assert house.opened().memory.study_link(made.secret) is not None

    house.clock.turn(24 * HOUR - 1)
    assert memory.study_link(made.secret) is not None
    house.clock.turn(1)
    assert memory.study_link(made.secret) is None
    assert links.good(STUDY) == []
    assert [one.id for one in links.all()] == [found.id]
    house.clock.turn(31 * 24 * HOUR)
    again = links.make(STUDY, 1, BOSS)
    assert [one.id for one in links.all()] == [again.link.id]
    assert again.link.id != found.id  # the audit trail names them by it


def test_a_revoked_link_is_none(house: House) -> None:
    """Another process knows it within seconds; the trail says whose exam it was."""
    links = house.access.study_links
    made = links.make(STUDY, 24, BOSS)
    other = house.opened()
    assert other.memory.study_link(made.secret) is not None
    links.revoke(made.link.id, BOSS)
    links.revoke(made.link.id, BOSS)
    other.memory.follow()
    assert other.memory.study_link(made.secret) is None
    assert links.good(STUDY) == []
    assert house.acts() == ["made-study-link", "revoked-study-link"]
    with pytest.raises(NotFound):
        links.revoke(99, BOSS)


def test_a_restored_copy_has_no_links(house: House) -> None:
    """One that was revoked since the copy was made would be good again."""
    made = house.access.study_links.make(STUDY, 24, BOSS)
    with house.database.write() as connection:
        end_everything(connection)
    house.access.memory.follow()
    assert house.access.memory.study_link(made.secret) is None
    assert house.access.memory.study_link("") is None
