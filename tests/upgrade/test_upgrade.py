"""A folder that an older version wrote opens, and everything in it ends as it did there.

``make_var.py`` made the folder and the expectation with the code of that commit.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from gdtbridge.core import open_core
from gdtbridge.settings import load_settings
from tests.tools.device import send_raw
from tests.tools.service import Service
from tests.upgrade.ending import end_of

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@pytest.mark.parametrize("commit", ["70aa95c"])
def test_an_old_folder_ends_as_its_own_version_would(tmp_path: Path, commit: str) -> None:
    """Every exam, order, message and file is byte for byte what the old version made of it."""
    with tarfile.open(HERE / f"var-{commit}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    expected = json.loads((HERE / f"ending-{commit}.json").read_text("utf-8"))

    with open_core(load_settings(environ={"GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "var")})):
        pass  # commands leave the upgrade to the start of the service

    found = end_of(tmp_path, Service, send_raw)

    assert found.keys() == expected.keys()
    for table, rows in expected.pop("tables").items():
        assert found["tables"][table] == rows, table
    for part, value in expected.items():
        assert found[part] == value, part
