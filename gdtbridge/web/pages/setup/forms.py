"""The forms of the set-up: what stands in their fields, and which settings what was typed means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.errors import SettingsError
from gdtbridge.language import Language
from gdtbridge.settings import Settings
from gdtbridge.settings.changing import SettingsFile, WantedSettings
from gdtbridge.settings.hosts import is_loopback
from gdtbridge.setup import FolderFinding, FolderProblem, SetupStep, look_at
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.texts import Texts

HERE: Final = "here"
NETWORK: Final = "network"
_HOSTS: Final = {HERE: "127.0.0.1", NETWORK: "0.0.0.0"}  # noqa: S104 - a person's choice
_KEYS: Final[Mapping[SetupStep, Mapping[str, str]]] = {
    SetupStep.PRACTICE: {"practice": "practice.name", "language": "page.language"},
    SetupStep.NETWORK: {
        "aet": "dicom.aet",
        "devices": "dicom.host",
        "networks": "dicom.allowed_networks",
        "pages": "http.host",
    },
    SetupStep.SOFTWARE: {"dialect": "gdt.dialect", "out": "gdt.out", "in": "gdt.in"},
    SetupStep.DEVICE: {
        "name": "device.name",
        "device_aet": "device.aet",
        "host": "device.host",
        "port": "device.port",
    },
    SetupStep.TRIAL: {},
}
"""Which setting each field of a step means."""
ENCODING: Final = "encoding"
"""A field of the answer to how umlauts look: the character set that calls for."""
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class SetupForm:
    """A step's form: what stands in its fields, and what is to be said beside them."""

    step: SetupStep
    fields: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    """By field; that of the whole form has no name."""
    folders: Mapping[str, FolderFinding] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Fields the environment decides, with the variable."""

    def problem(self, name: str) -> FolderProblem | None:
        """Return what is wrong with the folder in a field."""
        finding = self.folders.get(name)
        return finding.problem if finding is not None else None

    def elsewhere(self, name: str) -> str:
        """Return what other machines call the folder in a field, as far as that is known."""
        finding = self.folders.get(name)
        return (finding.elsewhere if finding is not None else "") or self.fields[name]

    def attributes(self, name: str, hint: str = "") -> Mapping[str, str | None]:
        """Return what a field's element says of its state; None for what does not apply."""
        is_wrong = name in self.errors or self.problem(name) is not None
        is_told = is_wrong or bool(hint) or name in self.fixed
        return {
            "disabled": "" if name in self.fixed else None,
            "aria-invalid": "true" if is_wrong else None,
            "aria-describedby": f"{name}-told" if is_told else None,
        }


def form_of(step: SetupStep, settings: Settings, file: SettingsFile) -> SetupForm:
    """Return a step's form with what the settings say."""
    fields = _FIELDS[step](settings)
    return SetupForm(step, fields, folders=_folders(fields, settings), fixed=_fixed(step, file))


def sent_form(
    step: SetupStep, sent: Mapping[str, str], settings: Settings, file: SettingsFile
) -> SetupForm:
    """Return a step's form with what was typed, and what of it is wrong with the folders."""
    before = _FIELDS[step](settings)
    fixed = _fixed(step, file)
    fields = {
        name: value if name in fixed else sent.get(name, value if name not in sent else "")
        for name, value in before.items()
    }
    fields = {name: " ".join(value.split())[:LONGEST] for name, value in fields.items()}
    if ENCODING in sent:
        fields[ENCODING] = sent[ENCODING][:20]
    return SetupForm(step, fields, folders=_folders(fields, settings), fixed=fixed)


def wanted_of(form: SetupForm, settings: Settings) -> WantedSettings:
    """Return what a form says otherwise than the settings; a first device in any case."""
    wanted = _WANTED[form.step](form.fields)
    before = _WANTED[form.step](_FIELDS[form.step](settings))
    values = {key: said for key, said in wanted.values.items() if before.values.get(key) != said}
    is_known = bool(settings.device) and wanted.device == before.device
    return WantedSettings(values, None if is_known else wanted.device)


def errors_of(form: SetupForm, error: SettingsError, texts: Texts) -> Mapping[str, str]:
    """Return what a start would refuse, by the field it is about."""
    found: dict[str, str] = {}
    for line in str(error).splitlines():
        key, _, told = line.partition(":")
        name = next((one for one, said in _KEYS[form.step].items() if _is_of(key, said)), "")
        found.setdefault(name, _told(told.strip() or line, name, texts))
    return found


def _told(told: str, name: str, texts: Texts) -> str:
    own = f"setup.error.{name}"
    if name and texts.has(own):
        return texts(own)
    parts = told.split(" / ")
    return parts[texts.language] if len(parts) == len(Language) else told


