"""The rules: what the head of one picture answers to an item of the check list.

The head says what the device knew, not what it wrote into the pixels. So there are three answers,
and where the head cannot prove one a person has to look: a wrong "present" is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gdtbridge.dataset.header import Header
from gdtbridge.dataset.values import meaningful, to_date
from gdtbridge.people import Patient, agree
from gdtbridge.people.comparison import says_a_day, says_a_name
from gdtbridge.people.folding import folded_words
from gdtbridge.picture_labels.items import LabelItem
from gdtbridge.tsv import sentences

REASONS: Final[Mapping[str, str]] = sentences("picture_labels/reasons.tsv")
"""Code of each reason to ``German / English``."""
UNUSED: Final = "UNUSED"
"""What devices write for a connector without a transducer (0018,5010)."""
SIDES: Final = frozenset({"L", "R", "B"})
"""ImageLaterality and Laterality that name a side, or both (PS3.3 C.7.6.1.1, C.7.3.1)."""

_AGE: Final = re.compile(r"(\d{1,3})([DWMY])", re.ASCII)
"""An AS value (PS3.5 6.2)."""
_DAYS: Final = MappingProxyType({"D": 1.0, "W": 7.0, "M": 30.44, "Y": 365.25})
_FLAGS: Final = re.compile(r"[0-9A-Fa-f]{4}", re.ASCII)
"""Value 4 of Image Type of an ultrasound image (PS3.3 C.8.5.6.1.1): bits of what it shows."""
_BRIGHTNESS: Final = 0x0001
"""2D imaging."""


class LabelState(StrEnum):
    """What a picture's head answers to an item."""

    PRESENT = "present"
    MISSING = "missing"
    LOOK = "look"
    """A person has to look."""


@dataclass(frozen=True, slots=True)
class LabelContext:
    """What is known of a picture beside its head."""

    patient: Patient | None = None
    """Whose it was decided to be; None where it has just arrived."""
    received: date | None = None
    """The day it arrived, or was ordered for."""
    practice: str = ""
    """Name of the practice in the settings."""
    is_paired: bool = False
    """Whether the exam is of an organ with two sides."""
    near_days: int = 2
    """So many days an exam may lie from the day it arrived; 0: any."""


@dataclass(frozen=True, slots=True)
class LabelAnswer:
    """What a picture answers to an item: its state, the value, and a key of `REASONS` or nothing.

    ``is_loud`` is for what nobody may overlook.
    """

    item: str
    state: LabelState
    value: str = ""
    why: str = ""
    is_loud: bool = False


Rule = Callable[[Header, LabelContext, tuple[str, ...]], LabelAnswer | None]
"""Returns the answer of a head, whose elements are named; None where nothing is to be asked."""


def answers_of(
    items: Iterable[LabelItem], said: Header, context: LabelContext
) -> Iterator[LabelAnswer]:
    """Yield what the head of a picture answers to each item that is to be asked of it."""
    for item in items:
        found = RULES[item.rule](said, context, item.elements)
        if found is not None:
            yield replace(found, item=item.code)


def transducer_of(said: Header) -> str:
    r"""Return the transducer as the device names it: ``C5-1`` of ``C5-1\UNUSED\UNUSED``."""
    names = (name.strip() for name in said.TransducerData.split("\\"))
    used = (name for name in names if name and name.upper() != UNUSED)
    return next(used, "") or meaningful(said.TransducerType)


def is_brightness_mode(said: Header) -> bool | None:
    """Return whether a picture is a B-mode image and nothing else; None where it does not say."""
    values = said.ImageType.split("\\")
    flags = values[3].strip() if len(values) > 3 else ""
    return int(flags, 16) == _BRIGHTNESS if _FLAGS.fullmatch(flags) else None


def _present(value: str, why: str = "") -> LabelAnswer:
    return LabelAnswer("", LabelState.LOOK if why else LabelState.PRESENT, value, why)


def _missing(why: str = "empty", value: str = "") -> LabelAnswer:
    return LabelAnswer("", LabelState.MISSING, value, why)


def _look(why: str, value: str = "", *, is_loud: bool = False) -> LabelAnswer:
    return LabelAnswer("", LabelState.LOOK, value, why, is_loud)


def _first(said: Header, elements: Iterable[str]) -> str:
    values = (meaningful(getattr(said, element)) for element in elements)
    return next(filter(None, values), "")


