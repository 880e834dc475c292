"""What the lower rooms make fits into the fields of GDT."""

from __future__ import annotations

from gdtbridge.catalogue.rows import NAME_LENGTH
from gdtbridge.gdt.tables.fields import field_length
from gdtbridge.pictures.titles import MAX_TITLE
from gdtbridge.sr.identity import LONGEST_ID


def test_ids_names_and_titles_fit() -> None:
    """Ids (8410), names of the catalogue (8411) and titles of attachments (6302)."""
    assert field_length("8410") >= LONGEST_ID
    assert field_length("8411") >= NAME_LENGTH
    assert field_length("6302") >= MAX_TITLE
