"""The dialects of a practice: built-in dialects with some options changed.

The keys and their values are those of the settings ``[dialects.NAME]``; what is wrong is refused
with a sentence that names the key.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from gdtbridge.gdt.errors import GdtError
from gdtbridge.gdt.tables.charsets import CHARSETS
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.fields import FIELDS, MAX_CONTENT
from gdtbridge.gdt.tables.ids import LONGEST_ID
from gdtbridge.gdt.tables.layouts import ESSENTIAL
from gdtbridge.gdt.tables.options import (
    VERSIONS,
    DialectOptions,
    FileCase,
    LinkPlace,
    PatientIdRule,
    RecordForm,
    ResultObjects,
    ValueForm,
    checked_pattern,
)
from gdtbridge.gdt.tables.record_types import BODY_RANK
from gdtbridge.gdt.tables.rows import COMMENT_FIELDS

BASE: Final = "base"
"""The key that names the built-in dialect."""

Checker = Callable[[object, DialectOptions], object]
"""Returns the value as the trait holds it; raises ValueError with what would be right."""

Member = TypeVar("Member", bound=StrEnum)


def _one_of(*allowed: str) -> Checker:
    """Return a check for one of these words."""

    def check(value: object, _: DialectOptions) -> object:
        if value not in allowed:
            raise ValueError(", ".join(allowed))
        return value

    return check


def _member(kind: type[Member]) -> Checker:
    """Return a check for the value of an enumeration."""
    word = _one_of(*(member.value for member in kind))
    return lambda value, options: kind(str(word(value, options)))


def _flag(value: object, _: DialectOptions) -> object:
    """Accept true and false."""
    if not isinstance(value, bool):
        raise ValueError("true, false")
    return value


def _version(value: object, options: DialectOptions) -> object:
    """Accept the versions that are written in the base's form."""
    allowed = VERSIONS[options.form]
    return _one_of(*(allowed[:1] if options.form is RecordForm.MEDICAL_OFFICE else allowed))(
        value, options
    )


def _ascii(least: int, most: int) -> Checker:
    """Return a check for so many printable ASCII characters without blanks at the ends."""

    def check(value: object, _: DialectOptions) -> object:
        text = value if isinstance(value, str) else "\n"
        plain = text.isascii() and text.isprintable() and text == text.strip()
        if not plain or not least <= len(text) <= most:
            raise ValueError(f"{least}-{most} ASCII")
        return text

    return check


def _width(value: object, _: DialectOptions) -> object:
    """Accept a width for comments."""
    if not isinstance(value, int) or isinstance(value, bool) or not 20 <= value <= MAX_CONTENT:
        raise ValueError(f"20-{MAX_CONTENT}")
    return value


