"""Where the services are, and who may see what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from flask import request

from gdtbridge.accounts import Role
from gdtbridge.web.access.admission import is_forwarded
from gdtbridge.web.access.principal import principal

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
    """The address of the services; ``public_url`` where the settings say it, else as called."""

    public_url: str

    def uri(self) -> str:
        """Return the absolute URI below which everything is, without a slash at the end."""
        return (self.public_url.rstrip("/") or _as_called()) + ROOT


def _as_called() -> str:
    """Return scheme, name and port of the call.

    Some clients leave the port out of the Host header (dicomweb-client 0.61); a proxy that does so
    is asked at the usual port, and says that it is one.
    """
    host, port = request.host, request.environ.get("SERVER_PORT", "")
    has_port = host.rpartition(":")[2].isdecimal() and not host.endswith("]")
    is_usual = port in {"", "80" if request.scheme == "http" else "443"}
    if has_port or is_usual or is_forwarded(request):
        return f"{request.scheme}://{host}"
    return f"{request.scheme}://{host}:{port}"


def sees_held() -> bool:
    """Return whether who calls is shown exams of which is not decided whose they are."""
    who = principal()
    return who.owns or who.role in {Role.PRACTICE, Role.ADMIN} or HELD_SCOPE in who.scopes
