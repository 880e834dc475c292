"""What a check found, of one part of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AT_THE_START: Final = "wird beim ersten Start angelegt. / is made by the first start."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the check of one part found; a part that is ``ok`` may still need a person."""

    part: str
    ok: bool
    text: str
    needs_person: bool = False