def _numbers(value: object) -> tuple[str, ...]:
    """Return a list of field numbers."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise ValueError('["8439", …]')
    return tuple(value)


def _omit(value: object, _: DialectOptions) -> object:
    """Accept fields a record can do without."""
    numbers = _numbers(value)
    for number in numbers:
        if number in ESSENTIAL or number not in FIELDS:
            raise ValueError(f"{number}: unverzichtbar oder unbekannt / essential or unknown")
    return numbers


def _order(value: object, options: DialectOptions) -> object:
    """Accept fields of the body of a flat record."""
    numbers = _numbers(value)
    if options.form is not RecordForm.FLAT:
        raise ValueError("nur für flache Sätze (1.0-2.1) / only for flat records")
    for number in numbers:
        if not BODY_RANK["8310"] <= BODY_RANK.get(number, -1) <= BODY_RANK["6228"]:
            raise ValueError(f"{number}: kein Feld dafür / no field for this")
    return numbers


def _test_objects(value: object, options: DialectOptions) -> object:
    """Accept how tests are put into objects, where the form has any."""
    if options.form not in {RecordForm.COUNTED_OBJECTS, RecordForm.NAMED_OBJECTS}:
        raise ValueError("nur für 3.0 und 3.1 / only for 3.0 and 3.1")
    return _member(ResultObjects)(value, options)


def _file_name(value: object, _: DialectOptions) -> object:
    """Accept a file name made of the known placeholders."""
    return checked_pattern(value if isinstance(value, str) else "")


CHANGES: Final[Mapping[str, Checker]] = MappingProxyType(
    {
        "version": _version,
        "encoding": _one_of(*CHARSETS),
        "receiver": _ascii(1, LONGEST_ID),
        "sender": _ascii(1, LONGEST_ID),
        "field_limits": _flag,
        "comment_field": _one_of(*COMMENT_FIELDS),
        "comment_width": _width,
        "values": _member(ValueForm),
        "findings": _flag,
        "test_objects": _test_objects,
        "decimal_sign": _one_of(".", ","),
        "attachments": _flag,
        "link": _member(LinkPlace),
        "patient_id": _member(PatientIdRule),
        "patient_id_copy": _one_of("", "0193", "3105"),
        "device_code": _ascii(0, 6),
        "entry": _flag,
        "announce_lines": _flag,
        "omit": _omit,
        "order": _order,
        "file_name": _file_name,
        "file_case": _member(FileCase),
    }
)
"""The options a practice may change, by key, with the check of the value."""


def derive(base: Dialect, name: str, changes: Mapping[str, object]) -> Dialect:
    """Return ``base`` under another name with these options; `GdtError` names a wrong key."""
    title = changes.get("title", base.title)
    if not isinstance(title, str):
        raise _refused("title", "…")
    found: dict[str, object] = {}
    for key, value in changes.items():
        if key != "title":
            found[key] = _checked(key, value, base.options)
    if "receiver" in found:
        found["values_receiver"] = ""
    options = replace(base.options, **found)  # type: ignore[arg-type]  # each was checked
    _refuse_impossible(options)
    return replace(base, name=name, title=title, options=options)


def with_echo(dialect: Dialect, fields: Sequence[str]) -> Dialect:
    """Return the dialect with fields of the order that results repeat (`may_be_echoed`)."""
    return replace(dialect, options=replace(dialect.options, echo=tuple(dict.fromkeys(fields))))


def _checked(key: str, value: object, options: DialectOptions) -> object:
    """Return the value of one key as the trait holds it."""
    if key not in CHANGES:
        near = difflib.get_close_matches(key, [*CHANGES, BASE, "title"], n=1)
        hint = f" Meinten Sie {near[0]}? / Did you mean {near[0]}?" if near else ""
        raise GdtError(f"{key}: unbekannter Schlüssel. / unknown key.{hint}")
    try:
        return CHANGES[key](value, options)
    except (ValueError, KeyError, IndexError) as error:
        raise _refused(key, str(error)) from None


def _refused(key: str, allowed: str) -> GdtError:
    """Return the error of a value that does not fit its key."""
    return GdtError(f"{key}: ungültiger Wert, möglich: {allowed}. / invalid value, possible.")


def _refuse_impossible(options: DialectOptions) -> None:
    """Refuse options that have no place in the form."""
    if options.form is not RecordForm.MEDICAL_OFFICE:
        objects = options.form in {RecordForm.COUNTED_OBJECTS, RecordForm.NAMED_OBJECTS}
        if options.link is LinkPlace.URL and not objects:
            raise _refused("link", "none, attachment")
        return
    if options.attachments:
        raise _refused("attachments", "false")
    if options.link is not LinkPlace.NONE:
        raise _refused("link", "none")


def dialects_with(sections: Mapping[str, Mapping[str, object]]) -> Mapping[str, Dialect]:
    """Return the built-in dialects and a practice's own; one of the same name replaces it.

    Each section is what a practice changes, and ``base``: the built-in dialect it starts from,
    else the one of the same name. :class:`GdtError` names section and key.
    """
    found = dict(DIALECTS)
    for name, section in sections.items():
        changes = dict(section)
        base = changes.pop(BASE, name)
        if not isinstance(base, str) or base not in DIALECTS:
            names = ", ".join(DIALECTS)
            raise GdtError(f"{name}.{BASE}: möglich sind {names}. / possible are {names}.")
        try:
            found[name] = derive(DIALECTS[base], name, changes)
        except GdtError as error:
            raise GdtError(f"{name}.{error}") from None
    return MappingProxyType(found)