def _is_of(key: str, said: str) -> bool:
    """Return whether a refusal's key is a setting's.

    ``device.0.aet`` and ``device (Raum 1).aet`` are of ``device.aet``, ``dicom.allowed_networks.0``
    is of ``dicom.allowed_networks``.
    """
    section, _, name = said.partition(".")
    place = key.partition(" = ")[0]
    if place == said or place.startswith(f"{said}."):
        return True
    return place.startswith((f"{section}.", f"{section} (")) and place.endswith(f".{name}")


def _fixed(step: SetupStep, file: SettingsFile) -> Mapping[str, str]:
    found = {name: file.is_said_by_environment(key) for name, key in _KEYS[step].items()}
    return {name: variable for name, variable in found.items() if variable}


def _folders(fields: Mapping[str, str], settings: Settings) -> Mapping[str, FolderFinding]:
    return {
        name: look_at(fields[name], settings.base) for name in ("out", "in") if fields.get(name)
    }


# ---------------------------------------------------------------------- each step


def _practice_fields(settings: Settings) -> dict[str, str]:
    return {"practice": settings.practice.name, "language": settings.page.language}


def _practice_wanted(fields: Mapping[str, str]) -> WantedSettings:
    return WantedSettings(
        {"practice.name": fields["practice"], "page.language": fields["language"]}
    )


def _network_fields(settings: Settings) -> dict[str, str]:
    return {
        "aet": settings.dicom.aet,
        "devices": HERE if is_loopback(settings.dicom.host) else NETWORK,
        "networks": ", ".join(settings.dicom.allowed_networks),
        "pages": HERE if is_loopback(settings.http.host) else NETWORK,
    }


def _network_wanted(fields: Mapping[str, str]) -> WantedSettings:
    networks = [one for one in fields["networks"].replace(",", " ").split() if one]
    values: dict[str, object] = {
        "dicom.aet": fields["aet"],
        "dicom.host": _HOSTS.get(fields["devices"], _HOSTS[HERE]),
        "dicom.allowed_networks": networks or None,
        "http.host": _HOSTS.get(fields["pages"], _HOSTS[HERE]),
    }
    if fields["pages"] == NETWORK:
        values["access.required"] = True
    return WantedSettings(values)


def _software_fields(settings: Settings) -> dict[str, str]:
    gdt = settings.gdt
    return {
        "dialect": gdt.dialect,
        "out": str(gdt.out or settings.gdt_out),
        "in": str(gdt.in_ or settings.gdt_in),
    }


def _software_wanted(fields: Mapping[str, str]) -> WantedSettings:
    values: dict[str, object] = {
        "gdt.dialect": fields["dialect"],
        "gdt.out": fields["out"] or None,
        "gdt.in": fields["in"] or None,
    }
    if fields.get(ENCODING):
        values["gdt.encoding"] = fields[ENCODING]
    return WantedSettings(values)


def _device_fields(settings: Settings) -> dict[str, str]:
    one = settings.device[0] if settings.device else None
    if one is None:
        return {"name": "", "device_aet": settings.worklist.station, "host": "", "port": "104"}
    return {
        "name": one.name,
        "device_aet": one.aet or "",
        "host": one.host,
        "port": str(one.port),
    }


def _device_wanted(fields: Mapping[str, str]) -> WantedSettings:
    number = number_of(fields["port"])
    port: object = fields["port"] if number is None else number
    said = {"name": fields["name"], "aet": fields["device_aet"], "host": fields["host"]}
    device: dict[str, object] = {key: value for key, value in said.items() if value}
    return WantedSettings({}, {**device, "port": port})


def _no_fields(_settings: Settings) -> dict[str, str]:
    return {}


def _nothing_wanted(_fields: Mapping[str, str]) -> WantedSettings:
    return WantedSettings()


_FIELDS: Final[Mapping[SetupStep, Callable[[Settings], dict[str, str]]]] = {
    SetupStep.PRACTICE: _practice_fields,
    SetupStep.NETWORK: _network_fields,
    SetupStep.SOFTWARE: _software_fields,
    SetupStep.DEVICE: _device_fields,
    SetupStep.TRIAL: _no_fields,
}
_WANTED: Final[Mapping[SetupStep, Callable[[Mapping[str, str]], WantedSettings]]] = {
    SetupStep.PRACTICE: _practice_wanted,
    SetupStep.NETWORK: _network_wanted,
    SetupStep.SOFTWARE: _software_wanted,
    SetupStep.DEVICE: _device_wanted,
    SetupStep.TRIAL: _nothing_wanted,
}


def folder_errors(form: SetupForm, texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a folder, by its field."""
    for name, finding in form.folders.items():
        if finding.problem is not None:
            yield name, texts(f"setup.folder.{finding.problem}")
