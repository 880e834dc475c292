"""The link to the study's pictures, in the dialects that have a place for it."""

from __future__ import annotations

import pytest

from tests.tools.practice import Practice

VIEWER = '[viewer]\nkind = "ohif"\nbase = "https://pacs"\n'
LINK = "https://pacs/viewer?StudyInstanceUIDs=2.25.1000"


@pytest.mark.parametrize(
    ("settings_text", "field", "link"),
    [
        (f'[gdt]\ndialect = "gdt31"\n{VIEWER}', "9154", LINK),
        (f'[gdt]\ndialect = "turbomed"\n{VIEWER}', "6305", LINK),
        (f'[gdt]\ndialect = "gdt21"\n{VIEWER}', "9154", None),
        ('[gdt]\ndialect = "gdt31"\n', "9154", None),
        (
            '[gdt]\ndialect = "gdt31"\n[viewer]\nurl = "https://pacs/{accession}"\n',
            "9154",
            "https://pacs/R42",
        ),
    ],
)
def test_a_link_is_written_where_there_is_a_place(
    practice: Practice, field: str, link: str | None
) -> None:
    """The study record leads to the viewer; other dialects, and no viewer, have no link."""
    practice.send(StudyInstanceUID="2.25.1000", AccessionNumber="R42")
    practice.wait()
    (record,) = practice.records().values()
    assert record.first(field) == link


@pytest.mark.parametrize("settings_text", [f'[gdt]\ndialect = "gdt31"\n{VIEWER}'])
def test_a_study_no_viewer_can_open_has_no_link(practice: Practice) -> None:
    """A UID that is none never becomes an address; the record leaves all the same."""
    practice.send(StudyInstanceUID="1.2.3&x=<script>")
    practice.wait()
    (record,) = practice.records().values()
    assert record.first("9154") is None
