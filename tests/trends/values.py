"""Values over time, made up."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from gdtbridge.trends import CurvePoint, ReportValue


def point(
    day: int,
    number: Decimal = Decimal(1),
    *,
    of_child: bool = False,
    device: str = "US01",
    exam_id: int = 0,
) -> CurvePoint:
    """Return a value of a day, so many days after the first of 2020."""
    value = ReportValue(
        series="X",
        kind="X",
        code="X",
        heading="",
        name="X",
        number=number,
        number_unit="mm",
        value=str(number),
        unit="mm",
        sent_value="",
        method="",
        of_child=of_child,
        remarks=(),
        place="",
        section="",
    )
    return CurvePoint(
        exam_id=exam_id or day,
        person=1,
        at=datetime(2020, 1, 1) + timedelta(days=day),  # noqa: DTZ001 - local
        device=device,
        maker="",
        instance_id=1,
        value=value,
    )
