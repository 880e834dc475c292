"""What pages load: known files of known origin, kept by browsers, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re

import pytest

from gdtbridge.attention import KINDS
from gdtbridge.tsv import table
from gdtbridge.web.pages.assets import FOLDER, icon
from gdtbridge.web.pages.header import area_of

OURS = ("css", "js")
FOREIGN = {file: digest for file, _, _, _, digest in table("web/pages/assets.tsv")}


def test_each_file_of_others_is_the_one_of_the_table() -> None:
    """Name, version, licence and content of everything that others wrote are known."""
    found = {
        file.relative_to(FOLDER).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in FOLDER.rglob("*.*")
        if file.relative_to(FOLDER).parts[0] not in OURS
    }
    assert found == FOREIGN


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No file of ours names an address of the world."""
    for file in (one for kind in OURS for one in (FOLDER / kind).rglob("*.*")):
        assert not re.search(r"https?://|@import|url\(", file.read_text("utf-8")), file.name


def test_a_shape_is_not_read_out() -> None:
    """Its word stands beside it."""
    assert 'aria-hidden="true"' in icon("triangle-alert")
    with pytest.raises(FileNotFoundError):
        icon("no-such-shape")


def test_every_kind_of_attention_has_its_area() -> None:
    """What needs a person is counted where it is shown."""
    assert {kind for kind in KINDS if area_of(kind)} == set(KINDS)
