"""``[[device]]``: a device of the practice, how to reach it, and what it needs."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gdtbridge.addresses import address_of
from gdtbridge.devices.directory import ConfiguredDevice
from gdtbridge.devices.profile import (
    VALUES,
    AnswerLetters,
    CommitmentAssociation,
    NameForms,
    PerformedSteps,
    StationMatching,
    profile_named,
    quirk_names,
)
from gdtbridge.settings.fields import AeTitle, Port, split
from gdtbridge.settings.tls import ClientTlsKeys


def _profile(value: str) -> str:
    if value:
        profile_named(value)
    return value


def _quirk(value: str) -> str:
    known = quirk_names()
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return value


Quirks = Annotated[tuple[Annotated[str, AfterValidator(_quirk)], ...], BeforeValidator(split)]


class DeviceSettings(ClientTlsKeys):
    """A table ``[[device]]``; what is left out of the values is as its profile says."""

    aet: AeTitle | None = None
    name: Annotated[str, Field(max_length=40)] = ""
    host: str = ""
    port: Annotated[Port, Field(ge=1)] = 104
    profile: Annotated[str, AfterValidator(_profile)] = ""
    charset: AnswerLetters | None = None
    station: StationMatching | None = None
    modality: Annotated[str, Field(pattern=r"^(\*|[A-Z0-9_ ]{0,16})$")] | None = None
    institution: Annotated[str, Field(max_length=64)] | None = None
    extra_days: Annotated[int, Field(ge=0, le=31)] | None = None
    names: Annotated[tuple[NameForms, ...], BeforeValidator(split)] | None = None
    most_answers: Annotated[int, Field(ge=0)] | None = None
    shows_started: bool | None = None
    commitment: CommitmentAssociation | None = None
    performed_steps: PerformedSteps | None = None
    quirks: Quirks | None = None

    @model_validator(mode="after")
    def _must_say_who_it_is(self) -> Self:
        if self.aet is None and address_of(self.host) is None:
            raise ValueError("set aet, or an IP address as host: who is meant?")
        return self

    @property
    def configured(self) -> ConfiguredDevice:
        """The device as who calls is compared with it."""
        said = {key: value for key in VALUES if (value := getattr(self, key, None)) is not None}
        return ConfiguredDevice(
            self.aet or "", self.host, self.port, self.profile, said, self.name.strip()
        )