def _person(said: Header, context: LabelContext, elements: tuple[str, ...]) -> LabelAnswer:
    """Answer by a name: no placeholder, both parts, of the person it was decided to be of."""
    written = _first(said, elements)
    named = Patient.from_dicom(said.PatientID, written, None)
    if not named.listed_name:
        return _missing()
    if not says_a_name(named):
        return _missing("placeholder", named.listed_name)
    if not (named.family_name and named.given_names):
        return _missing("one-part", named.listed_name)
    known = context.patient
    if known is None or agree(replace(known, birth_date=None), named):
        return _present(named.listed_name)
    return _look("another-name", named.listed_name)


def _age(said: Header, context: LabelContext, _: tuple[str, ...]) -> LabelAnswer:
    """Answer by birth date or age; where both are said they must fit together."""
    born, age = to_date(said.PatientBirthDate), _age_in_days(said.PatientAge)
    if born is None or not says_a_day(born):
        return _missing() if age is None else _present(said.PatientAge.strip())
    shown = f"{born:%d.%m.%Y}"
    known = context.patient
    if known is not None and known.birth_date not in {None, born}:
        return _look("another-birth-date", shown)
    day = to_date(said.StudyDate)
    if age is not None and day is not None and abs((day - born).days - age) > _tolerance(age):
        return _look("age-contradicts", shown)
    return _present(shown)


def _tolerance(age: float) -> float:
    """Return how many days an age may be off: devices round, and some count the running year."""
    return 2 * 366.0 if age > 2 * 366 else 62.0


def _age_in_days(text: str) -> float | None:
    found = _AGE.fullmatch(text.strip())
    return int(found[1]) * _DAYS[found[2]] if found and int(found[1]) else None


def _day(said: Header, context: LabelContext, elements: tuple[str, ...]) -> LabelAnswer:
    """Answer by the day of the exam, which is near the day the picture arrived."""
    written = _first(said, elements)
    if not written:
        return _missing()
    day = to_date(written[:10]) or to_date(written[:8])
    if day is None:
        return _look("no-day", written)
    shown = f"{day:%d.%m.%Y}"
    received = context.received
    near = context.near_days
    if received is not None and near and abs((received - day).days) > near:
        return _look("day-far", shown)
    return _present(shown)


def _practice(said: Header, context: LabelContext, elements: tuple[str, ...]) -> LabelAnswer:
    """Answer by the practice as the settings name it, not by what a maker left in the field."""
    written = _first(said, elements)
    if not written:
        return _missing()
    if not context.practice:
        return _look("practice-unset", written)
    everything = " ".join(getattr(said, element) for element in elements)
    known, found = (set(folded_words(text)) for text in (context.practice, everything))
    return _present(written, "" if known <= found or found <= known else "practice-other")


def _device(said: Header, _: LabelContext, __: tuple[str, ...]) -> LabelAnswer:
    """Answer by the model; the serial number is told beside it."""
    model, serial = meaningful(said.ManufacturerModelName), meaningful(said.DeviceSerialNumber)
    other = meaningful(said.Manufacturer) or meaningful(said.StationName)
    if not model:
        return _look("no-model", other) if other else _missing()
    return _present(f"{model}, Nr. {serial}" if serial else model)


def _transducer(said: Header, _: LabelContext, __: tuple[str, ...]) -> LabelAnswer:
    found = transducer_of(said)
    return _present(found) if found else _missing()


def _side(said: Header, context: LabelContext, elements: tuple[str, ...]) -> LabelAnswer | None:
    """Answer never "missing": devices write the side into the picture, not into the head."""
    if not context.is_paired:
        return None
    side = _first(said, elements).upper()
    return _present(side) if side in SIDES else _look("side-unsaid")


def _text(said: Header, _: LabelContext, elements: tuple[str, ...]) -> LabelAnswer:
    """Whether anything is written into the picture, as the device says."""
    found = _first(said, elements).upper()
    if found == "NO":
        return _look("no-text", is_loud=True)
    return _look("text-in-image" if found == "YES" else "text-unsaid")


def _anything(said: Header, _: LabelContext, elements: tuple[str, ...]) -> LabelAnswer:
    found = _first(said, elements)
    return _present(found) if found else _missing()


def _told(said: Header, _: LabelContext, elements: tuple[str, ...]) -> LabelAnswer | None:
    """Answer for information alone: nothing where it is not said."""
    found = _first(said, elements)
    return _present(found) if found else None


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "person": _person,
        "age": _age,
        "day": _day,
        "practice": _practice,
        "device": _device,
        "transducer": _transducer,
        "side": _side,
        "text": _text,
        "present": _anything,
        "told": _told,
    }
)
"""Every rule by the name tables and settings give it."""
