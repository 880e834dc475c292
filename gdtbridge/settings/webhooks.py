"""``[webhooks]`` and ``[[webhook]]``: who is called after an event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gdtbridge.settings.fields import Folder, Networks, Url
from gdtbridge.settings.secret import Secret, in_plain_sight
from gdtbridge.settings.section import SettingsSection
from gdtbridge.webhooks.events import EVENTS, TEST, VARIABLES
from gdtbridge.webhooks.signature import key_of
from gdtbridge.webhooks.templates import ContentKind, check_body, check_url


def _header_name(value: str) -> str:
    """Accept a field name (RFC 9110 5.1) that is not ours to set."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise ValueError("is no name of an HTTP header")
    if value.lower() in _OWN_HEADERS or value.lower().startswith("webhook-"):
        raise ValueError("this header is set by the bridge itself")
    return value


HeaderName = Annotated[str, AfterValidator(_header_name)]

_OWN_HEADERS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "authorization"}
)
_OF_PATIENT: Final = frozenset(one.name for one in VARIABLES.values() if one.of_patient)


class WebhookSettings(SettingsSection):
    """URLs called with GET, empty means none; and whom the tables ``[[webhook]]`` may call."""

    worklist_added: Url = ""
    gdt_written: Url = ""
    attention: Url = ""
    allowed_networks: Networks = ()


class HouseWebhookSettings(SettingsSection):
    """A table ``[[webhook]]``: what is said to whom, when, and how that is proven."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    events: Annotated[tuple[str, ...], Field(min_length=1)]
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    body: str | None = None
    content_type: ContentKind = ContentKind.JSON
    fields: tuple[str, ...] = ()
    headers: Mapping[HeaderName, Secret] = Field(default_factory=dict)
    user: Annotated[str, Field(pattern=r"^[^:\x00-\x1f\x7f]*$")] = ""
    password: Secret | None = None
    token: Secret | None = None
    signing_secret: Secret | None = None
    ca_file: Folder | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10

    @model_validator(mode="after")
    def _must_be_consistent(self) -> Self:
        for said, known in ((self.events, EVENTS.keys() - {TEST}), (self.fields, _OF_PATIENT)):
            if unknown := [one for one in said if one not in known]:
                raise ValueError(f"{unknown[0]!r} is none of {', '.join(sorted(known))}")
        check_url(self.url, self.fields, token=self.token is not None)
        if self.body is not None and self.method == "GET":
            raise ValueError("a GET has no body")
        if self.body is not None:
            check_body(self.body, self.content_type, self.fields)
        if bool(self.user) != (self.password is not None) or (self.user and self.token):
            raise ValueError("set user and password, or token, or none of them")
        if (secret := in_plain_sight(self.signing_secret)) is not None:
            key_of(secret)
        return self
