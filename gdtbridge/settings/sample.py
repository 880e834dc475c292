"""``[sample]``: what the KV of this practice asks of each picture."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gdtbridge.dataset.header import Header
from gdtbridge.picture_labels import RULES, USUAL_ITEMS, Asked, LabelItem
from gdtbridge.settings.fields import Words, split, tables
from gdtbridge.settings.section import SettingsSection


def _element(value: str) -> str:
    known = {field.name for field in fields(Header)}
    if value not in known:
        raise ValueError(f"{value!r} is none of the elements that are read of a picture's head")
    return value


def _rule(value: str) -> str:
    if value not in RULES:
        raise ValueError(f"{value!r} is none of {', '.join(RULES)}")
    return value


class LabelItemSettings(SettingsSection):
    """A table ``[[sample.items]]``: one more item, or another form of a usual one."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    elements: Annotated[
        tuple[Annotated[str, AfterValidator(_element)], ...],
        BeforeValidator(split),
        Field(min_length=1),
    ]
    rule: Annotated[str, AfterValidator(_rule)] = "present"
    asked: Asked = Asked.SAMPLE
    told: bool = False
    advice: Annotated[str, Field(max_length=200)] = ""

    @property
    def item(self) -> LabelItem:
        """The item as the check list has it."""
        return LabelItem(
            self.code,
            self.name,
            self.name,
            self.elements,
            self.rule,
            self.asked,
            self.told,
            self.advice,
        )


class SampleAuditSettings(SettingsSection):
    """The section ``[sample]``: the check list, and how long a set that was made is kept."""

    without: Words = ()
    items: Annotated[tuple[LabelItemSettings, ...], BeforeValidator(tables)] = ()
    keep_hours: Annotated[float, Field(gt=0, le=24 * 28)] = 24

    @model_validator(mode="after")
    def _must_name_usual_items(self) -> Self:
        usual = {one.code for one in USUAL_ITEMS}
        if unknown := [code for code in self.without if code not in usual]:
            raise ValueError(f"without: {unknown[0]!r} is none of {', '.join(sorted(usual))}")
        return self

    @property
    def check_list(self) -> tuple[LabelItem, ...]:
        """The items that are asked, usual ones first."""
        own = {one.code: one.item for one in self.items}
        usual = {one.code: one for one in USUAL_ITEMS if one.code not in self.without}
        return tuple({**usual, **own}.values())
