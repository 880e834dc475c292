"""What the documents promise exists, and what exists is in the documents."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gdtbridge.cli import main
from gdtbridge.errors import SettingsError
from gdtbridge.results.routing import Routing
from gdtbridge.settings import known_keys, load_settings


def commands(group: click.Group, *path: str) -> Iterator[str]:
    """Return every command as one types it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield " ".join(("gdtbridge", *path, name))


def everything(project: Path) -> str:
    """Return the README and all documents as one text."""
    files = [project / "README.md", *sorted((project / "docs").rglob("*.md"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def test_every_command_is_documented(project: Path) -> None:
    """No command is known to its makers only."""
    text = everything(project).replace("\\|", "|")
    for command in commands(main):
        group, _, last = command.rpartition(" ")
        assert re.search(rf"{group} (\w+\|)*{last}\b", text), command


def test_every_documented_command_exists(project: Path) -> None:
    """No document names a command that is not there."""
    known = {word for command in commands(main) for word in command.split()}
    named = set(re.findall(r"`gdtbridge ([a-z]+)", everything(project)))

    assert named <= known


def test_every_documented_setting_exists(project: Path) -> None:
    """No document names a setting that is not there; the glossary names modules of `worklist`."""
    sections = {key.partition(".")[0] for key in known_keys()}
    glossary = (project / "docs" / "design" / "glossary.md").read_text("utf-8")
    texts = everything(project).replace(glossary, "")
    named = set(re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_]+)[`= ]", texts))
    assert {name for name in named if not name.endswith((".md", ".py", ".gdt", ".php"))} <= set(
        known_keys()
    )


@pytest.mark.parametrize("command", sorted(commands(main)))
def test_every_command_explains_itself_in_german_first(command: str) -> None:
    """``--help`` has a sentence in both languages."""
    found: click.Command = main
    for word in command.split()[1:]:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    german, _, english = (found.help or "").partition(" / ")

    assert german
    assert english


def test_the_links_between_documents_lead_somewhere(project: Path) -> None:
    """Every relative link names a file, and where it names a heading, one that is there."""
    for file in [project / "README.md", *(project / "docs").rglob("*.md")]:
        text = file.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", text):
            aim = (file.parent / target) if target else file
            assert aim.exists(), (file.relative_to(project), target)
            if anchor and aim.suffix == ".md":
                assert anchor in headings(aim), (file.relative_to(project), target, anchor)


def headings(file: Path) -> set[str]:
    """Return the anchors a document's headings have on a forge."""
    lines = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", line).lower() for line in lines)
    return {re.sub(r"[^\w\- ]", "", line).replace(" ", "-") for line in plain}


def settings_examples(project: Path) -> dict[str, str]:
    """Return every example of settings in the documents, by file and number."""
    files = [project / "README.md", *sorted((project / "docs").rglob("*.md"))]
    return {
        f"{file.relative_to(project)} {number}": example
        for file in files
        for number, example in enumerate(
            re.findall(r"^```toml\n(.*?)^```", file.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        )
    }


def test_every_example_of_settings_is_taken(project: Path, tmp_path: Path) -> None:
    """What a document shows can be copied; only the secret is one's own."""
    file = tmp_path / "gdtbridge.toml"
    examples = settings_examples(project)
    assert len(examples) > 5
    for name, example in examples.items():
        file.write_text(example.replace('"…"', f'"{"x" * 16}"'), encoding="utf-8")
        try:
            Routing(load_settings(file, {}))
        except SettingsError as error:
            pytest.fail(f"{name}: {error}")


def test_every_library_has_its_reason(project: Path) -> None:
    """The table of dependencies names those of the project, and no others."""
    table = (project / "docs" / "design" / "dependencies.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| ([\w-]+) \| `", table, re.MULTILINE))
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*settings["dependencies"], *settings["optional-dependencies"]["postgresql"]]
    assert told == {re.match(r"[\w-]+", one)[0] for one in needed}  # type: ignore[index]
