"""What ids became of those of commit 45c76b4: reports built by hand, samples, foreign reports.

``python -m tests.upgrade.ids reports FOLDER`` writes the reports for ``make_ids.py``,
``python -m tests.upgrade.ids foreign CORPUS FOLDER`` those of a folder of foreign files.
``python -m tests.upgrade.ids page`` writes docs/reference/changed-ids.md; with the folder of
foreign files behind it also what changed in those (`FOREIGN`), which the page repeats.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pydicom
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.chart_value import ChartValue
from gdtbridge.catalogue.presentation import present_all
from gdtbridge.sr import Measurement, NumDecision, predecessor_ids, read_report
from gdtbridge.sr.rules import RULES
from gdtbridge.sr.warn import MESSAGES
from tests.sr.builder import write
from tests.sr.members import MEMBERS
from tests.sr.test_sr_vendors import CASES

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
BEFORE = HERE / "ids-45c76b4.tsv"
BEFORE_FOREIGN = HERE / "ids-45c76b4-foreign.tsv"
FOREIGN = HERE / "changes-foreign.tsv"
"""What changed in foreign reports: they are not the project's, so it keeps ids and names only."""
PAGE = PROJECT / "docs" / "reference" / "changed-ids.md"

_OF_A_HASH: Final = re.compile(r"[A-Z0-9]*[A-Z2-7]{8}")

INTRODUCTION: Final = """\
# Ids that changed

A practice maps the ids of its results (field 8410) in its software. This page lists the ids that
are others since measurements say whose they are, of when and which of several, with the reason; all
others are as they were. It is made from reports of all kinds, the samples among them, and of many
makers' devices, read by the version before (commit 45c76b4) and by this one
(`python -m tests.upgrade.ids page`). What stands behind a `0` and the last
eight characters of longer ids differ with side, fetus and finding, so a line stands for its like.

`gdt.test_ids = "seed"` keeps the ids of the seed system: no value of these reports that is still
sent has another.
"""

LEFT_OUT: Final = "No longer sent"
REASONS: Final[dict[str, str]] = {
    # Heading to the sentence below it, in the order of the page
    "Whose": "The value is a fetus's: the report is an obstetric or fetal one, and the value "
    "stands in no maternal section. Its old id was the mother's, or told no twins apart.",
    "Findings": "The value is about a finding, which its id carries now.",
    "Sides, sites and states": "A side in words or in a site's code, a stage, or the state of a "
    "bladder is understood now; before it was a word of the device in a stable id.",
    "Statistics": "A spread or a count is told as such now and not under the id of the value.",
    "Catalogue": "The catalogue knows the measurement now, or tells apart what shared an id.",
    "Units and codes": "The unit or the coding is understood now, so the value has the id of the "
    "catalogue. The old id was that of a value nobody knew.",
    "Not converted": "The unit cannot be meant (a ratio of -4.2 would be -420 %): the value is "
    "told as sent, with a remark and an id of its own.",
    "Which of several": "Of repeats none of which the device chose, the plain id belongs to the "
    "one measured last, and no longer to the smallest.",
    LEFT_OUT: "The value is no result of today's exam. `gdtbridge sr show --explain` says why.",
}
_ROLES: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    # Reason by what is said of a value now and was not before
    ("Whose", frozenset({"fetus"})),
    ("Findings", frozenset({"finding", "nth", "tracking"})),
    ("Statistics", frozenset({"derivation"})),
    ("Sides, sites and states", frozenset({"laterality", "site", "stage", "topography", "mod"})),
)


class Before(NamedTuple):
    """A value as it was read at 45c76b4; ``seed`` is the id of the seed system, empty for none."""

    report: str
    place: str
    id: str
    seed: str
    identity: frozenset[str]


class Now(NamedTuple):
    """The same value today."""

    measurement: Measurement
    shown: ChartValue
    seed: str


class Change(NamedTuple):
    """An id that is another, ``now`` empty where the value is left out."""

    reason: str
    before: str
    now: str
    name: str


def reports() -> dict[str, Dataset]:
    """Return every report of the project by a name that is a file's."""
    samples = sorted((PROJECT / "samples" / "sr").glob("*.dcm"))
    sampled = {f"sample {one.stem}": pydicom.dcmread(one) for one in samples}
    members = {f"member {name}": member.report for name, member in MEMBERS.items()}
    vendors = {f"vendor {name}": case[0] for name, case in CASES.items()}
    return {_plain(name): report for name, report in (members | vendors | sampled).items()}


PROBES: Final = frozenset({"e6a6f512ae2e"})
"""Foreign reports that try units and are of no device."""


def foreign_files(corpus: Path) -> dict[str, Path]:
    """Return the reports of a folder of foreign files, by a digest of their bytes."""
    files = [*corpus.glob("sr/*.dcm"), *corpus.glob("field/sr/*.dcm")]
    found = {hashlib.sha256(one.read_bytes()).hexdigest()[:12]: one for one in sorted(files)}
    return {name: file for name, file in found.items() if name not in PROBES}


