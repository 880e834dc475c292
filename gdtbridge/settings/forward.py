"""``[[forward]]``: which received objects go on to which ``[[peer]]``, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from gdtbridge.dataset.values import folded_title, is_uid
from gdtbridge.settings.fields import AeTitle, Words, split
from gdtbridge.settings.section import SettingsSection

if TYPE_CHECKING:
    from gdtbridge.settings.models import Settings


def _sop_class(value: str) -> str:
    """Return the UID of a SOP class that is named by UID, by name or by keyword (PS3.6 A)."""
    if is_uid(value):
        return value
    from pydicom import uid  # seldom needed, and slow to import

    for keyword, known in vars(uid).items():
        is_class = isinstance(known, uid.UID) and known.type == "SOP Class"
        if is_class and _letters(value) in {_letters(keyword), _letters(known.name)}:
            return str(known)
    raise ValueError(f"{value}: neither a UID nor the name of a SOP class")


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


SopClasses = Annotated[
    tuple[Annotated[str, AfterValidator(_sop_class)], ...], BeforeValidator(split)
]
_HOURS = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"
Hours = Annotated[tuple[Annotated[str, Field(pattern=_HOURS)], ...], BeforeValidator(split)]


class ForwardSettings(SettingsSection):
    """A table ``[[forward]]``: objects that fulfil every condition go to the peer ``to``.

    An empty condition is fulfilled by every object.
    """

    to: AeTitle
    devices: Words = ()
    modalities: Words = ()
    sop_classes: SopClasses = ()
    called: Words = ()
    hours: Hours = ()
    # ``as`` is a Python keyword.
    as_: Annotated[AeTitle | None, Field(alias="as")] = None
    parallel: Annotated[int, Field(ge=1, le=8)] = 1
    when: Literal["settled", "asked"] = "settled"


def forward_problems(settings: Settings) -> Iterator[str]:
    """Yield the rules whose destination no peer is, or does not do what is required."""
    known = {folded_title(one.aet): one.confirm for one in settings.peer}
    is_confirmed = settings.commitment.requires_forwarding == "confirmed"
    for rule in settings.forward:
        if folded_title(rule.to) not in known:
            yield (
                f"forward ({rule.to}): Keine Gegenstelle hat diesen AE-Titel; legen Sie eine "
                f'Tabelle [[peer]] mit aet = "{rule.to}" und host an. / No [[peer]] has '
                "this AE title: add one with aet and host."
            )
        elif is_confirmed and known[folded_title(rule.to)] == "none" and rule.when == "settled":
            yield (
                f'commitment.requires_forwarding = "confirmed": {rule.to} bestätigt nie etwas '
                '(confirm = "none"); Geräte erführen nie etwas. / never confirms '
                'anything (confirm = "none"); devices would never be told that they are kept.'
            )
