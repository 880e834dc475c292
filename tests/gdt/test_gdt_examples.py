"""The examples of settings in docs/reference/gdt.md and settings.md are settings, and do that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gdtbridge.gdt.tables.dialects import dialect_named
from gdtbridge.gdt.tables.practice_dialects import dialects_with
from gdtbridge.results.exam_codes import ExamCodeChooser, ExamCodes
from gdtbridge.settings import Settings, load_settings


def example(project: Path, folder: Path, page: str, heading: str) -> Settings:
    """Return the settings of the first example behind a heading of a page."""
    text = (project / "docs" / "reference" / page).read_text("utf-8").partition(heading)[2]
    found = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    file = folder / "gdtbridge.toml"
    file.write_text(found[1], encoding="utf-8")
    return load_settings(file, {})


def test_a_dialect_of_ones_own(project: Path, tmp_path: Path) -> None:
    """The example changes what it says and keeps the rest of its base."""
    settings = example(project, tmp_path, "gdt.md", "### A practice's own dialect")
    own = dialect_named(settings.gdt.dialect, dialects_with(settings.dialects))
    assert (own.family, own.options.values.value) == ("medistar", "text")
    assert own.options.comment_field == "6220"
    assert own.options.attachments


@pytest.mark.parametrize(
    ("description", "device", "codes"),
    [
        ("TTE", "", ("ECHO01", "ECHO", "Echokardiographie")),
        ("Leber", "SONO2", ("SONO00", "ABDOMEN", "PACS-Datensatz")),
        ("Leber", "", ("SONO00", "EXTPACS", "PACS-Datensatz")),
    ],
)
def test_codes_of_exams_nobody_ordered(
    project: Path, tmp_path: Path, description: str, device: str, codes: tuple[str, str, str]
) -> None:
    """The rules of the example, and what holds without one."""
    settings = example(project, tmp_path, "settings.md", "## Kennungen ohne Auftrag")
    chooser = ExamCodeChooser(settings.gdt, dialect_named(settings.gdt.dialect))
    assert chooser.of("US", description, device) == ExamCodes(*codes)
