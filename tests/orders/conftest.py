"""The practice of the exams' tests: orders with every part real."""

from __future__ import annotations

from tests.exams.conftest import practice, settings_text

__all__ = ["practice", "settings_text"]
