"""Paths of attachments that are longer than their field are told by ``gdtbridge check``."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.check import probe
from gdtbridge.core import open_core
from gdtbridge.settings import load_settings


@pytest.mark.parametrize(
    ("dialect", "shown", "told"),
    [
        ("medistar", r"\\server\bilder", False),
        ("medistar", r"\\praxisserver.praxis.local\austausch\bilder", True),
        ("gdt30", r"\\praxisserver.praxis.local\austausch\bilder", False),
    ],
)
def test_a_path_too_long_for_its_field_is_told(
    tmp_path: Path, dialect: str, shown: str, *, told: bool
) -> None:
    """Field 6305 has 60 characters in GDT 2.1; what exceeds them is written whole all the same."""
    (tmp_path / "pictures").mkdir()
    file = tmp_path / "gdtbridge.toml"
    file.write_text(
        f'[dicom]\nport = 0\n[http]\nport = 0\n[gdt]\ndialect = "{dialect}"\n'
        f"attachments_folder = 'pictures'\nattachments_path = '{shown}'\n",
        encoding="utf-8",
    )
    settings = load_settings(file, {})
    with open_core(settings):
        pass
    found = {one.part: one.text for one in probe(settings)}
    assert ("gdt.attachments_path" in found) is told
    assert "6305" in found.get("gdt.attachments_path", "6305")
