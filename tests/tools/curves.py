"""What the curves of every patient have to hold, judged from the decisions and the files alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gdtbridge.sr import read_report
from tests.tools.judge import NOTHING, Known, Row
from tests.tools.marked import REPORT
from tests.tools.practice import Practice

Place = tuple[int, str]
"""An exam, and the place of a measurement in its report."""


@dataclass
class CurveLedger:
    """Compares the curves of a practice with the decisions on its exams."""

    seen: Known = NOTHING
    _read: dict[str, dict[str, str]] = field(default_factory=dict)

    def look(self, practice: Practice, known: Known) -> int:
        """Judge every chart something was decided for, where anything changed since.

        While a report waits to be read, its chart may hold it or not; nobody else's ever does.
        Returns how many charts had a value.
        """
        if _facts(known) == _facts(self.seen):
            return 0
        before, self.seen = self.seen, known
        settled = [row for row in known.claims.values() if row["state"] == "settled"]
        charts = {known.chart_of(row["as_is"]["number"])[0] for row in settled}
        gone = {row["as_is"]["number"] for row in before.claims.values()} - charts - {""}
        count = 0
        for number in charts | gone | set(known.moves):
            numbers = known.chart_of(number)
            mine = {row["id"] for row in settled if row["as_is"]["number"] in numbers}
            count += self._judge(practice, known, number, mine)
        return count

    def _judge(self, practice: Practice, known: Known, number: str, claims: set[int]) -> bool:
        reports = [
            row
            for row in known.instances
            if row["claim_id"] in claims
            and row["standing"] == "new"
            and row["sop_class_uid"] == REPORT
        ]
        waits = any(known.reports[row["id"]]["state"] == "pending" for row in reports)
        held = {
            (point.exam_id, point.value.place): point.value.sent_value.split()[0]
            for curve in practice.core.trends.of_patient(number)
            for point in curve.points
        }
        folder = practice.archive.folder
        if waits:
            may = self._every(known, folder, reports)
            assert all(value in may[place] for place, value in held.items()), (number, held, may)
        else:
            assert held == self._expected(known, folder, reports), (number, held)
        return bool(held)

    def _every(
        self, known: Known, folder: Path, reports: Sequence[Row]
    ) -> Mapping[Place, set[str]]:
        found: dict[Place, set[str]] = defaultdict(set)
        for row in reports:
            for place, value in self._values(folder / row["file"]).items():
                found[known.claims[row["claim_id"]]["exam_id"], place].add(value)
        return found

    def _expected(self, known: Known, folder: Path, reports: Sequence[Row]) -> Mapping[Place, str]:
        """Return the values of the last content of each report, later reports before earlier."""
        last: dict[tuple[int, str], Row] = {}
        for row in sorted(reports, key=lambda one: (one["turn"], one["id"])):
            last[known.claims[row["claim_id"]]["exam_id"], row["sop_instance_uid"]] = row
        found: dict[Place, str] = {}
        in_order = sorted(last.items(), key=lambda one: known.reports[one[1]["id"]]["id"])
        for (exam_id, _), row in in_order:
            for place, value in self._values(folder / row["file"]).items():
                found[exam_id, place] = value
        return found

    def _values(self, path: Path) -> dict[str, str]:
        """Return the values of a report by their place in it, as sent."""
        if str(path) not in self._read:
            report = read_report(path)
            self._read[str(path)] = {one.place: f"{one.value:f}" for one in report.measurements}
        return self._read[str(path)]


def _facts(known: Known) -> tuple[object, ...]:
    return known.claims, known.instances, known.reports, known.moves
