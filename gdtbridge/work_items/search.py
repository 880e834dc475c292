"""The search for work items (PS3.18 11.9): newest orders first, matched as worklists are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import to_instant
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import OrderState
from gdtbridge.retrieve.broad_searches import BroadSearches, SearchTooBroad
from gdtbridge.retrieve.dicom_json import JsonDataset, json_dataset
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.retrieve.web_keys import key_item, tags_named
from gdtbridge.retrieve.web_search import MOST_FIELDS
from gdtbridge.work_items import store
from gdtbridge.work_items.attributes import NEVER_TOLD, search_tables
from gdtbridge.work_items.form import REQUEST
from gdtbridge.work_items.loading import work_item_of
from gdtbridge.work_items.model import WorkItem, WorkItemState
from gdtbridge.work_items.reading import local_of
from worklist import MatchPolicy, Query
from worklist.answers import Projection
from worklist.attributes import ROOT
from worklist.item import (
    SPECIFIC_CHARACTER_SET,
    Element,
    Item,
    items_of,
    tag_of,
    text_of,
    texts_of,
    vr_of,
)
from worklist.text import has_wildcard

PAGE: Final = 200
"""Orders read at once."""
START: Final = "ScheduledProcedureStepStartDateTime"
_ORDER_STATES: Final = {
    WorkItemState.SCHEDULED: OrderState.ORDERED,
    WorkItemState.IN_PROGRESS: OrderState.ORDERED,
    WorkItemState.COMPLETED: OrderState.DONE,
}
_DAY: Final = 8
"""Digits of a DT value that names a day."""
_END_OF_DAY: Final = "235959.999999"


@dataclass(frozen=True, slots=True)
class WorkItemSearch:
    """Answers searches. Thread-safe."""

    database: Database
    broad: BroadSearches

    def find(
        self,
        keys: Sequence[tuple[str, str]],
        fields: Sequence[str],
        *,
        fuzzy_names: bool = False,
    ) -> Iterator[JsonDataset]:
        """Return the matches; the work is done as they are asked for.

        ``keys`` are names of attributes with a value, ``fields`` further ones to be answered, or
        ``all`` (`gdtbridge.retrieve.web_search.WebQuery`). Raises `QueryRefused` at once for a
        value no attribute of its kind can have, `SearchTooBroad` when it takes too long, and
        `SearchesBusy` where others do.
        With ``fuzzy_names`` keys match names as `worklist.MatchPolicy` says.
        """
        if len(keys) + len(fields) > MOST_FIELDS:
            raise QueryRefused("so many attributes")
        asked = asked_keys(keys)
        answered = {**_answered(fields), **asked}
        found = self._matching(asked, query_of(asked, fuzzy_names=fuzzy_names))
        return self._answers(found, answered, wants_all="all" in fields)

    def _answers(
        self, found: Iterable[WorkItem], answered: Item, *, wants_all: bool
    ) -> Iterator[JsonDataset]:
        for one in found:
            item = one.item
            if not wants_all:
                item = Projection(answered, search_tables()).of(item)
            yield json_dataset({**item, SPECIFIC_CHARACTER_SET: Element("CS")})

    def _matching(self, asked: Item, query: Query) -> Iterator[WorkItem]:
        """Yield the work items that fit, the newest first."""
        before: int | None = None
        with self.broad.run() as run:
            while not run.is_late():
                with self.database.read() as connection:
                    numbers = _narrowed(connection, asked, before)
                    orders = order_store.orders_by_id(connection, numbers)
                    kept = store.kept_of(connection, orders)
                    found = [work_item_of(connection, order, kept[order.id]) for order in orders]
                yield from (one for one in found if query.matches(one.item))
                if len(numbers) < PAGE:
                    return
                before = numbers[-1]
        raise SearchTooBroad(f"{START}, ProcedureStepState, PatientID")


def query_of(asked: Item, *, fuzzy_names: bool = False) -> Query:
    """Return the tests of keys; those of one sequence are met by one item."""
    days = {tag: _whole_days(key) if key.VR == "DT" else key for tag, key in asked.items()}
    return Query.of(days, MatchPolicy(attributes=search_tables(), fuzzy_names=fuzzy_names))


def asked_keys(keys: Sequence[tuple[str, str]]) -> Item:
    """Return keys by tag, without what is never told; raise `QueryRefused`."""
    never = tag_of(NEVER_TOLD)
    return {tag: key for tag, key in key_item(keys).items() if tag != never}


def _answered(fields: Sequence[str]) -> Item:
    named = (tags_named(name) for name in fields if name != "all")
    further = {tags[0]: Element(vr_of(tags[0])) for tags in named if tags}
    further.pop(tag_of(NEVER_TOLD), None)
    unasked = search_tables().type_1[ROOT]
    return {**{tag: Element(vr_of(tag)) for tag in unasked}, **further}


def _whole_days(key: Element) -> Element:
    """Return a key for a time, of which a day means all of it."""
    span = _span(key)
    if span is None or (span[0] == span[1] and len(span[0]) != _DAY):
        return key
    first, last = span
    return replace(key, texts=(f"{first}-{last + _END_OF_DAY if len(last) == _DAY else last}",))


def _span(key: Element) -> tuple[str, str] | None:
    """Return the first and last time of a key, each empty where it is open.

    None for a key of several values, and where offsets from UTC are said.
    """
    text = "".join(key.texts)
    if len(key.texts) != 1 or "+" in text or ("-" in text and to_instant(text) is not None):
        return None
    first, dash, last = text.partition("-")
    return first, last if dash else first


def _narrowed(connection: Connection, asked: Item, before: int | None) -> list[int]:
    """Return the ids of the next orders that may fit."""
    uid = text_of(asked, "SOPInstanceUID")
    if uid and len(texts_of(asked, "SOPInstanceUID")) == 1:
        order = store.order_with(connection, uid)
        return [order.id] if order is not None and before is None else []
    return store.order_ids(connection, _columns(asked), _days(asked), before, PAGE)


def _columns(asked: Item) -> Mapping[str, str]:
    request: Item = next(iter(items_of(asked, REQUEST)), {})
    columns = {
        "patient_id": _exact(asked, "PatientID"),
        "study_instance_uid": _exact(asked, "StudyInstanceUID"),
        "accession_number": _exact(request, "AccessionNumber"),
    }
    state = _exact(asked, "ProcedureStepState")
    if state in _ORDER_STATES:
        columns["state"] = _ORDER_STATES[WorkItemState(state)]
    return {column: value for column, value in columns.items() if value}


def _exact(asked: Item, keyword: str) -> str:
    texts = texts_of(asked, keyword)
    return texts[0] if len(texts) == 1 and not has_wildcard(texts[0]) else ""


def _days(asked: Item) -> tuple[str, str]:
    """Return the first and last local time asked for (ISO 8601), each empty where it is open."""
    span = _span(_whole_days(asked.get(tag_of(START), Element("DT"))))
    low, high = (local_of(text) for text in span or ("", ""))
    return (low.isoformat() if low else "", high.isoformat() if high else "")
