"""Stages of a stress test that a device gives one name and several numbers.

PS3.16 CID 3207 has one code for all between rest and peak, and devices call several stages
``Low``. Where a name has several Stage Numbers in a report the number tells them apart; without a
name it is the stage.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gdtbridge.sr.codes import Concept, normal
from gdtbridge.sr.content import ContentReader
from gdtbridge.sr.model import Code

NUMBERED: Final = " #"
"""Between name and number of a stage."""


def settle(content: ContentReader) -> None:
    """Give every finding its stage, once all of the report was seen."""
    numbers: dict[tuple[Concept, str], set[str]] = {}
    for finding in content.findings:
        stage, number = finding.context.stage, finding.context.stage_number
        if stage is not None and number is not None:
            numbers.setdefault(_name(stage), set()).add(number.text)
    for at, finding in enumerate(content.findings):
        stage, number = finding.context.stage, finding.context.stage_number
        if number is None or (stage is not None and len(numbers[_name(stage)]) == 1):
            continue
        if stage is not None:
            number = Code("", "", f"{stage.text}{NUMBERED}{number.text}")
        content.findings[at] = replace(finding, context=replace(finding.context, stage=number))


def _name(stage: Code) -> tuple[Concept, str]:
    return normal(stage), "" if stage.value else stage.text.casefold()
