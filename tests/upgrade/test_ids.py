"""Ids stay: those that changed since 45c76b4 are on a page with the reason, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.upgrade.ids import (
    BEFORE_FOREIGN,
    FOREIGN,
    PAGE,
    Before,
    Read,
    foreign_changes,
    foreign_now,
    page,
    values_before,
    values_now,
)


def test_every_changed_id_is_on_the_page(tmp_path: Path) -> None:
    """``python -m tests.upgrade.ids page`` wrote it; an id that changes without need is a fault."""
    assert page(tmp_path) == PAGE.read_text("utf-8")


def test_every_changed_id_of_foreign_reports_is_on_it(corpus: Path) -> None:
    """``ids page CORPUS`` wrote what the page repeats of them."""
    assert foreign_changes(corpus) == FOREIGN.read_text("utf-8")


def test_ids_of_the_seed_system_stay(tmp_path: Path) -> None:
    """A value that is still sent, and is no fetus's, has the id the seed system gave it."""
    assert not list(lost_seed_ids(values_before(), values_now(tmp_path)))


def test_ids_of_the_seed_system_stay_in_foreign_reports(corpus: Path) -> None:
    """The same where devices made the report; without such files nothing is compared."""
    assert not list(lost_seed_ids(values_before(BEFORE_FOREIGN), foreign_now(corpus)))


def lost_seed_ids(then: list[Before], now: Read) -> Iterator[Before]:
    """Yield the values that lost the id of the seed system without a reason."""
    for before in then:
        value = now[before.report][0].get(before.place) if before.report in now else None
        if value is None or not before.seed.startswith("SO"):
            continue
        if value.seed != before.seed and value.measurement.fetus is None:
            yield before
