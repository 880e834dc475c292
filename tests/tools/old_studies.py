"""What the services of the tests make of dates: their samples are years old and stay so."""

from __future__ import annotations

from gdtbridge.settings import Settings

OLD_STUDIES = {"exam__date_remark_days": "0", "exam__date_hold_days": "0"}
"""Settings by which an old study is as a new one, as `tests.tools.service.Service` takes them."""


def of_old_studies(settings: Settings) -> Settings:
    """Return settings with `OLD_STUDIES`, but for what a test has set itself."""
    keys = {key.removeprefix("exam__"): int(days) for key, days in OLD_STUDIES.items()}
    unsaid = {k: days for k, days in keys.items() if k not in settings.exam.model_fields_set}
    return settings.model_copy(update={"exam": settings.exam.model_copy(update=unsaid)})
