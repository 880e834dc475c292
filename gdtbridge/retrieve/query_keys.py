"""What the keys of a query ask for: its level, what they name, what of them can be looked up."""

from __future__ import annotations

from typing import Final

from pydicom.datadict import keyword_for_tag

from gdtbridge.people.folding import sought_words
from gdtbridge.retrieve.attributes import QueryLevel, unique_keys
from gdtbridge.retrieve.store import Narrowing
from worklist.item import Element, Item, tag_of, text_of
from worklist.temporal import da_of, parse_range, to_day
from worklist.text import has_wildcard, name_groups

MOST_VALUES: Final = 256
"""Values other than UIDs in all of a query: each is compared with each study."""


class QueryRefused(ValueError):
    """The identifier asks for no level there is; the text says which it names."""


def level_of(keys: Item) -> QueryLevel:
    """Return the level a query names; raise `QueryRefused` for none we know.

    ``IMAGES`` and ``INSTANCE`` are what some say for IMAGE.
    """
    named = text_of(keys, "QueryRetrieveLevel").strip().upper()
    if named in {"IMAGES", "INSTANCE"}:
        return QueryLevel.IMAGE
    try:
        return QueryLevel(named)
    except ValueError:
        raise QueryRefused("QueryRetrieveLevel (0008,0052)") from None


def named_by(keys: Item) -> Item:
    """Return the keys of a Retrieve identifier that name objects; raise `QueryRefused` for none.

    Those are the unique keys of its level and of the levels above, and the accession number, which
    some viewers name a study by. Without a level all of them count. None may be a pattern (PS3.4
    C.4.2.2.1): who wants everything of everybody asks for it patient by patient.
    """
    level = level_of(keys) if text_of(keys, "QueryRetrieveLevel") else QueryLevel.IMAGE
    words = [word for one in level.path for word in unique_keys(one)]
    if level is not QueryLevel.PATIENT:
        words.append("AccessionNumber")
    named = {tag: keys[tag] for tag in map(tag_of, words) if tag in keys and keys[tag].texts}
    if not named:
        raise QueryRefused("a unique key of the level")
    if any(has_wildcard(text) for key in named.values() for text in key.texts):
        raise QueryRefused("a wildcard in a unique key")
    return named


def bounded(keys: Item) -> Item:
    """Return the keys; raise `QueryRefused` for more values to compare than anybody asks for.

    UIDs are looked up: of them there may be as many as an identifier holds.
    """
    if sum(len(key.texts) for key in keys.values() if key.VR != "UI") > MOST_VALUES:
        raise QueryRefused("so many values")
    return keys


def narrowing_of(keys: Item) -> Narrowing:
    """Return what of a query can be looked up; the query's own tests decide.

    Series are looked up where nothing else is: a report may leave in another than it is stored in.
    """
    studies, instances = _exact(keys, "StudyInstanceUID"), _exact(keys, "SOPInstanceUID")
    patients, accessions = _exact(keys, "PatientID"), _exact(keys, "AccessionNumber")
    elsewhere = studies or instances or patients or accessions
    return Narrowing(
        studies=studies,
        patients=patients,
        accessions=accessions,
        series=() if elsewhere else _exact(keys, "SeriesInstanceUID"),
        instances=instances,
        days=_days(keys),
        name=_name(keys),
    )


def _texts(keys: Item, keyword: str) -> tuple[str, ...]:
    return tuple(text for text in keys.get(tag_of(keyword), Element("LO")).texts if text)


def _exact(keys: Item, keyword: str) -> tuple[str, ...]:
    wanted = _texts(keys, keyword)
    return () if any(map(has_wildcard, wanted)) else wanted


def _days(keys: Item) -> tuple[str, str] | None:
    wanted = _texts(keys, "StudyDate")
    days = parse_range(wanted[0], to_day) if len(wanted) == 1 else None
    if days is None:
        return None
    first, last = ("" if day is None else da_of(day) for day in (days.low, days.high))
    return first, last


def _name(keys: Item) -> str:
    wanted = _texts(keys, "PatientName")
    groups = [group for group in name_groups(wanted[0]) if group] if len(wanted) == 1 else []
    if not groups:
        return ""
    ends = (place for mark in "*?" if (place := groups[0].find(mark)) >= 0)
    return groups[0][: min(ends, default=None)]


def words_of(keys: Item) -> tuple[str, ...]:
    """Return the words of the name that is asked for, as names are looked up."""
    return sought_words(" ".join(_texts(keys, "PatientName")))


def asks_for_counts(keys: Item) -> bool:
    """Return whether keys ask how much there is of a patient (PS3.4 C.3.4)."""
    return any(keyword_for_tag(tag).startswith("NumberOfPatientRelated") for tag in keys)
