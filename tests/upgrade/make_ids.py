"""Makes ``ids-45c76b4.tsv``: the ids reports had before values got subject, day and finding.

``python -m tests.upgrade.ids reports FOLDER`` writes the reports; then run this with the Python and
in the checkout of commit 45c76b4::

    PYTHONPATH=. .venv/bin/python make_ids.py FOLDER > ids-45c76b4.tsv

``ids-45c76b4-foreign.tsv`` is made in the same way of what ``ids foreign CORPUS FOLDER`` writes:
the reports of a folder of foreign files (``--corpus``), named by a digest of their bytes.

A report of thousands of values, made to be large, is left out. One row is one value: report, place
in its tree, id in the chart, id of the seed system, and what it is (concept and modifiers).
"""

from __future__ import annotations

import sys
from pathlib import Path

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.presentation import present_all
from gdtbridge.sr import ReportError, predecessor_ids, read_report

MOST = 300

for file in sorted(Path(sys.argv[1]).glob("*.dcm")):
    try:
        report = read_report(file)
    except ReportError:
        continue
    if len(report.measurements) > MOST:
        continue
    shown = present_all(report.measurements, standard())
    seeds = predecessor_ids(report)
    for one, value, seed in zip(report.measurements, shown, seeds, strict=True):
        before = (seed or "") if one.predecessor is not None else ""
        cells = (file.stem, one.place, value.id, before, " ".join(filter(None, one.identity)))
        sys.stdout.write("\t".join(cells) + "\n")
