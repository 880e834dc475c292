"""The documentation names what the tables name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.datadict import keyword_for_tag

from worklist import StationPolicy
from worklist.attributes import MATCHING, SUPPORTED, TYPE_1
from worklist.query import TEXT_TESTS


@pytest.fixture
def page(project: Path) -> str:
    """Return docs/reference/worklist.md."""
    return (project / "docs" / "reference" / "worklist.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", [MATCHING, TYPE_1], ids=["matching", "type 1"])
def test_every_key_is_documented(page: str, table: dict[int, frozenset[int]]) -> None:
    """Each matching key and each attribute that always comes back is named."""
    keywords = {keyword_for_tag(tag) for tags in table.values() for tag in tags}
    assert [word for word in sorted(keywords) if f"`{word}`" not in page] == []


def test_every_policy_and_vr_is_documented(page: str) -> None:
    """Each way to treat the station and each VR with a comparison of its own is named."""
    assert [policy.value for policy in StationPolicy if f"`{policy.value}`" not in page] == []
    assert [vr for vr in TEXT_TESTS if vr not in page] == []


def test_what_is_matched_or_always_returned_is_supported() -> None:
    """The tables agree with each other."""
    for table in (MATCHING, TYPE_1):
        for level, tags in table.items():
            assert tags <= SUPPORTED[level]
