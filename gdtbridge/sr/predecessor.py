"""Ids and names of measurements as the predecessor system (orthanc-gdt) wrote them.

A practice that used it keeps the mappings of its software with ``gdt.test_ids = "seed"``. The
predecessor read the NUMs of measurement groups (DCM 125007) above -1 and the aggregates of
SonoScape's private table. Of several with one id the last in tree order replaced the others, so
that one carries the id here, or the value that is told instead of it. A value of a fetus or of an
earlier exam carries none: the predecessor wrote it as the patient's of today.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gdtbridge.sr.content import NumFinding
from gdtbridge.sr.identity import LONGEST_ID, is_spread
from gdtbridge.sr.model import PredecessorTest, Report
from gdtbridge.sr.selection import REPEAT_RULES, VALUE_RULES, FindingVerdict
from gdtbridge.sr.sonoscape import AGGREGATE, VALUE

ENCODING: Final = "iso8859-15"
"""Of the predecessor's files; what has letters outside of it was never written."""

_REMOVED: Final = re.compile(r"[\W_]+")
_NEVER_READ: Final = frozenset(rule for rule, _ in VALUE_RULES)


def predecessor_tests(verdicts: Sequence[FindingVerdict]) -> dict[str, PredecessorTest]:
    """Return how the predecessor wrote the findings of a report, by their places.

    ``verdicts`` are those on all findings in tree order. The id is None for all but the value the
    predecessor would have kept.
    """
    read = [
        verdict.finding
        for verdict in verdicts
        if verdict.rule not in _NEVER_READ and _is_of_patient_today(verdict.finding)
    ]
    tests = {finding.place: test for finding in read if (test := _test(finding)) is not None}
    last = {
        test.id: finding.place
        for finding in read
        if (test := tests.get(finding.place)) is not None
        and ((finding.row is not None and finding.row.device_id) or finding.value > -1)
    }
    kept = set(last.values())
    for rule, _ in REPEAT_RULES:
        for place, instead in (
            (verdict.finding.place, verdict.beside) for verdict in verdicts if verdict.rule == rule
        ):
            if place in kept and instead not in kept:
                kept.add(instead)
                tests[instead] = tests[place]
    units = {finding.place: _unit(finding) for finding in read}
    return {
        place: replace(test, id=test.id if place in kept else None, unit=units[place])
        for place, test in tests.items()
    }


def _is_of_patient_today(finding: NumFinding) -> bool:
    """Return whether a finding may bear an id of the predecessor's, which knew the patient only.

    A spread may not: what it is the spread of would lose its id.
    """
    own = finding.context.fetus is None and finding.earlier is None
    return own and not finding.fault and not is_spread(finding)


def predecessor_ids(report: Report) -> tuple[str, ...]:
    """Return the id of each measurement, all different: the predecessor's, else the stable id."""
    known = [one.predecessor.id if one.predecessor else None for one in report.measurements]
    taken = {made for made in known if made is not None}
    ids = []
    for one, made in zip(report.measurements, known, strict=True):
        if made is None:
            made, number = one.id, 0  # noqa: PLW2901
            while made in taken:
                number += 1
                made = f"{one.id[: LONGEST_ID - 4]}{number}"  # noqa: PLW2901
            taken.add(made)
        ids.append(made)
    return tuple(ids)


def _test(finding: NumFinding) -> PredecessorTest | None:
    """Return what the predecessor made of a finding, None where it did not read such."""
    row, name = finding.row, finding.name.meaning
    if row is not None:
        if row.result_number != AGGREGATE or not row.name or row.concept != VALUE:
            return None
        sources = (f"Id: {row.device_id}", f"Quelle: {row.source}")
        return _written("SO" + row.name, f"US {row.name}", *sources)
    if finding.group_mode is None or not name:
        return None
    mode = finding.group_mode or "X"
    initials = "".join(word[:1] for word in name.split(" "))
    return _written("SOEC" + mode[:2] + initials, f"{name} ({mode})", f"Quelle: {mode}")


def _written(made: str, name: str, *sources: str) -> PredecessorTest | None:
    made = _REMOVED.sub("", made).upper()
    try:
        made.encode(ENCODING)
    except UnicodeEncodeError:
        return None
    return PredecessorTest(made, name, "", sources)


def _unit(finding: NumFinding) -> str:
    """Return the unit's code as sent; of a private row, which codes none, the unit itself."""
    return finding.unit if finding.unit_code is None else finding.unit_code
