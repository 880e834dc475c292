"""What is known of the devices: who calls, which profile fits, what they get other than the rest.

Here live the profiles and quirks as tables (`profiles.tsv`) and what chooses among them. The
network, the database and settings must not: an edge says who calls, the core what a practice set.
"""

from gdtbridge.devices.directory import Caller, ConfiguredDevice, DeviceDirectory
from gdtbridge.devices.profile import (
    NetworkProfile,
    ProfileRow,
    known_profiles,
    profile_named,
)

__all__ = [
    "Caller",
    "ConfiguredDevice",
    "DeviceDirectory",
    "NetworkProfile",
    "ProfileRow",
    "known_profiles",
    "profile_named",
]
