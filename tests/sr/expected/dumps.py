"""Content trees as DCMTK prints them: the output of ``dsrdump`` and ``dcmdump``, read as text.

``dsrdump`` understands Structured Reports, but leaves out what follows an invalid value and refuses
files that are cut off; ``dcmdump`` prints whatever is there. Both become the same `Node`.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Coded = tuple[str, str, str]
"""Scheme, value and meaning as printed."""


@dataclass(slots=True)
class Node:
    """A content item: its place (as ``dsrdump +Pn`` counts), relationship, type, name and value.

    ``number`` is the literal of a NUM (None where it has none), ``coded`` its unit or the code of
    a CODE, ``text`` the text of a TEXT or the date of a DATE.
    """

    place: str
    relation: str = ""
    kind: str = ""
    name: Coded = ("", "", "")
    number: str | None = None
    coded: Coded | None = None
    text: str | None = None
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Dump:
    """The tree of one file, and what the header says about who wrote it."""

    root: Node
    manufacturer: str
    template: str


def printed(program: str, *arguments: str) -> str:
    """Return what a program of DCMTK prints; it may complain, that is what the options are for."""
    done = subprocess.run([program, *arguments], capture_output=True, check=False, timeout=60)
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        return done.stdout.decode("latin_1")


# ── dsrdump ──────────────────────────────────────────────────────────────────────────────────────

_CODE = r'\(([^,"]*),([^,"]*),"(.*)"\)'
_ITEM = re.compile(
    r"(?P<place>[0-9.]+)  <(?:(?P<relation>contains|has [a-z ]+|inferred from|selected from) )?"
    r'(?P<kind>[A-Z0-9]+):\((?P<code>[^,"]*),(?P<scheme>[^,"]*),"(?P<meaning>.*?)"\)'
    r"=(?P<value>.*)>"
)
_NUMBER = re.compile(rf'"([^"]*)" {_CODE}')
_VERSION = re.compile(r"\[.*\]")
_MANUFACTURER = re.compile(r"^Manufacturer +: (.*?)(?: \(|$)", re.MULTILINE)


def of_dsrdump(file: Path) -> Dump:
    """Return the tree as ``dsrdump`` prints it, invalid items skipped."""
    options = ("-Ei", "+Pn", "+Pc", "+Pl", str(file))
    output = printed("dsrdump", "+U8", *options) or printed("dsrdump", *options)
    nodes = {"": Node("")}
    for line in output.splitlines():
        if (found := _ITEM.fullmatch(line)) is None:
            continue
        node = _dsrdump_node(found)
        nodes[node.place] = node
        nodes[node.place.rpartition(".")[0]].children.append(node)
    by = _MANUFACTURER.search(output)
    template = re.search(r"\(0040,db00\) CS \[(.*?)\]", printed("dcmdump", str(file)))
    return Dump(nodes["1"], by[1].strip() if by else "", template[1].strip() if template else "")


def _dsrdump_node(found: re.Match[str]) -> Node:
    name = (_VERSION.sub("", found["scheme"]), found["code"], found["meaning"])
    node = Node(found["place"], (found["relation"] or "").upper(), found["kind"], name)
    value = found["value"]
    if node.kind == "NUM" and (number := _NUMBER.fullmatch(value)):
        node.number, node.coded = number[1], (_VERSION.sub("", number[3]), number[2], number[4])
    elif node.kind == "CODE" and (code := re.fullmatch(_CODE, value)):
        node.coded = (_VERSION.sub("", code[2]), code[1], code[3])
    elif node.kind == "TEXT":
        node.text = value.strip('"')
    return node


# ── dcmdump ──────────────────────────────────────────────────────────────────────────────────────

_ELEMENT = re.compile(
    r"(?P<indent> *)\((?P<tag>[0-9a-f]{4},[0-9a-f]{4})\) (?P<vr>..) "
    r"(?P<value>.*?) *# +[0-9u/l]+, *[0-9]+ \S+"
)


@dataclass(slots=True)
class _Element:
    """One printed line with the lines printed below it, items of sequences included."""

    tag: str
    value: str
    below: list[_Element] = field(default_factory=list)

    def all(self, tag: str) -> Iterator[_Element]:
        return (element for element in self.below if element.tag == tag)

    def text(self, tag: str) -> str | None:
        """Return the value of an element of this item, None where it is absent or empty."""
        for element in self.all(tag):
            if element.value.startswith("["):
                return element.value[1:-1].strip("\0 ")
        return None

    def items(self, tag: str) -> list[_Element]:
        """Return the items of a sequence of this item."""
        return [item for sequence in self.all(tag) for item in sequence.all("fffe,e000")]


def of_dcmdump(file: Path) -> Dump:
    """Return the tree as ``dcmdump`` prints it, as far as the file goes."""
    options = ("+E", "+L", str(file))
    output = printed("dcmdump", "+U8", *options) or printed("dcmdump", *options)
    top = _Element("", "")
    stack = [(-1, top)]
    for line in output.splitlines():
        if (found := _ELEMENT.fullmatch(line)) is None:
            continue
        while stack[-1][0] >= len(found["indent"]):
            stack.pop()
        element = _Element(found["tag"], found["value"])
        stack[-1][1].below.append(element)
        stack.append((len(found["indent"]), element))
    templates = top.items("0040,a504")
    return Dump(
        _dcmdump_node(top, "1"),
        top.text("0008,0070") or "",
        (templates[0].text("0040,db00") if templates else None) or "",
    )


def _dcmdump_node(item: _Element, place: str) -> Node:
    node = Node(
        place,
        item.text("0040,a010") or "",
        item.text("0040,a040") or "",
        _first_code(item, "0040,a043") or ("", "", ""),
        coded=_first_code(item, "0040,a168"),
        text=item.text("0040,a160") or item.text("0040,a121"),
    )
    measured = item.items("0040,a300")
    if len(measured) == 1:
        node.number = measured[0].text("0040,a30a")
        node.coded = _first_code(measured[0], "0040,08ea")
    for number, child in enumerate(item.items("0040,a730"), start=1):
        node.children.append(_dcmdump_node(child, f"{place}.{number}"))
    return node


def _first_code(item: _Element, tag: str) -> Coded | None:
    for code in item.items(tag)[:1]:
        return (
            code.text("0008,0102") or "",
            code.text("0008,0100") or "",
            code.text("0008,0104") or "",
        )
    return None
