"""The search by web (QIDO-RS, PS3.18 8.3.4 and 10.6) in the words of Query/Retrieve.

A query of the web has the same keys, is matched the same way and answered from the same index as
one of DIMSE; here parameters become keys, and answers become DICOM JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from gdtbridge.retrieve.attributes import ALWAYS, QueryLevel, keywords
from gdtbridge.retrieve.broad_searches import SECONDS, SearchRun, SearchTooBroad
from gdtbridge.retrieve.dicom_json import JsonDataset, json_dataset
from gdtbridge.retrieve.finder import ArchiveFinder, OneStudy, Viewer
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.retrieve.web_keys import key_element, key_item, tags_named
from gdtbridge.tsv import table
from worklist import AnswerCharset
from worklist.item import Element, Item, tag_of, vr_of

MOST_FIELDS: Final = 1000
"""Attributes and values a search may name; beyond that nobody means what they ask."""
_NAMED_BY: Final = MappingProxyType(
    {QueryLevel.STUDY: "StudyInstanceUID", QueryLevel.SERIES: "SeriesInstanceUID"}
)
_LEVEL: Final = tag_of("QueryRetrieveLevel")
_CHARACTER_SET: Final = tag_of("SpecificCharacterSet")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebQuery:
    """A search: its level, the UIDs its path names, and what its parameters say.

    ``keys`` are names of attributes (keyword, or eight hexadecimal digits, below sequences divided
    by dots) with a value; ``fields`` are further attributes to be answered, or ``all``.
    """

    level: QueryLevel
    path: Mapping[str, str]
    keys: Sequence[tuple[str, str]] = ()
    fields: Sequence[str] = ()
    with_defaults: bool = True
    fuzzy_names: bool = False
    """Whether names are found by words and sounds as well (8.3.4.2)."""


class WebSearch:
    """Answers searches of the web from the archive's index. Thread-safe."""

    def __init__(self, finder: ArchiveFinder) -> None:
        self._finder = finder

    def find(
        self, query: WebQuery, *, sees_held: bool, only: OneStudy | None = None
    ) -> Iterator[JsonDataset]:
        """Return the matches, the newest exams first; the work is done as they are asked for.

        Raises `QueryRefused` at once for a value no attribute of its kind can have; as it is gone
        through `SearchTooBroad` when it takes too long, `SearchesBusy` when others do as well, and
        a `StoreError`.
        """
        keys = dict(_keys(query))
        viewer = Viewer(sees_held, AnswerCharset.UTF_8, only)
        run = self._finder.broad.run()
        found = self._finder.items(
            keys, viewer=viewer, is_cancelled=run.is_late, fuzzy_names=query.fuzzy_names
        )
        return _answers(found, run)


def _answers(found: Iterator[Item], run: SearchRun) -> Iterator[JsonDataset]:
    try:
        for one in found:
            item = dict(one)
            del item[_LEVEL]
            item[_CHARACTER_SET] = Element("CS")
            yield json_dataset(item)
        if run.seconds > SECONDS:
            raise SearchTooBroad("StudyDate, PatientID")
    finally:
        run.end()


def _keys(query: WebQuery) -> Iterator[tuple[int, Element]]:
    """Yield the keys of a query by tag: what is answered, then what is asked for."""
    if len(query.keys) + len(query.fields) > MOST_FIELDS:
        raise QueryRefused("so many attributes")
    for keyword in _answered(query):
        tag = tag_of(keyword)
        yield tag, Element(vr_of(tag))
    for name in query.fields:
        if (tags := tags_named(name)) and name != "all":
            yield tags[0], key_element(tags, "")
    yield from key_item(query.keys).items()
    for keyword, uid in query.path.items():
        yield tag_of(keyword), Element("UI", texts=(uid,))
    yield _LEVEL, Element("CS", texts=(query.level,))


def _answered(query: WebQuery) -> Iterator[str]:
    """Yield what is answered without being named, and everything there is for ``all``."""
    yield from ALWAYS
    yield from (_NAMED_BY[level] for level in query.level.path if level in _NAMED_BY)
    for level in query.level.path:
        if _is_known(level, query):
            continue
        if query.with_defaults:
            yield from _defaults()[level]
        if "all" in query.fields:
            yield from keywords()[level]


def _is_known(level: QueryLevel, query: WebQuery) -> bool:
    """Return whether who asks knows of what is above: the path names it, or something below it."""
    below = query.level.path[query.level.path.index(level) :]
    return any(_NAMED_BY.get(one, "") in query.path for one in below)


@cache
def _defaults() -> Mapping[QueryLevel, Sequence[str]]:
    found: dict[QueryLevel, list[str]] = {level: [] for level in QueryLevel}
    for level, keyword in table("retrieve/web_fields.tsv"):
        found[QueryLevel(level)].append(keyword)
    return MappingProxyType(found)
