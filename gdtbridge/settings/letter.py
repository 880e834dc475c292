"""``[letter]``: the text of an exam for a doctor's letter."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from gdtbridge.settings.section import SettingsSection


def _letter_template(value: str) -> str:
    from gdtbridge.report_page.letter import unknown_variables  # seldom needed, and slow to import

    if unknown := unknown_variables(value):
        raise ValueError(f"there is no variable {{{unknown[0]}}}")
    return value


class LetterSettings(SettingsSection):
    """The text of an exam for a doctor's letter."""

    template: Annotated[str, AfterValidator(_letter_template), Field(max_length=4000)] = ""
