"""One name, one thing: every class stands once, and the public ones stand in the glossary."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest

from tests.architecture.source import PROJECT, modules

GLOSSARY = PROJECT / "docs" / "design" / "glossary.md"
ROW = re.compile(r"^\|\s*`?(?P<term>[A-Za-z_]\w*)`?\s*\|.*\|\s*`(?P<module>[\w.]+)`\s*\|$")


def test_no_class_name_stands_twice() -> None:
    """Neither in two modules of one room nor in two rooms, private names too."""
    places = defaultdict(list)
    for module in modules():
        for name in module.classes():
            places[name].append(module.name)

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def rows() -> list[tuple[str, str]]:
    """Return term and module of every row of the glossary that has a class's module."""
    matches = (ROW.match(line) for line in GLOSSARY.read_text("utf-8").splitlines())
    return [(match["term"], match["module"]) for match in matches if match]


def public_classes() -> set[tuple[str, str]]:
    """Return name and module of every public class."""
    return {
        (name, module.name)
        for module in modules()
        for name in module.classes()
        if not name.startswith("_")
    }


def test_every_public_class_is_in_the_glossary() -> None:
    """With the module where it stands."""
    assert sorted(public_classes() - set(rows())) == []


def test_every_row_of_the_glossary_is_a_class_that_exists() -> None:
    """A row whose class was renamed or moved is wrong."""
    assert sorted(set(rows()) - public_classes()) == []


def test_no_term_stands_twice_in_the_glossary() -> None:
    """One row for each."""
    assert [term for term, count in Counter(rows()).items() if count > 1] == []


def test_a_row_stands_under_its_room() -> None:
    """Who looks for what a room knows finds it there, and nothing else."""
    wrong, room = [], ""
    for line in GLOSSARY.read_text("utf-8").splitlines():
        if line.startswith("## "):
            room = line.removeprefix("## ")
        match = ROW.match(line)
        if match and room not in match["module"].split(".")[:2]:
            wrong.append((room, match["term"]))
    assert wrong == []


@pytest.mark.parametrize("line", ["| Entry | Eintrag | what | `worklist.entry` |"])
def test_a_row_is_read(line: str) -> None:
    """The pattern of rows finds rows."""
    match = ROW.match(line)
    assert match is not None
    assert match.groups() == ("Entry", "worklist.entry")
