"""``[http]`` and ``[access]``: the web server, and who signs in there."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from gdtbridge.settings.fields import Folder, Networks, Origins, Port, Url, Words
from gdtbridge.settings.hosts import host_name, reachable
from gdtbridge.settings.section import SettingsSection


class HttpSettings(SettingsSection):
    """The web server."""

    host: str = "127.0.0.1"
    port: Port = 8080
    tls: Literal["off", "files", "self-made"] = "off"
    tls_certificate: Folder | None = None
    tls_key: Folder | None = None
    ca_file: Folder | None = None
    public_url: Url = ""
    token: SecretStr = SecretStr("")
    allowed_networks: Networks = ()
    allowed_hosts: Words = ()
    allowed_origins: Origins = ()
    open_worklist_add: bool = True

    @property
    def address(self) -> str:
        """Where people and programs reach the bridge, as far as is known; no slash at the end."""
        host = reachable(self.host)
        here = f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"
        return self.public_url.rstrip("/") or here

    @property
    def names(self) -> frozenset[str]:
        """The names and addresses calls are answered under, in small letters, without ports."""
        public = urlsplit(self.public_url).hostname or ""
        said = (self.host, public, *self.allowed_hosts)
        return frozenset({"localhost", *map(host_name, said)} - {""})

    @property
    def scheme(self) -> str:
        """What addresses of the server begin with."""
        return "http" if self.tls == "off" else "https"


class AccessSettings(SettingsSection):
    """Who signs in, and for how long what people did is kept."""

    required: bool = False
    idle_minutes: Annotated[float, Field(ge=1, le=720)] = 15
    audit_days: Annotated[float, Field(ge=1, le=36525)] = 1095
    study_link_hours: Annotated[int, Field(ge=0, le=720)] = 24
