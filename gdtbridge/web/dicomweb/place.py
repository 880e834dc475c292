"""Where the services are, and who may see what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gdtbridge.accounts import Role
from gdtbridge.retrieve.finder import OneStudy
from gdtbridge.web.access.principal import principal
from gdtbridge.web.own_address import OwnAddress

ROOT: Final = "/dicom-web"
UIDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "study": "StudyInstanceUID",
        "series": "SeriesInstanceUID",
        "instance": "SOPInstanceUID",
    }
)
"""What the parts of an address name, by DICOM keyword."""
HELD_SCOPE: Final = "dicomweb-held"


@dataclass(frozen=True, slots=True)
class WebBase:
    """The address of the services."""

    own: OwnAddress

    def uri(self) -> str:
        """Return the absolute URI below which everything is, without a slash at the end."""
        return self.own.absolute(ROOT)


def sees_held() -> bool:
    """Return whether who calls is shown exams of which is not decided whose they are."""
    who = principal()
    return who.owns or who.role in {Role.PRACTICE, Role.ADMIN} or HELD_SCOPE in who.scopes


def only_study() -> OneStudy | None:
    """Return what alone who calls is shown; None for everything they may see."""
    shared = principal().shared
    return OneStudy(shared.study_instance_uid, shared.patient_id) if shared is not None else None
