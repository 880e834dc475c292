"""Pictures and pages: each reaches one chart, and none that of somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.service import service
from tests.tools.surgery import QUICK, Surgery, image, person, report, study_record

pytestmark = pytest.mark.slow  # starts whole services

WITH_PICTURES = {
    **QUICK,
    "gdt__dialect": "medistar",
    "gdt__report_attachment": "true",
    "gdt__attachments_most": "3",
}


def files_of(record: tuple[str, ...]) -> list[str]:
    """Return the paths a record names; each file must be there."""
    paths = [line[4:] for line in record if line.startswith("6305")]
    assert all(Path(path).is_file() for path in paths)
    return paths


def bare(record: tuple[str, ...]) -> tuple[str, ...]:
    """Return a record without the lines of its files."""
    return tuple(line for line in record if line[:4] not in {"6302", "6303", "6304", "6305"})


@pytest.mark.parametrize("trigger", ["complete", "first_instance"])
def test_with_attachments(tmp_path: Path, trigger: str) -> None:
    """W1, W9: two people's pictures and page, late pictures, and the limit of one exam."""
    folder = tmp_path / "p"
    folder.mkdir()
    settings = {"gdt__attachments_folder": str(folder), "exam__trigger": trigger}
    with service(tmp_path, **WITH_PICTURES | settings) as running:
        surgery = Surgery(running)
        late = person("901", "Spät^Sina", "09.09.1969")
        surgery.examine(image("2.25.901", "1", late, 10))
        surgery.examine(image("2.25.901", "2", late, 20))
        surgery.examine(image("2.25.901", "3", late, 30), image("2.25.901", "4", late, 40))
        first, second, last = surgery.chart("901")
        told = ("Nachtrag: 1 weiteres Bild",)
        assert bare(first) == study_record(late)
        assert bare(second) == bare(last) == study_record(late, head=told)
        assert [len(files_of(one)) for one in (first, second, last)] == [1, 1, 1]

        erna, zenzi = person("941", "Erste^Erna", "01.01.1950"), person("942", "Zweite^Zenzi")
        study = "2.25.941"
        surgery.examine(
            image(study, "1", erna, 50), image(study, "2", zenzi, 60), report(study, "3", erna)
        )
        for number, _ in reversed(surgery.held(study)):
            surgery.release(study, number)
        picture, values = surgery.chart("941")
        (other,) = surgery.chart("942")
        assert (bare(picture), bare(other)) == (study_record(erna), study_record(zenzi))
        assert [Path(path).suffix for path in files_of(values)] == [".pdf"]
        files = [*files_of(picture), *files_of(values), *files_of(other)]
        assert len(set(files)) == 3


def test_without_attachments(tmp_path: Path) -> None:
    """W9: a practice software that takes no pictures is told of none, whatever comes late."""
    with service(tmp_path, **QUICK, exam__trigger="first_instance") as running:
        surgery = Surgery(running)
        late = person("902", "Spät^Silke", "09.09.1969")
        for number in "1234":
            surgery.examine(image("2.25.902", number, late))
        assert surgery.chart("902") == [study_record(late)]
