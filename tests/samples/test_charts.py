"""The charts of the documentation are what the bridge writes and draws today."""

from __future__ import annotations

import importlib.util
import re
import shutil
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image, ImageChops, ImageStat

KEYS = ("echo", "twins", "carotid", "abdomen", "thyroid", "bladder", "stress-echo")
COARSE = 6
"""Pixels of a picture that become one before it is compared: poppler's versions differ in less."""


@pytest.fixture(scope="module")
def charts(project: Path) -> ModuleType:
    """Return the maker of the charts."""
    loader = SourceFileLoader("scripts_charts", str(project / "scripts" / "charts"))
    spec = importlib.util.spec_from_loader("scripts_charts", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    maker = module.charts
    assert isinstance(maker, ModuleType)
    return maker


@pytest.fixture(scope="module")
def folder(project: Path) -> Path:
    """Return the folder of the charts."""
    return project / "docs/reference/charts"


@pytest.mark.parametrize("key", KEYS)
def test_a_chart_is_what_the_bridge_writes(charts: ModuleType, folder: Path, key: str) -> None:
    """Records and the text of the page; ``scripts/charts`` makes them anew."""
    pages = charts.pictures_of(folder, key)
    chart = charts.made_chart(key, len(pages))
    assert (folder / f"{key}.md").read_text("utf-8") == chart.markdown
    assert pages
    assert {charts.digest_of(page) for page in pages} == {chart.digest}, "an old picture"


@pytest.mark.peer
@pytest.mark.parametrize("key", KEYS)
def test_a_picture_shows_the_page(charts: ModuleType, folder: Path, key: str) -> None:
    """What poppler draws looks like the picture: as many pages, ink where there was ink."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm (poppler-utils) is not installed")
    drawn = charts.drawn(charts.made_chart(key, 1).sheet)
    pages = charts.pictures_of(folder, key)
    assert len(drawn) == len(pages)
    for path, now in zip(pages, drawn, strict=True):
        assert path.stat().st_size < 150_000
        with Image.open(path) as picture:
            assert picture.size == now.size
            ours, theirs = (one.convert("L").reduce(COARSE) for one in (picture, now))
        off = ImageStat.Stat(ImageChops.difference(ours, theirs))
        assert off.mean[0] < 2
        assert off.extrema[0][1] < 100


def test_every_chart_is_made_and_named(charts: ModuleType, folder: Path) -> None:
    """The maker's reports, the outlines, the files here and the list in README.md are the same."""
    named = re.findall(r"\]\(([\w-]+)\.md\)", (folder / "README.md").read_text("utf-8"))
    outlines = {path.stem for path in charts.FOLDER.glob("*.txt")}
    assert charts.KEYS == KEYS == tuple(named)
    assert outlines == set(KEYS) == {path.stem for path in folder.glob("*.md")} - {"README"}
