"""The installation as its administrator sees it: space, backups, certificates, versions, clock.

What must not live here: how it is shown, and anything of a patient.
"""

from gdtbridge.system.diagnosis import DiagnosisFile
from gdtbridge.system.report import ClockState, SystemReport, SystemReports
from gdtbridge.system.versions import InstalledVersion

__all__ = ["ClockState", "DiagnosisFile", "InstalledVersion", "SystemReport", "SystemReports"]
