"""Reports of further makers: what a chart says of each kind of fault (``members/``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.sr import read_report
from tests.sr.builder import write
from tests.sr.chart import chart_of, compare
from tests.sr.members import MEMBERS


@pytest.mark.parametrize("name", MEMBERS)
def test_chart_says_what_it_should(tmp_path: Path, name: str) -> None:
    """Each value with its subject, side, stage and unit, none more, none less, none alike."""
    member = MEMBERS[name]
    lines = chart_of(read_report(write(member.report, tmp_path / "report.dcm")))
    done = compare(lines, member.expected)
    alike = len({line.id for line in lines}) < len(lines)
    alike |= len({line.name for line in lines}) < len(lines)
    assert not alike, "\n".join(map(str, lines))
    if not done.is_right:
        pytest.fail(str(done), pytrace=False)
