"""The keys of a table that say how whom it names is encrypted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from gdtbridge.certificates import ClientTls, KeyPair
from gdtbridge.settings.fields import Folder
from gdtbridge.settings.section import SettingsSection


class ClientTlsKeys(SettingsSection):
    """What ``[[peer]]`` and ``[[device]]`` say of TLS when they are called."""

    tls: bool = False
    tls_ca: Folder | None = None
    tls_server_name: Annotated[str, Field(max_length=253)] = ""
    tls_certificate: Folder | None = None
    tls_key: Folder | None = None
    tls_verify: bool = True

    @model_validator(mode="after")
    def _must_be_meant(self) -> Self:
        said = {key for key in self.model_fields_set if key.startswith("tls_")}
        if said and not self.tls:
            raise ValueError(f"set tls = true, or leave {sorted(said)[0]} out")
        if not self.tls_verify and (self.tls_ca is not None or self.tls_server_name):
            raise ValueError("tls_verify = false looks at nothing: leave tls_ca and names out")
        if self.tls_key is not None and self.tls_certificate is None:
            raise ValueError("tls_key needs tls_certificate")
        return self

    def client_tls(self, table: str, base: Path, own: KeyPair | None) -> ClientTls | None:
        """Return how to call whom ``table`` names; None for an unencrypted one.

        ``own`` is what we prove ourselves by where the table says nothing.
        """
        if not self.tls:
            return None
        pair = key_pair(f"{table}.tls_certificate", base, self.tls_certificate, self.tls_key)
        return ClientTls(
            table,
            base / self.tls_ca if self.tls_ca is not None else None,
            pair or own,
            self.tls_server_name,
            verifies=self.tls_verify,
        )


def key_pair(
    setting: str, base: Path, certificate: Path | None, key: Path | None
) -> KeyPair | None:
    """Return a certificate with its key, which is in the same file unless another is named."""
    if certificate is None:
        return None
    return KeyPair(base / certificate, base / (key or certificate), setting)
