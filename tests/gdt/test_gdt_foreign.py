"""Our files read by a parser of others: xdt 0.4.0 for JavaScript (npm), a port of a Ruby one."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gdtbridge.gdt.read.reader import read_records

PROGRAM = """
const Xdt = require(process.argv[1]);
const files = JSON.parse(require("fs").readFileSync(0, "utf8"));
const read = Object.entries(files).map(([name, text]) => [
  name, new Xdt(text).fields.map((one) => [one.length, one.field, one.value]),
]);
console.log(JSON.stringify(Object.fromEntries(read)));
"""
"""Reads {name: text} and prints {name: [[length, field, value], ...]}."""


def test_a_foreign_parser_reads_what_we_wrote(project: Path) -> None:
    """Of every sample in every dialect the same fields with the same values, and exact lengths."""
    parser = project / ".peers" / "node_modules" / "xdt"
    if shutil.which("node") is None or not parser.is_dir():
        pytest.skip("xdt is not installed (scripts/test installs it where there is npm)")
    files = {path.name: path.read_bytes() for path in (project / "samples" / "gdt").glob("*.gdt")}
    assert len(files) > 50
    # The bytes as letters: the parser knows no character sets.
    given = json.dumps({name: data.decode("latin-1") for name, data in files.items()})
    done = subprocess.run(
        ["node", "-e", PROGRAM, str(parser)],
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    read = json.loads(done.stdout)

    for name, data in files.items():
        expected = [
            (line.id, line.value.encode(record.encoding).decode("latin-1"))
            for record in read_records(data)
            for line in record.lines
        ]
        assert [(field, value) for _, field, value in read[name]] == expected, name
        assert all(size == len(value) + 9 for size, _, value in read[name]), name
