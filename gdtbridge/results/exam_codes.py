"""What an exam is called where no order names it: 8402, 8410 and 8411 by kind of exam."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.gdt.tables.device_codes import device_code, has_word
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.settings import ExamCodeRule, GdtSettings


@dataclass(frozen=True, slots=True)
class ExamCodes:
    """Codes of one exam: 8402, and id (8410) and name (8411) of its study's test."""

    device_code: str
    test_id: str
    test_description: str


class ExamCodeChooser:
    """Chooses codes: the practice's first rule that fits, then the dialect, then the table."""

    def __init__(self, settings: GdtSettings, dialect: Dialect) -> None:
        self._gdt = settings
        self._usual = dialect.options.device_code

    def of(self, modality: str, description: str, device: str = "") -> ExamCodes:
        """Return the codes of an exam; ``device`` is the AE title that sent it, if one did."""
        modality = modality.strip()
        fitting = (
            rule for rule in self._gdt.exam_codes if _fits(rule, modality, description, device)
        )
        rule = next(fitting, ExamCodeRule())
        return ExamCodes(
            rule.device_code or self._usual or device_code(modality, description),
            rule.test_id or self._gdt.test_id,
            rule.test_description or self._gdt.test_description,
        )


def _fits(rule: ExamCodeRule, modality: str, description: str, device: str) -> bool:
    """Return whether everything the rule asks for is so."""
    devices = {one.strip().casefold() for one in rule.device}
    return (
        (not rule.modality or rule.modality == modality)
        and (not devices or device.strip().casefold() in devices)
        and (not rule.words or has_word(description, rule.words))
    )
