"""What the check of arriving pictures keeps; every call works inside the caller's transaction."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import SHOWN
from gdtbridge.database import Connection
from gdtbridge.exams.model import ClaimState
from gdtbridge.schema import claim, exam, instance, picture_check, quiet_label, transducer_name
from gdtbridge.statement import Statement

_ENTER: Final = Statement(
    sa.insert(picture_check).values({one.name: sa.bindparam(one.name) for one in picture_check.c})
)
_ITS_INSTANCE: Final = picture_check.c.instance_id == instance.c.id


def enter(connection: Connection, **values: object) -> None:
    """Enter what was found of a picture, by column of ``picture_check``."""
    _ENTER.run(connection, **values)


def missing_of_day(connection: Connection, day: str) -> list[tuple[str, str, int]]:
    """Return device, missing items and number of pictures, of a day (YYYY-MM-DD)."""
    query = (
        sa.select(picture_check.c.device, picture_check.c.missing, sa.func.count())
        .where(picture_check.c.day == day, picture_check.c.missing != "")
        .group_by(picture_check.c.device, picture_check.c.missing)
    )
    return [(device, missing, count) for device, missing, count in connection.execute(query)]


def checked_of_exam(connection: Connection, exam_id: int) -> list[tuple[int, str, str]]:
    """Return person, device and missing items of each picture of an exam that counts."""
    query = (
        sa.select(claim.c.person, picture_check.c.device, picture_check.c.missing)
        .select_from(
            picture_check.join(instance, _ITS_INSTANCE).join(
                claim, claim.c.id == instance.c.claim_id
            )
        )
        .where(claim.c.exam_id == exam_id, instance.c.standing.in_(SHOWN))
        .order_by(instance.c.id)
    )
    return [(person, device, missing) for person, device, missing in connection.execute(query)]


def quiet_labels(connection: Connection) -> dict[tuple[str, str], tuple[float, str]]:
    """Return when and by whom devices and items were said not to be told."""
    query = sa.select(quiet_label)
    return {(row.device, row.item): (row.at, row.who) for row in connection.execute(query)}


def be_quiet(connection: Connection, device: str, item: str, at: float, who: str) -> None:
    """Enter that an item of a device is not to be told; said before it stays as it was."""
    if (device, item) not in quiet_labels(connection):
        values = {"device": device, "item": item, "at": at, "who": who}
        connection.execute(sa.insert(quiet_label).values(values))


def tell_again(connection: Connection, device: str, item: str) -> None:
    """Forget that an item of a device is not to be told."""
    here = (quiet_label.c.device == device, quiet_label.c.item == item)
    connection.execute(sa.delete(quiet_label).where(*here))


def newest_of_transducers(connection: Connection, since: str) -> list[Any]:
    """Return a row for each device and transducer: its newest B-mode picture since a day.

    Where none says that it is one, the newest that does not say that it is none.
    """
    numbered = (
        sa.select(
            picture_check.c.device,
            picture_check.c.transducer,
            sa.func.max(
                sa.case((picture_check.c.is_b_mode.is_(True), picture_check.c.instance_id))
            ).label("surely"),
            sa.func.max(picture_check.c.instance_id).label("perhaps"),
            sa.func.max(picture_check.c.day).label("day"),
        )
        .select_from(
            picture_check.join(instance, _ITS_INSTANCE).join(
                claim, claim.c.id == instance.c.claim_id
            )
        )
        .where(
            claim.c.state == ClaimState.SETTLED,
            picture_check.c.day >= since,
            picture_check.c.is_b_mode.is_not(False),
            instance.c.standing.in_(SHOWN),
        )
        .group_by(picture_check.c.device, picture_check.c.transducer)
        .order_by(picture_check.c.device, picture_check.c.transducer)
    )
    return list(connection.execute(numbered))


def study_of(connection: Connection, instance_id: int) -> str:
    """Return the Study Instance UID a picture's exam has."""
    query = (
        sa.select(exam.c.study_instance_uid)
        .select_from(
            instance.join(claim, claim.c.id == instance.c.claim_id).join(
                exam, exam.c.id == claim.c.exam_id
            )
        )
        .where(instance.c.id == instance_id)
    )
    return str(connection.execute(query).scalar_one())


def transducer_names(connection: Connection) -> dict[tuple[str, str], str]:
    """Return what the practice calls transducers, by device and the device's own word."""
    query = sa.select(transducer_name)
    return {(row.device, row.transducer): row.name for row in connection.execute(query)}


def has_transducer(connection: Connection, device: str, transducer: str) -> bool:
    """Return whether a picture was made by a device with a transducer."""
    here = (picture_check.c.device == device, picture_check.c.transducer == transducer)
    query = sa.select(picture_check.c.instance_id).where(*here).limit(1)
    return connection.execute(query).first() is not None


def name_transducer(connection: Connection, device: str, transducer: str, name: str) -> None:
    """Enter what a transducer is called; nothing forgets it."""
    here = (transducer_name.c.device == device, transducer_name.c.transducer == transducer)
    connection.execute(sa.delete(transducer_name).where(*here))
    if name:
        values = {"device": device, "transducer": transducer, "name": name}
        connection.execute(sa.insert(transducer_name).values(values))