def _plain(name: str) -> str:
    return "-".join("".join(one if one.isalnum() else " " for one in name).split())


def values_before(table: Path = BEFORE) -> list[Before]:
    """Return the values of all reports of a table as they were."""
    rows = (line.split("\t") for line in table.read_text("utf-8").splitlines())
    return [
        Before(name, place, made, seed, frozenset(identity.split(" ")))
        for name, place, made, seed, identity in rows
    ]


Read = dict[str, tuple[dict[str, Now], dict[str, NumDecision]]]
"""Values and decisions of each report, by place."""


def values_now(folder: Path) -> Read:
    """Return what the project's reports say today, read from files in ``folder``."""
    return {name: _read(write(one, folder / "report.dcm")) for name, one in reports().items()}


def foreign_now(corpus: Path) -> Read:
    """Return what foreign reports say today that could be read before."""
    known = {one.report for one in values_before(BEFORE_FOREIGN)}
    return {name: _read(file) for name, file in foreign_files(corpus).items() if name in known}


def _read(file: Path) -> tuple[dict[str, Now], dict[str, NumDecision]]:
    report = read_report(file, explain=True)
    shown = present_all(report.measurements, standard())
    seeds = predecessor_ids(report)
    values = {
        one.place: Now(one, value, (seed or "") if one.predecessor is not None else "")
        for one, value, seed in zip(report.measurements, shown, seeds, strict=True)
    }
    return values, {one.place: one for one in report.decisions or ()}


def changes(then: list[Before], now: Read) -> Iterator[Change]:
    """Yield what became of each value whose id is another."""
    ids = {(one.report, one.id) for one in then}
    for before in then:
        if before.report not in now:
            continue
        values, decisions = now[before.report]
        value = values.get(before.place)
        if value is None:
            why = decisions[before.place]
            rule = RULES.get(why.rule)
            english = rule.english if rule else MESSAGES[why.rule].rpartition(" / ")[2]
            yield Change(LEFT_OUT, before.id, "", f"{why.name}: {english}")
        elif value.shown.id != before.id:
            shared = (before.report, value.shown.id.partition("0")[0]) in ids
            reason = _reason(before, value, shared=shared)
            yield Change(reason, before.id, value.shown.id, value.shown.name)


def _reason(before: Before, now: Now, *, shared: bool) -> str:
    """Return the heading a change belongs under.

    ``shared`` says that another value of the report had the id that this one's begins with.
    """
    parts = before.identity ^ frozenset(filter(None, now.measurement.identity))
    roles = {part.partition("=")[0] for part in parts if "=" in part}
    for reason, of in _ROLES:
        if roles & of:
            return reason
    if parts or not _OF_A_HASH.fullmatch(before.id):
        known = not _OF_A_HASH.fullmatch(now.shown.id) and not now.measurement.repeats > 1
        if not (parts or known) and now.measurement.repeats == 1:
            return "Not converted"
        return "Catalogue" if parts or known else "Which of several"
    if now.measurement.repeats > 1:
        return "Which of several"
    is_same = before.id == now.measurement.id and not shared
    return "Units and codes" if is_same else "Catalogue"


def foreign_changes(corpus: Path) -> str:
    """Return the changes in foreign reports as the text of `FOREIGN`."""
    found = set(changes(values_before(BEFORE_FOREIGN), foreign_now(corpus)))
    return "".join("\t".join(one) + "\n" for one in sorted(found))


def page(folder: Path) -> str:
    """Return docs/reference/changed-ids.md."""
    every = set(changes(values_before(), values_now(folder)))
    every |= {Change(*row.split("\t")) for row in FOREIGN.read_text("utf-8").splitlines()}
    found = sorted(every, key=lambda one: (one.name.casefold(), one))
    lines = [INTRODUCTION]
    for reason, sentence in REASONS.items():
        rows = [one for one in found if one.reason == reason]
        if not rows:
            continue
        lines += ["", f"## {reason}", "", sentence, ""]
        lines += ["| before | now | measurement |", "|---|---|---|"]
        lines += [
            f"| `{one.before}` | {f'`{one.now}`' if one.now else ''} | {one.name} |" for one in rows
        ]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def main() -> None:
    """Write the reports or the page."""
    match sys.argv[1:]:
        case ["reports", folder]:
            for name, report in reports().items():
                write(report, Path(folder) / f"{name}.dcm")
        case ["foreign", corpus, folder]:
            for name, file in foreign_files(Path(corpus)).items():
                shutil.copyfile(file, Path(folder) / f"{name}.dcm")
        case ["page", *corpora]:
            for corpus in corpora:
                FOREIGN.write_text(foreign_changes(Path(corpus)), "utf-8")
            _write_page()


def _write_page() -> None:
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(Path(folder)), "utf-8")


if __name__ == "__main__":
    main()
