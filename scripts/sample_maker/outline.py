"""Structured Reports written as outlines: one line for each content item, indented by its depth.

An outline begins with lines ``key: text`` (who, when, which device, which template), then::

    - 121070|DCM|Findings                                        a container
      mod 363698007|SCT|Finding Site = 10200004|SCT|Liver        a code that modifies it
      - 410668003|SCT|Length = 152.4 mm                          a number and its UCUM unit
        prop 121106|DCM|Comment = "well seen"                    a text
      - 11778-8|LN|EDD = 20240823                                a date
      - 59089-3|LN|Thickness = ? 114006|DCM|Measurement failure  no number, and why

The first word is the relationship (`RELATIONS`), ``#`` begins a remark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from sample_maker import tree
from sample_maker.cast import Patient, Study
from sample_maker.part10 import add_equipment

FOLDER: Final = Path(__file__).parent / "reports"
RELATIONS: Final = {
    "-": tree.CONTAINS,
    "mod": tree.HAS_CONCEPT_MOD,
    "obs": tree.HAS_OBS_CONTEXT,
    "acq": "HAS ACQ CONTEXT",
    "prop": tree.HAS_PROPERTIES,
    "from": tree.INFERRED_FROM,
}
_LINE: Final = re.compile(r"(?P<indent> *)(?P<relation>\S+) (?P<name>[^=]+?)(?: = (?P<value>.+))?")


@dataclass(frozen=True, slots=True)
class OutlinedReport:
    """An outline: what it is about in words, its study, its Structured Report."""

    about: str
    study: Study
    dataset: Dataset


@cache
def outlined(key: str) -> OutlinedReport:
    """Return the report of the outline ``key``."""
    lines = (FOLDER / f"{key}.txt").read_text(encoding="utf-8").splitlines()
    about = " ".join(line.removeprefix("# ") for line in lines if line.startswith("#"))
    facts = dict(line.split(": ", 1) for line in lines if re.match(r"[a-z]+: ", line))
    root = Dataset()
    _build(root, [line for line in lines if re.match(r" *(?:-|[a-z]+) [^:]", line)])
    study = _study(key, facts)
    resource, identifier = facts["template"].split()
    ds = tree.document(study, facts["title"], (resource, identifier), list(root.ContentSequence))
    add_equipment(ds, *facts["device"].split("; "))
    return OutlinedReport(about, study, ds)


def _study(key: str, facts: dict[str, str]) -> Study:
    number, family, given, born, sex = facts["patient"].split("; ")
    patient = Patient(number, family, given, date.fromisoformat(born), sex)
    started = datetime.fromisoformat(facts["started"])
    return Study(f"chart {key}", patient, f"R{number:>010}", facts["exam"], started, "ISO_IR 192")


def _build(root: Dataset, lines: list[str]) -> None:
    """Put the items of the lines below the root."""
    parents = [root]
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"not a line of an outline: {line}")
        depth = len(found["indent"]) // 2
        item = _item(RELATIONS[found["relation"]], found["name"].strip(), found["value"])
        above = parents[depth]
        if "ContentSequence" not in above:
            above.ContentSequence = Sequence()
        above.ContentSequence.append(item)
        parents[depth + 1 :] = [item]


def _item(relation: str, name: str, value: str | None) -> Dataset:
    if value is None:
        item = tree.container(name)
    elif value.startswith('"'):
        item = tree.text(name, value.strip('"'))
    elif re.fullmatch(r"\d{8}", value):
        item = tree.date(name, value)
    elif value.startswith("? "):
        item = tree.no_num(name, value.removeprefix("? "))
    elif value.count("|") == 2:
        item = tree.code(relation, name, value)
    else:
        number, unit = value.split(" ")
        item = tree.num(name, number, unit)
    item.RelationshipType = relation
    return item
