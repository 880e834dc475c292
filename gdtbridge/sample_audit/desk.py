"""What people do about the sample audit, in one place for pages and commands."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.sample_audit.checks import PictureChecks


@dataclass(frozen=True, slots=True)
class SampleDesk:
    """The sample audit as pages and commands ask for it. Thread-safe."""

    checks: PictureChecks
