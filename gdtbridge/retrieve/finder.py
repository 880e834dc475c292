"""The search through the archive: patients, studies, series and objects, as they were decided.

A study is found for each of its people by itself, with that person's objects, and once where they
are in one chart. Who may not see what is held is not told of it, nor is it counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydicom import Dataset

from gdtbridge.database import Connection, Database
from gdtbridge.retrieve import store
from gdtbridge.retrieve.attributes import QueryLevel, tables_of
from gdtbridge.retrieve.broad_searches import BroadSearches
from gdtbridge.retrieve.items import (
    ListedStudy,
    by_chart,
    item_of,
    items_of,
    listed_as_it_leaves,
    objects_in,
    patient_item,
    series_of,
)
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.people import people_of
from gdtbridge.retrieve.query_keys import (
    asks_for_counts,
    bounded,
    level_of,
    named_by,
    narrowing_of,
    words_of,
)
from gdtbridge.retrieve.store import ListedObject, Narrowing
from gdtbridge.viewing.store import bytes_key
from worklist import AnswerCharset, Match, MatchPolicy
from worklist.answers import Projection, answer_to
from worklist.item import Item, item_from
from worklist.query import Query

_IDENTITY: Final = {
    "PatientID": "patient_id",
    "PatientName": "patient_name",
    "PatientBirthDate": "patient_birth_date",
    "PatientSex": "patient_sex",
    "AccessionNumber": "accession_number",
}
"""What was decided of an exam, and its column or field."""

ONLINE: Final = "ONLINE"
"""Instance Availability (0008,0056): every object the index names can be had at once."""


def _never() -> bool:
    return False


def _nothing(_connection: Connection, _exams: Sequence[int]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class OneStudy:
    """The part of a study that is decided to be of one patient number."""

    study_instance_uid: str
    patient_id: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: whether it sees what is held or not decided yet, and how it is answered.

    Who is shown ``only`` one study never sees anything else, nor what is held.
    """

    sees_held: bool = False
    charset: AnswerCharset = AnswerCharset.DEVICE
    only: OneStudy | None = None

    def sees(self, study: ListedStudy) -> bool:
        """Return whether a study is shown to who asks."""
        if self.only is None:
            return study.is_decided or self.sees_held
        shown = OneStudy(study.exam.study_instance_uid, study.patient_id)
        return study.is_decided and shown == self.only

    def narrowed(self, narrowing: Narrowing) -> Narrowing:
        """Return what can be looked up of a query, given what is shown at all."""
        if self.only is None or narrowing.studies:
            return narrowing
        return replace(narrowing, studies=(self.only.study_instance_uid,))


