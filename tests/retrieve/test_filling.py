"""The index of an archive of before is filled in the background, by turns, and once."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from gdtbridge.schema import claim, exam, instance, instance_head, report_value, study_name
from gdtbridge.settings import load_settings
from tests.tools.practice import Practice
from tests.tools.unpacking import unpack
from worklist import name_keys

OLD = Path(__file__).parents[1] / "upgrade" / "schema-3.tar.gz"


def missing(practice: Practice) -> list[int]:
    """Return how many objects have no head and how many exams no name."""
    headless = sa.select(instance.c.id).where(
        ~sa.exists().where(instance_head.c.instance_id == instance.c.id)
    )
    nameless = sa.select(exam.c.id).where(~sa.exists().where(study_name.c.exam_id == exam.c.id))
    with practice.database.read() as connection:
        return [len(connection.execute(one).all()) for one in (headless, nameless)]


def test_an_archive_of_before_is_entered_by_turns(tmp_path: Path) -> None:
    """Every readable object gets its head, every exam its names; then nothing is done any more."""
    unpack(OLD, tmp_path)
    practice = Practice(tmp_path, load_settings(tmp_path / "gdtbridge.toml", {}))
    try:
        practice.core.adopt()
        assert missing(practice) != [0, 0]
        turns = 0
        while not practice.core.filling.is_done:
            practice.core.filling.work()
            turns += 1
        assert turns < 100
        assert missing(practice)[0] == 0
        with practice.database.read() as connection:
            found = set(connection.execute(sa.select(study_name.c.key, study_name.c.exam_id)))
            said = connection.execute(sa.select(claim.c.patient_name, claim.c.exam_id)).all()
            assert connection.execute(sa.select(report_value)).first() is not None
        wanted = {(key, number) for name, number in said for key in name_keys(name)}
        assert len(wanted) > 10
        assert wanted <= found
    finally:
        practice.close()


def test_what_arrives_is_entered_with_it(tmp_path: Path) -> None:
    """A new object waits for no turn."""
    practice = Practice(tmp_path, load_settings(environ={}))
    try:
        practice.send(PatientName="Müller^Änne")
        assert missing(practice) == [0, 0]
        with practice.database.read() as connection:
            keys = set(connection.execute(sa.select(study_name.c.key)).scalars())
            head = connection.execute(sa.select(instance_head)).one()
        assert {"müller^änne", "mueller^aenne"} <= keys
        assert (head.modality, head.rows) == ("US", "")
    finally:
        practice.close()
