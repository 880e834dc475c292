"""``[attention]`` and ``[mail]``: who is told of what needs a person."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from gdtbridge.settings.fields import Folder, split
from gdtbridge.settings.section import SettingsSection


def _mail_address(value: str) -> str:
    """Accept what SMTP takes as a mailbox, in ASCII (RFC 5321 4.1.2, without quoted forms)."""
    if value and not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", value):
        raise ValueError("must be one mail address: name@example.org")
    return value


MailAddress = Annotated[str, AfterValidator(_mail_address)]


class AttentionSettings(SettingsSection):
    """The chart that messages for the practice go to (none without its number), and limits."""

    gdt_patient_id: Annotated[str, Field(max_length=10)] = ""
    gdt_family_name: Annotated[str, Field(max_length=28)] = "Ultraschall"
    gdt_given_name: Annotated[str, Field(max_length=28)] = "Meldungen"
    gdt_birth_date: date | None = None
    orders_silent_days: Annotated[float, Field(ge=0, le=3650)] = 0


class MailSettings(SettingsSection):
    """The mail server that takes messages of what needs a person; without a host, none."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    password_file: Folder | None = None
    # ``from`` is a Python keyword.
    from_: Annotated[MailAddress, Field(alias="from")] = ""
    to: Annotated[tuple[MailAddress, ...], BeforeValidator(split)] = ()
    ca_file: Folder | None = None
    pause_minutes: Annotated[float, Field(ge=1, le=1440)] = 10
