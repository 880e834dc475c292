"""A practice with every part real, for one test."""

from __future__ import annotations

from tests.exams.conftest import practice, settings_text

__all__ = ["practice", "settings_text"]
