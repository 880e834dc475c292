"""The values of reports in the database; every call works inside the caller's transaction.

A value stands by the instance it was read from, whose bytes never change. Whose it is, and whether
it counts, is asked of the claim and the instance, so that no correction can leave it behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import Standing
from gdtbridge.archive.heads import MADE
from gdtbridge.database import Connection
from gdtbridge.durable.clock import local_time
from gdtbridge.exams.dates import exam_moment
from gdtbridge.exams.model import ClaimState, ReportState
from gdtbridge.schema import claim, exam, instance, instance_head, report, report_value
from gdtbridge.statement import Statement
from gdtbridge.trends.model import CurvePoint, ReportValue

_NAMES: Final = tuple(one.name for one in fields(ReportValue))
_DECIDED: Final = sa.and_(
    claim.c.state == ClaimState.SETTLED, instance.c.standing == Standing.CURRENT
)
"""What somebody's chart has, and of several contents under one UID the one that counts."""
_OBJECTS: Final = claim.join(instance, instance.c.claim_id == claim.c.id)
_FORGET: Final = Statement(
    sa.delete(report_value).where(report_value.c.instance_id == sa.bindparam("of"))
)
_MARK: Final = Statement(
    sa.update(report)
    .where(report.c.instance_id == sa.bindparam("of"))
    .values(catalogue=sa.bindparam("mark"))
)
_OF_INSTANCE: Final = report_value.c.instance_id == instance.c.id


def _points(of: sa.ColumnElement[bool]) -> Statement:
    """Return the query for the values ``of`` each report of a chart; a row without for none."""
    built = (
        sa.select(
            claim.c.exam_id,
            claim.c.person,
            claim.c.study_date,
            claim.c.study_time,
            claim.c.of_receipt_day,
            exam.c.first_instance_at,
            instance.c.calling_aet,
            sa.func.coalesce(instance_head.c.manufacturer, ""),
            sa.func.coalesce(instance_head.c.model, ""),
            instance.c.id,
            instance.c.sop_instance_uid,
            instance.c.turn,
            *(report_value.c[name] for name in _NAMES),
        )
        .select_from(
            _OBJECTS.join(exam, exam.c.id == claim.c.exam_id)
            .join(report, report.c.instance_id == instance.c.id)
            .outerjoin(report_value, of)
            .outerjoin(instance_head, instance_head.c.instance_id == instance.c.id)
        )
        .where(
            claim.c.number.in_(sa.bindparam("numbers", expanding=True)),
            _DECIDED,
            report.c.catalogue != "",
        )
        .order_by(MADE, report.c.id, report_value.c.position)
    )
    return Statement(built)


_OF_NUMBERS: Final = _points(_OF_INSTANCE)
_OF_SERIES: Final = _points(sa.and_(_OF_INSTANCE, report_value.c.series == sa.bindparam("series")))
_CHARTS: Final = Statement(
    sa.select(claim.c.person, claim.c.number, instance.c.id)
    .select_from(_OBJECTS)
    .where(claim.c.exam_id == sa.bindparam("exam"), _DECIDED)
)
_UNKEPT: Final = Statement(
    sa.select(report.c.id, instance.c.id, instance.c.file)
    .select_from(_OBJECTS.join(report, report.c.instance_id == instance.c.id))
    .where(
        report.c.id < sa.bindparam("before"),
        report.c.catalogue != sa.bindparam("mark"),
        report.c.state != ReportState.PENDING,
        _DECIDED,
    )
    .order_by(report.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_CODE: Final = 12 + _NAMES.index("code")
"""Place of a column that every value has; null where a report has none."""
_NEWEST: Final = Statement(sa.select(sa.func.max(report.c.id)))


def keep(
    connection: Connection, instance_id: int, values: Sequence[ReportValue], mark: str
) -> None:
    """Let these be the values of the report in an instance, by the catalogue with that ``mark``.

    What is of no series is left out: nobody looks for it here.
    """
    _FORGET.run(connection, of=instance_id)
    rows = [
        {"instance_id": instance_id, "position": position, **_row(one)}
        for position, one in enumerate(values)
        if one.series
    ]
    if rows:
        connection.execute(sa.insert(report_value), rows)
    _MARK.run(connection, of=instance_id, mark=mark)


def _row(one: ReportValue) -> dict[str, object]:
    values = {name: getattr(one, name) for name in _NAMES}
    return values | {"number": f"{one.number:f}", "remarks": "\n".join(one.remarks)}


def unkept(connection: Connection, mark: str, before: int, most: int) -> list[tuple[int, int, str]]:
    """Return the newest reports in charts before one whose values another catalogue named, or none.

    Each is its number, its instance, and its file below the archive's folder.
    """
    rows = _UNKEPT.rows(connection, mark=mark, before=before, most=most)
    return [(number, instance_id, file) for number, instance_id, file in rows]


def newest(connection: Connection) -> int:
    """Return the number of the newest report; 0 where there is none."""
    return int(_NEWEST.value(connection) or 0)


def charts_of(connection: Connection, exam_id: int) -> list[tuple[int, str, int]]:
    """Return person, patient number and id of each object of an exam that is decided on."""
    rows = _CHARTS.rows(connection, exam=exam_id)
    return [(person, number, instance_id) for person, number, instance_id in rows]


def points_of(connection: Connection, numbers: Iterable[str], series: str = "") -> list[CurvePoint]:
    """Return the values in the chart with these numbers, in the order the chart got them.

    With ``series`` only those of that series.
    Of several contents of one report that count, the last one the device sent, if it has any.
    """
    if series:
        rows = _OF_SERIES.rows(connection, numbers=list(numbers), series=series)
    else:
        rows = _OF_NUMBERS.rows(connection, numbers=list(numbers))
    last: dict[tuple[int, str], tuple[int, int]] = {}
    for row in rows:
        version = (row[0], row[10])
        last[version] = max(last.get(version, (0, 0)), (row[11], row[9]))
    return [
        _point(row)
        for row in rows
        if last[row[0], row[10]] == (row[11], row[9]) and row[_CODE] is not None
    ]


def _point(row: Sequence[Any]) -> CurvePoint:
    exam_id, person, day, time, of_receipt_day, received, device, *rest = row
    manufacturer, model, instance_id, _, _, *said = rest
    values = dict(zip(_NAMES, said, strict=True))
    values |= {
        "number": Decimal(values["number"]),
        "remarks": tuple(filter(None, values["remarks"].split("\n"))),
    }
    return CurvePoint(
        exam_id=exam_id,
        person=person,
        at=exam_moment(day, time, local_time(received), of_receipt_day=of_receipt_day),
        device=device,
        maker=" ".join(filter(None, (manufacturer, model))),
        instance_id=instance_id,
        value=ReportValue(**values),
    )