class ArchiveFinder:
    """Answers queries by level; changes nothing. Thread-safe."""

    def __init__(self, database: Database, folder: Path, aet: str) -> None:
        """Search ``database``, whose files lie below ``folder``.

        ``aet`` is the AE title objects can be retrieved from.
        """
        self.broad = BroadSearches()
        self._database = database
        self._folder = folder
        self._aet = aet

    def find(
        self, query: Dataset, *, viewer: Viewer, is_cancelled: Callable[[], bool] = _never
    ) -> Iterator[Match]:
        """Return the answers to a Query/Retrieve identifier (PS3.4 C.4.1), newest exams first.

        The work for an answer is done when it is asked for. A search that finds nothing among many
        exams ends when ``is_cancelled``, which is asked now and then. Raises `QueryRefused` at
        once, and a `StoreError` where the index cannot be read.
        """
        return self.answers(item_from(query), viewer=viewer, is_cancelled=is_cancelled)

    def answers(
        self, asked: Item, *, viewer: Viewer, is_cancelled: Callable[[], bool] = _never
    ) -> Iterator[Match]:
        """Return the answers to keys, as `find` does."""
        keys, wanted, items = self._found(asked, viewer, is_cancelled)
        tables = tables_of(level_of(keys))
        return (answer_to(keys, item, wanted, tables) for item in items)

    def items(
        self,
        asked: Item,
        *,
        viewer: Viewer,
        is_cancelled: Callable[[], bool] = _never,
        fuzzy_names: bool = False,
    ) -> Iterator[Item]:
        """Return what the answers to keys say, whatever the characters, as `answers` does.

        With ``fuzzy_names`` they match names as `MatchPolicy` says.
        """
        keys, wanted, items = self._found(asked, viewer, is_cancelled, fuzzy_names=fuzzy_names)
        projection = Projection(keys, tables_of(level_of(keys)))
        return (wanted.as_named(projection.of(item)) for item in items)

    def _found(
        self,
        asked: Item,
        viewer: Viewer,
        is_cancelled: Callable[[], bool],
        *,
        fuzzy_names: bool = False,
    ) -> tuple[Item, Query, Iterator[Item]]:
        """Return what is asked, as keys and read, and all there is to say of what matches."""
        level = level_of(asked)
        keys = {**asked, **item_of(QueryRetrieveLevel=level)}  # it may have been told otherwise
        policy = MatchPolicy(
            charset=viewer.charset, attributes=tables_of(level), fuzzy_names=fuzzy_names
        )
        wanted = Query.of(bounded(keys), policy)
        narrowing = narrowing_of(keys)
        if fuzzy_names:
            narrowing = replace(narrowing, words=words_of(keys))
        studies = by_chart(self.studies(narrowing, viewer, is_cancelled))
        if level is QueryLevel.PATIENT:
            items = self._patients(studies, keys, wanted, viewer)
        else:
            items = self._matching(studies, level, wanted)
        always = self._always(level)
        return keys, wanted, ({**item, **always} for item in items)

    def leaving(self, query: Dataset, *, viewer: Viewer) -> Iterator[LeavingObject]:
        """Return the objects a Retrieve identifier names (PS3.4 C.4.2.1.4), as they are to leave.

        Raises as `find` does, and where nothing is named (`named_by`).
        """
        return (leaving for _, _, leaving in self.named(item_from(query), viewer=viewer))

    def named(
        self, keys: Item, *, viewer: Viewer
    ) -> Iterator[tuple[ListedStudy, ListedObject, LeavingObject]]:
        """Return what keys name, as `leaving` does, with the study and how the index lists it."""
        named = bounded(named_by(keys))
        tables = tables_of(QueryLevel.IMAGE)
        wanted = Query.of(named, MatchPolicy(attributes=tables))
        return (
            (study, one, self.as_it_leaves(study, one))
            for study in self.studies(narrowing_of(named), viewer)
            for one, item in objects_in(study)
            if wanted.matches(item)
        )

    def settled(self, study_instance_uid: str) -> Iterator[tuple[ListedObject, LeavingObject]]:
        """Yield the objects of a study of which is decided whose they are, as they are to leave."""
        for study in self.studies(Narrowing(studies=(study_instance_uid,)), Viewer()):
            for one in study.objects:
                yield one, self.as_it_leaves(study, one)

    def stored_syntaxes(self, sop_classes: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Return the transfer syntaxes of all that is kept of each SOP class."""
        with self._database.read() as connection:
            return {uid: store.syntaxes_of(connection, uid) for uid in sop_classes}

    def as_it_leaves(self, study: ListedStudy, one: ListedObject) -> LeavingObject:
        """Return an object of a study under the identity that was decided."""
        said = next(claim for claim in study.exam.claims if claim.id == one.claim_id)
        as_said = {word: str(getattr(said, column)) for word, column in _IDENTITY.items()}
        as_said["PatientID"] = one.PatientID
        decided = {word: str(getattr(study.exam, column)) for word, column in _IDENTITY.items()}
        if said.order_number:  # one study may have been done for several orders
            decided["AccessionNumber"] = said.order_number
        return LeavingObject(
            self._folder / one.file,
            one.SOPClassUID,
            one.SOPInstanceUID,
            one.TransferSyntaxUID,
            as_said,
            decided if study.is_decided else as_said,
            one.head["Manufacturer"],
            bytes_key(one.sha256, one.TransferSyntaxUID),
        )

    def _matching(
        self, studies: Iterable[ListedStudy], level: QueryLevel, wanted: Query
    ) -> Iterator[Item]:
        always = self._always(level)
        for study in studies:
            for item in items_of(study, level):
                if wanted.matches({**item, **always}):
                    yield item

    def _patients(
        self, studies: Iterable[ListedStudy], keys: Item, wanted: Query, viewer: Viewer
    ) -> Iterator[Item]:
        """Yield each patient once, as the newest of the exams says that fits.

        A name that was another before a marriage is found by both.
        """
        always, answered = self._always(QueryLevel.PATIENT), set[object]()
        counts: dict[object, Item] = {}
        for study in studies:
            item = patient_item(study)
            who = study.patient_id or tuple(item.values())  # without a number: as it is told
            if who in answered:
                continue
            if asks_for_counts(keys):
                counted = counts.get(who) or counts.setdefault(who, self._counts(study, viewer))
                item = {**item, **counted}
            if wanted.matches({**item, **always}):
                answered.add(who)
                yield item

    def _always(self, level: QueryLevel) -> Item:
        return item_of(
            QueryRetrieveLevel=level, RetrieveAETitle=self._aet, InstanceAvailability=ONLINE
        )

    def _counts(self, study: ListedStudy, viewer: Viewer) -> Item:
        """Return how much there is of a study's patient."""
        if study.patient_id:
            of_patient = Narrowing(patients=(study.patient_id,))
            found = [
                one
                for one in by_chart(self.studies(of_patient, viewer))
                if one.patient_id == study.patient_id
            ]
        else:
            found = [study]
        return item_of(
            NumberOfPatientRelatedStudies=str(len({one.exam.study_instance_uid for one in found})),
            NumberOfPatientRelatedSeries=str(sum(len(series_of(one)) for one in found)),
            NumberOfPatientRelatedInstances=str(sum(len(one.objects) for one in found)),
        )

    def studies(
        self,
        narrowing: Narrowing,
        viewer: Viewer,
        is_cancelled: Callable[[], bool] = _never,
        *,
        before: int | None = None,
        beside: Callable[[Connection, Sequence[int]], None] = _nothing,
    ) -> Iterator[ListedStudy]:
        """Yield the studies that can match, for each of their people; the newest exams first.

        Ends when ``is_cancelled``, at the next page of exams; begins behind the exam ``before``.
        ``beside`` reads further of each page's exams (ids), at the moment the page is read.
        """
        narrowing = viewer.narrowed(narrowing)
        while not is_cancelled():
            with self._database.read() as connection:
                exams = store.exams_to_look_at(connection, narrowing, before)
                found = people_of(connection, exams)
                objects: dict[int, list[ListedObject]] = {}
                for held in store.objects_of(connection, [exam.id for exam in exams]):
                    objects.setdefault(held.exam_id, []).append(listed_as_it_leaves(held))
                beside(connection, [exam.id for exam in exams])
            for one, is_decided in found:
                claims = {claim.id for claim in one.claims}
                of_exam = objects.get(one.id, ())
                theirs = tuple(held for held in of_exam if held.claim_id in claims)
                study = ListedStudy(one, theirs, is_decided)
                if theirs and viewer.sees(study):
                    yield study
            if len(exams) < store.PAGE:
                return
            before = exams[-1].id
