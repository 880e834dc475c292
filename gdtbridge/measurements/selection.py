"""What is left out of a report, and nothing else: no values, copies, single readings.

Three things only. A value that is the device's way of writing "not measured"; the second writing
of a value (GE sends a chosen one with and without Selection Status); single readings of a private
table where the table also holds their aggregate. All other repeats stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gdtbridge.measurements.content import Finding
from gdtbridge.measurements.identity import identity_of
from gdtbridge.measurements.sonoscape import AGGREGATE, NOT_MEASURED


def without_unmeasured(findings: Iterable[Finding], manufacturer: str) -> tuple[list[Finding], int]:
    """Return the measured findings and how many were not.

    SonoScape writes exactly -1 where nothing was measured. From others -1 is a value.
    """
    findings = list(findings)
    if "sonoscape" not in manufacturer.casefold():
        return findings, 0
    measured = [finding for finding in findings if finding.value != NOT_MEASURED]
    return measured, len(findings) - len(measured)


def without_single_readings(findings: Iterable[Finding]) -> list[Finding]:
    """Drop the rows of a private table that have an aggregate (result number -1) beside them."""
    findings = list(findings)
    aggregated = {identity_of(finding) for finding in findings if finding.row == AGGREGATE}
    if not aggregated:
        return findings
    return [
        finding
        for finding in findings
        if finding.row in {None, AGGREGATE} or identity_of(finding) not in aggregated
    ]


def without_copies(findings: Iterable[Finding]) -> list[Finding]:
    """Drop the second writing of a value: same identity, literal and unit, one with a status.

    GE writes a chosen value with Selection Status and once more without. Each value with a status
    swallows one without, of the same derivation if there is one. Equal values that are no such
    pair are repeats and stay.
    """
    findings = list(findings)
    if all(finding.context.selection is None for finding in findings):
        return findings
    plain: dict[tuple[object, ...], list[int]] = {}
    for index, finding in enumerate(findings):
        if finding.context.selection is None:
            plain.setdefault(_literally(finding), []).append(index)
    swallowed: set[int] = set()
    for index, finding in enumerate(findings):
        copies = plain.get(_literally(finding))
        if finding.context.selection is None or not copies:
            continue
        copy = min(copies, key=lambda at: not _same_derivation(findings[at], finding))
        copies.remove(copy)
        swallowed.add(copy)
        if findings[copy].kept_by_seed:
            findings[index] = replace(finding, kept_by_seed=True)
    return [finding for index, finding in enumerate(findings) if index not in swallowed]


def _literally(finding: Finding) -> tuple[object, ...]:
    return (identity_of(finding), str(finding.value), finding.unit, finding.row)


def _same_derivation(first: Finding, second: Finding) -> bool:
    return first.context.derivation == second.context.derivation
