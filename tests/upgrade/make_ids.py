"""Makes ``ids-45c76b4.tsv``: the ids reports had before values got subject, day and finding.

``python -m tests.upgrade.ids reports FOLDER`` writes the reports; then run this with the Python and
in the checkout of commit 45c76b4::

    PYTHONPATH=. .venv/bin/python make_ids.py FOLDER > ids-45c76b4.tsv

One row is one value: report, place in its tree, id in the chart, id of the seed system, and what
it is (concept and modifiers).
"""

from __future__ import annotations

import sys
from pathlib import Path

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.presentation import present_all
from gdtbridge.sr import predecessor_ids, read_report

for file in sorted(Path(sys.argv[1]).glob("*.dcm")):
    report = read_report(file)
    shown = present_all(report.measurements, standard())
    seeds = predecessor_ids(report)
    for one, value, seed in zip(report.measurements, shown, seeds, strict=True):
        before = (seed or "") if one.predecessor is not None else ""
        cells = (file.stem, one.place, value.id, before, " ".join(filter(None, one.identity)))
        sys.stdout.write("\t".join(cells) + "\n")
