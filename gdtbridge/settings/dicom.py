"""``[dicom]`` and ``[commitment]``: the DICOM server, and what devices are told to be kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gdtbridge.settings.fields import AeTitle, Folder, Networks, Port, Words
from gdtbridge.settings.hosts import is_loopback
from gdtbridge.settings.section import SettingsSection


class DicomSettings(SettingsSection):
    """The DICOM server."""

    aet: AeTitle = "GDTBRIDGE"
    host: str = "127.0.0.1"
    port: Port = 11112
    tls_port: Port | None = None
    tls_certificate: Folder | None = None
    tls_key: Folder | None = None
    tls_client_ca: Folder | None = None
    tls_only: bool = False
    allowed_networks: Networks = ()
    allowed_aets: Words = ()
    unknown_devices: Literal["accept", "refuse"] = "accept"
    max_associations: Annotated[int, Field(ge=1, le=500)] = 100
    max_associations_per_address: Annotated[int, Field(ge=0, le=500)] = 0
    max_object_mb: Annotated[int, Field(ge=1)] = 2048

    @property
    def plain_host(self) -> str:
        """The address the unencrypted port is bound to: this machine's own where TLS is a must."""
        if not self.tls_only or is_loopback(self.host):
            return self.host
        return "::1" if ":" in self.host else "127.0.0.1"


class CommitmentSettings(SettingsSection):
    """Storage commitment: how devices are told that what they sent is kept."""

    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    port: Annotated[int, Field(ge=1, le=65535)] = 104
    only_copy: Literal["tell", "known"] = "tell"
    requires_forwarding: Literal["no", "sent", "confirmed"] = "no"
    forwarding_hours: Annotated[int, Field(ge=1, le=168)] = 24
