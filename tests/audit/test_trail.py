"""The audit trail: what was done is there, nothing of it changes, and it does not grow for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gdtbridge.audit import ACTS, Actor, ActorKind, AuditQuery, AuditTrail, DoneAct, trail
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database

ANNA = Actor(ActorKind.ACCOUNT, "Anna Krüger", 2, "192.0.2.7")
AIS = Actor(ActorKind.SOFTWARE, address="127.0.0.1")
SAW = DoneAct("saw", "4711", "exam:17")


@pytest.fixture
def clock() -> HandClock:
    """Return the clock of the trail."""
    return HandClock()


@pytest.fixture
def audit(tmp_path: Path, clock: HandClock) -> Iterator[AuditTrail]:
    """Return a trail of 30 days."""
    with closing(open_database(tmp_path / "db.sqlite")) as database:
        yield AuditTrail(database, clock, days=30)


def told(audit: AuditTrail, **query: object) -> list[tuple[str, str, str]]:
    """Return who did what to whom, the newest first."""
    audit.keep()
    found = audit.entries(AuditQuery(**query))  # type: ignore[arg-type]
    return [(one.actor.name, one.done.act, one.done.patient_id) for one in found]


def test_an_entry_says_who_what_whom_when_and_whence(audit: AuditTrail, clock: HandClock) -> None:
    """All of it as it was given."""
    audit.write(ANNA, DoneAct("assigned", "4711", "exam:17", "vorher 4712"))
    (entry,) = audit.entries(AuditQuery())
    assert (entry.at, entry.actor) == (clock.utc(), ANNA)
    assert entry.done == DoneAct("assigned", "4711", "exam:17", "vorher 4712")


def test_the_same_look_is_noted_once(audit: AuditTrail, clock: HandClock) -> None:
    """Within ten minutes; another person, patient or act is another look."""
    for _ in range(5):
        audit.note(ANNA, SAW)
        clock.turn(60)
    audit.note(AIS, SAW)
    audit.note(ANNA, DoneAct("saw", "4712", "exam:18"))
    clock.turn(600)
    audit.note(ANNA, SAW)
    assert len(told(audit)) == 4


def test_what_is_noted_is_written_down_later(audit: AuditTrail) -> None:
    """A look costs no transaction."""
    audit.note(ANNA, SAW)
    assert audit.entries(AuditQuery()) == []
    audit.keep()
    audit.keep()
    assert len(audit.entries(AuditQuery())) == 1


def test_one_can_look_for_something(audit: AuditTrail, clock: HandClock) -> None:
    """By name, act, patient, subject and time; page by page."""
    audit.write(ANNA, DoneAct("added", "4711", "order:R1"))
    clock.turn(100)
    audit.write(AIS, DoneAct("added", "4712", "order:R2"))
    audit.write(ANNA, DoneAct("removed", "4711", "order:R1"))
    assert [act for _, act, _ in told(audit, name="krü")] == ["removed", "added"]
    assert [act for _, act, _ in told(audit, until=clock.utc())] == ["added"]
    assert told(audit, acts=("added",)) == [("", "added", "4712"), ("Anna Krüger", "added", "4711")]
    assert [act for _, act, _ in told(audit, patient_id="4711")] == ["removed", "added"]
    assert told(audit, subject="order:R2") == [("", "added", "4712")]
    assert len(told(audit, since=clock.utc())) == 2
    first = audit.entries(AuditQuery(most=2))
    rest = audit.entries(AuditQuery(most=2, before_id=first[-1].id))
    assert [one.id for one in (*first, *rest)] == [3, 2, 1]


def test_the_trail_is_bounded(
    audit: AuditTrail, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By days, and by number."""
    audit.write(ANNA, DoneAct("printed"))
    clock.turn(31 * 86400)
    audit.write(ANNA, DoneAct("exported"))
    audit.forget_old()
    assert [act for _, act, _ in told(audit)] == ["exported"]
    monkeypatch.setattr(trail, "MOST_KEPT", 3)
    for number in range(5):
        audit.write(ANNA, DoneAct("saw", str(number)))
    audit.forget_old()
    assert [patient for _, _, patient in told(audit)] == ["4", "3", "2"]


def test_only_known_acts_are_entered() -> None:
    """Whose words can be shown in both languages."""
    with pytest.raises(ValueError, match="dreamt"):
        DoneAct("dreamt")
    assert all(" / " in words for words in ACTS.values())


def test_every_act_is_documented(project: Path) -> None:
    """In docs/reference/access.md, with its words."""
    text = (project / "docs" / "reference" / "access.md").read_text("utf-8")
    for code, words in ACTS.items():
        german, _, english = words.partition(" / ")
        assert f"| `{code}` | {german} | {english} |" in text


def test_nothing_changes_an_entry() -> None:
    """The room knows inserting and deleting what is too old, and no update."""
    source = Path(trail.__file__).with_name("store.py").read_text("utf-8")
    assert "sa.update" not in source
    assert "UpdateStatement" not in source
