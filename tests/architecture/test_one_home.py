"""One fact, one home: what each room of the ground floor does is done nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.architecture.source import Module, modules

DAY = re.compile(r"%Y%m%d(?!%H)|%d%m%Y|%H%M%S$|\\d\{8\}|\[0-9\]\{8\}")
"""What tells that a string formats or matches a DA or TM value."""
DISK = {"fsync", "fdatasync", "renameat2", "flock", "lockf"}
CHARSET = re.compile(r"ISO_IR \d+|ISO 2022 IR \d+")


def names_in(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself uses: of a variable, an attribute or an import."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.name for alias in node.names)


def text_of(node: ast.AST | None) -> str | None:
    """Return the value of a literal text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def calls(node: ast.AST, *methods: str) -> ast.Call | None:
    """Return the node where it calls one of these methods."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node if node.func.attr in methods else None
    return None


def touches_the_disk(node: ast.AST) -> bool:
    """Return whether a node syncs, renames without overwriting, or locks."""
    return not DISK.isdisjoint(names_in(node)) or text_of(node) in DISK


def inflates(node: ast.AST) -> bool:
    """Return whether a node imports what inflates."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "zlib"
    return isinstance(node, ast.Import) and "zlib" in names_in(node)


def decodes_text(node: ast.AST) -> bool:
    """Return whether a node decodes bytes that may be more than ASCII, or is a table of sets."""
    if (call := calls(node, "decode")) is not None:
        codec = call.args[0] if call.args else None
        return text_of(codec) != "ascii"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return len(node.args) > 1
    if isinstance(node, ast.Dict):
        return sum(bool(CHARSET.fullmatch(text_of(key) or "")) for key in node.keys) > 1
    return False


def reads_a_day(node: ast.AST) -> bool:
    """Return whether a node writes or reads a date or a time of day as DICOM does."""
    if calls(node, "strptime") is not None:
        return True
    text = text_of(node)
    return text is not None and bool(DAY.search(text))


def takes_a_name_apart(node: ast.AST) -> bool:
    """Return whether a node splits or joins the components of a person's name."""
    if (call := calls(node, "split", "rsplit", "partition", "rpartition")) is not None:
        return any(text_of(argument) == "^" for argument in call.args)
    if (call := calls(node, "join")) is not None:
        assert isinstance(call.func, ast.Attribute)
        return text_of(call.func.value) == "^"
    return False


@dataclass(frozen=True)
class Fact:
    """What is done in its homes only; ``others`` may do what looks like it, for a reason."""

    done: Callable[[ast.AST], bool]
    homes: tuple[str, ...]
    others: dict[str, str] = field(default_factory=dict)

    def elsewhere(self, module: Module) -> Iterator[str]:
        """Yield the places of a module that do it without being its home."""
        if not module.file.startswith((*self.homes, *self.others)):
            yield from self.places(module)

    def places(self, module: Module) -> Iterator[str]:
        """Yield the places where a module does it."""
        documented = docstrings(module.tree)
        for node in ast.walk(module.tree):
            if node not in documented and self.done(node):
                yield f"{module.file}:{getattr(node, 'lineno', 0)}"


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """Return the texts that are documentation: statements of their own."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


FACTS = {
    "syncing, renaming and locking files": Fact(touches_the_disk, ("gdtbridge/durable/",)),
    "inflating": Fact(
        inflates,
        ("gdtbridge/dataset/",),
        {"gdtbridge/web/dicomweb/compressing.py": "compresses answers, and inflates nothing"},
    ),
    "decoding DICOM text": Fact(
        decodes_text,
        ("gdtbridge/dataset/text.py",),
        {
            "gdtbridge/gdt/": "GDT has character sets of its own",
            "gdtbridge/outbox/calling.py": "HTTP has character sets of its own",
            "gdtbridge/webhooks/signature.py": "Base64 is ASCII",
            "gdtbridge/certificates/": "X.509 has character sets of its own",
            "gdtbridge/web/": "HTTP has character sets of its own",
            "gdtbridge/simulator/": "lets pydicom decode a dataset of its own",
            "gdtbridge/retrieve/leaving.py": "lets pydicom decode a copy that leaves in Unicode",
        },
    ),
    "DICOM dates and times": Fact(
        reads_a_day,
        ("gdtbridge/dataset/values.py",),
        {
            "gdtbridge/gdt/": "GDT has formats of its own",
            "gdtbridge/typed_dates.py": "people have theirs",
            "worklist/index.py": "the time in the name of a file",
            "gdtbridge/certificates/": "X.509 has formats of its own",
        },
    ),
    "components of a person's name": Fact(
        takes_a_name_apart, ("gdtbridge/dataset/values.py", "gdtbridge/people/")
    ),
}


@pytest.mark.parametrize("fact", FACTS)
def test_one_fact_one_home(fact: str) -> None:
    """No other module does it: copies disagree."""
    assert [place for module in modules() for place in FACTS[fact].elsewhere(module)] == []


@pytest.mark.parametrize(
    ("fact", "other"), [(name, other) for name, fact in FACTS.items() for other in fact.others]
)
def test_an_exception_is_needed(fact: str, other: str) -> None:
    """What is allowed to one room is done there; otherwise the exception goes."""
    allowed = (module for module in modules() if module.file.startswith(other))
    assert any(place for module in allowed for place in FACTS[fact].places(module))


@pytest.mark.parametrize(
    ("fact", "source"),
    [
        ("syncing, renaming and locking files", "import os\nos.fsync(3)"),
        ("syncing, renaming and locking files", "getattr(library, 'renameat2')"),
        ("inflating", "import zlib"),
        ("inflating", "from zlib import decompressobj"),
        ("decoding DICOM text", "data.decode('latin-1')"),
        ("decoding DICOM text", "data.decode(codec)"),
        ("decoding DICOM text", "data.decode()"),
        ("decoding DICOM text", "str(data, 'latin-1')"),
        ("decoding DICOM text", "{'ISO_IR 100': 'latin-1', 'ISO_IR 101': 'iso8859-2'}"),
        ("DICOM dates and times", "f'{day:%Y%m%d}'"),
        ("DICOM dates and times", "day.strftime('%Y%m%d')"),
        ("DICOM dates and times", "datetime.strptime(text, chosen)"),
        ("DICOM dates and times", r"re.compile(r'\d{8}')"),
        ("components of a person's name", "name.split('^')"),
        ("components of a person's name", "'^'.join(parts)"),
    ],
)
def test_a_second_home_is_seen(fact: str, source: str) -> None:
    """The check can fail."""
    planted = Module("gdtbridge/planted.py", "gdtbridge.planted", ast.parse(source))

    assert list(FACTS[fact].elsewhere(planted)) != []
