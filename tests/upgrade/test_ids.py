"""Ids stay: those that changed since 45c76b4 are on a page with the reason, and no others."""

from __future__ import annotations

from pathlib import Path

from tests.upgrade.ids import PAGE, page, values_before, values_now


def test_every_changed_id_is_on_the_page(tmp_path: Path) -> None:
    """``python -m tests.upgrade.ids page`` wrote it; an id that changes without need is a fault."""
    assert page(tmp_path) == PAGE.read_text("utf-8")


def test_ids_of_the_seed_system_stay(tmp_path: Path) -> None:
    """A value that is still sent, and is no fetus's, has the id the seed system gave it."""
    now = values_now(tmp_path)
    for before in values_before():
        value = now[before.report][0].get(before.place) if before.report in now else None
        if value is None or not before.seed.startswith("SO"):
            continue
        is_fetal = value.measurement.fetus is not None
        assert value.seed == before.seed or is_fetal, before
