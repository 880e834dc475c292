"""The pages for practice software: complete, in step with the dialects, and their snippets work."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from gdtbridge.cli import main
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.options import LinkPlace, ValueForm
from gdtbridge.results.routing import Routing
from gdtbridge.settings import load_settings

GENERIC = ("gdt21", "gdt30", "gdt31")
PAGES = sorted({"andere" if name in GENERIC else name for name in DIALECTS})

SECTIONS = (
    "1. Einstellungen in gdtbridge.toml",
    "2. Aufträge an gdtbridge",
    "3. Ergebnisse importieren",
    "4. Bilder öffnen",
    "5. Ausprobieren mit einem Testpatienten",
    "6. Was bekannt ist, was angenommen ist",
    "7. Wenn etwas nicht geht",
)

VALUES = {
    ValueForm.GROUPS: "Testfelder",
    ValueForm.TEXT: "Text",
    ValueForm.BOTH: "Text und Testfelder",
}
LINKS = {LinkPlace.NONE: "nein", LinkPlace.URL: "9154", LinkPlace.ATTACHMENT: "6305"}


def page(project: Path, name: str) -> str:
    """Return a page."""
    return (project / "docs" / "praxis" / "ais" / f"{name}.md").read_text(encoding="utf-8")


def page_of(project: Path, dialect: str) -> str:
    """Return the page that describes a dialect."""
    return page(project, "andere" if dialect in GENERIC else dialect)


def options_row(dialect: Dialect) -> str:
    """Return the row of a dialect, as its page must show it."""
    options = dialect.options
    cells = (
        f"`{dialect.name}`",
        options.version,
        f"`{options.encoding}`",
        "ja" if any(row.field == "9206" for row in dialect.layouts.study.rows) else "nein",
        f"`{options.receiver}`",
        f"`{options.sender}`",
        VALUES[options.values],
        "ja" if options.attachments else "nein",
        LINKS[options.link],
    )
    return "| " + " | ".join(cells) + " |"


def facts(text: str) -> set[str]:
    """Return what is the same word in English and German: field numbers, versions, ids."""
    return set(re.findall(r"\b(?:\d{4}|\d\d\.\d\d?|[A-Z]{3,}\d*|Obj_\w+)\b", text))


def statements(text: str, state: str) -> str:
    """Return the rows of section 6 that say this state."""
    section = text.partition(f"## {SECTIONS[5]}")[2].partition("Quellen:")[0]
    return "\n".join(row for row in section.splitlines() if f"| {state} |" in row)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_the_same_parts(project: Path, name: str) -> None:
    """Who knows one page finds the way on all."""
    headings = re.findall(r"^## (.+)$", page(project, name), re.M)
    assert tuple(headings) == SECTIONS


def test_the_overview_leads_to_every_page(project: Path) -> None:
    """No dialect is without a page, and no page without a row in the overview."""
    overview = page(project, "README")
    files = {file.stem for file in (project / "docs" / "praxis" / "ais").glob("*.md")} - {"README"}
    assert files == set(PAGES)
    for name, dialect in DIALECTS.items():
        target = "andere" if name in GENERIC else name
        (row,) = (row for row in overview.splitlines() if f"]({target}.md) | `" in row)
        assert f"`{name}`" in row
        assert name in GENERIC or f"[{dialect.title}]" in row


@pytest.mark.parametrize("name", DIALECTS)
def test_a_page_says_of_its_dialect_what_the_code_says(project: Path, name: str) -> None:
    """Version, character set and the rest are those of the table of dialects."""
    assert options_row(DIALECTS[name]) in page_of(project, name).splitlines()


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("state", ["bekannt", "angenommen"])
def test_known_and_assumed_are_those_of_the_code(project: Path, name: str, state: str) -> None:
    """What the code calls known or assumed, the page calls the same."""
    dialect = DIALECTS[name]
    text = dialect.known if state == "bekannt" else dialect.assumed
    ranges = re.sub(r"\b(\d{4}) to (\d{4})\b", r"\1 bis \2", text)
    assert facts(ranges) <= facts(statements(page_of(project, name), state))


@pytest.mark.parametrize("name", PAGES)
def test_every_known_statement_names_its_source(project: Path, name: str) -> None:
    """A statement without a source is an assumption, and says how sure it is."""
    text = page(project, name)
    sources = set(re.findall(r"^(\d)\. ", text.partition("Quellen:")[2], re.M))
    assert sources
    for row in statements(text, "bekannt").splitlines():
        *_, sureness, source, _ = row.split("|")
        assert set(re.findall(r"\d", source.partition("(")[0])) <= sources, row
        assert re.search(r"\d", source), row
        assert sureness.split()[0] in ("hoch", "mittel", "gering"), row
    for row in statements(text, "angenommen").splitlines():
        assert row.split("|")[3].strip() in ("hoch", "mittel", "gering"), row


def blocks(project: Path) -> list[tuple[str, str]]:
    """Return every block of settings, with the page it stands on."""
    return [
        (file.stem, text)
        for file in sorted((project / "docs" / "praxis" / "ais").glob("*.md"))
        for text in re.findall(
            r"^```toml\n(.*?)^```$", file.read_text(encoding="utf-8"), re.M | re.S
        )
    ]


def test_every_settings_snippet_starts_a_bridge(project: Path, tmp_path: Path) -> None:
    """Each block loads, and its dialect is one the records can be written in."""
    found = blocks(project)
    assert {name for name, _ in found} >= set(PAGES)
    for name, text in found:
        file = tmp_path / "gdtbridge.toml"
        file.write_text(text.replace('"…"', '"0123456789abcdef"'), encoding="utf-8")
        settings = load_settings(file, {})
        Routing(settings)
        assert "dialect" not in text or name in ("andere", settings.gdt.dialect)


@pytest.mark.parametrize("name", PAGES)
def test_the_first_snippet_is_complete(project: Path, name: str) -> None:
    """It can be copied as a whole file: who may come in, both folders, the dialect, a procedure."""
    first = next(text for page_name, text in blocks(project) if page_name == name)
    values = tomllib.loads(first)
    assert {"dicom", "http", "gdt", "orders"} <= set(values)
    assert {"dialect", "in", "out"} <= set(values["gdt"])
    assert values["http"]["token"] == "…"


def test_every_script_is_in_the_documents_and_the_other_way_round(project: Path) -> None:
    """No document names a script that is not there, and none is undocumented."""
    folder = project / "scripts" / "ais"
    text = "".join(
        file.read_text(encoding="utf-8")
        for file in (project / "docs" / "praxis" / "ais").glob("*.md")
    )
    bare = re.sub(r"https?://\S+", "", text)
    named = set(re.findall(r"[\w-]+\.(?:cmd|sh|php|ini)\b", bare))
    there = {file.name for file in folder.iterdir()}
    assert named <= there
    assert {name for name in there if not name.endswith((".ps1", "gdtbridge-ais.sh"))} <= named


def test_the_commands_in_the_pages_exist(project: Path) -> None:
    """Every `gdtbridge …` of the pages is one the program has."""
    pages = " ".join(page(project, name) for name in [*PAGES, "README"])
    named = set(re.findall(r"`gdtbridge ([a-z]+)", pages))
    assert named <= set(main.commands)
