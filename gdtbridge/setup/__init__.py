"""The set-up of a practice, step by step: how far it is, and whether what was entered works.

What must not live here: pages, and how settings are changed (`gdtbridge.settings.changing`).
"""

from gdtbridge.setup.desk import SetupDesk
from gdtbridge.setup.folders import FolderFinding, FolderProblem, look_at
from gdtbridge.setup.progress import SetupProgress, SetupStep
from gdtbridge.setup.trials import DeviceSight, SetupTrials, TrialSight

__all__ = [
    "DeviceSight",
    "FolderFinding",
    "FolderProblem",
    "SetupDesk",
    "SetupProgress",
    "SetupStep",
    "SetupTrials",
    "TrialSight",
    "look_at",
]
