"""A folder that an older version wrote opens, and everything in it ends as it did there.

``make_var.py`` made the folder and the expectation with the code of that commit; ``before.py`` says
how today's database tells the same.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gdtbridge.core import open_core
from gdtbridge.settings import load_settings
from tests.tools.device import send_raw
from tests.tools.service import Service
from tests.tools.unpacking import unpack
from tests.upgrade.before import (
    changed_values,
    counted_here,
    exams_before,
    expected_exam,
    held_before,
    name_left_out,
    named_anew,
    told_once,
    without_part,
)
from tests.upgrade.ending import end_of
from tests.upgrade.ending import tables as tables_of

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
RELEASED = "E0000000003.gdt"
"""The record of an exam without a number, released by a person: the device's name is left out."""
TAKEN = "2.25.36000"
"""An exam whose object has the UID of another exam's."""


@pytest.mark.timeout(300)  # two services and five commands, on a machine that may be busy
@pytest.mark.parametrize("commit", ["70aa95c"])
def test_an_old_folder_ends_as_its_own_version_would(tmp_path: Path, commit: str) -> None:
    """Every exam, order, message and file is byte for byte what the old version made of it."""
    unpack(HERE / f"var-{commit}.tar.gz", tmp_path)
    expected = json.loads((HERE / f"ending-{commit}.json").read_text("utf-8"))
    name_left_out(expected, RELEASED)
    counted_here(expected, TAKEN)
    written = {row.get("payload") for row in tables_of(tmp_path)["outbox"]}
    told_once(expected, written)

    settings = load_settings(environ={"GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "var")})
    with open_core(settings) as core:
        core.adopt()  # commands leave the upgrade to the start of the service

    found = end_of(tmp_path, Service, send_raw)

    assert found.keys() == expected.keys()
    named_anew(expected, found, written, changed_values(HERE / f"values-{commit}.tsv"))
    tables, rows = found.pop("tables"), expected.pop("tables")
    exams = {row["id"]: row for row in exams_before(tables)}
    assert exams == {row["id"]: expected_exam(row) for row in rows.pop("exam")}
    assert without_part(tables["outbox"]) == without_part(rows.pop("outbox"))
    for table, wanted in rows.items():
        assert tables[table] == wanted, table
    assert held_before(found.pop("held")) == held_before(expected.pop("held"))
    for part, value in expected.items():
        assert found[part] == value, part
