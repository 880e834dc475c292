"""The search through the archive: patients, studies, series and objects, as they were decided.

A study is found for each of its people by itself, with that person's objects. Who may not see what
is held is not told of it, nor is it counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydicom import Dataset
from pydicom.datadict import keyword_for_tag

from gdtbridge.database import Connection, Database
from gdtbridge.exams import claim_store, result_store
from gdtbridge.exams.model import Claim, ClaimState, Exam, PatientExam, exam_of
from gdtbridge.exams.studies import is_foreign
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people.folding import sought_words
from gdtbridge.retrieve import store
from gdtbridge.retrieve.attributes import QueryLevel, tables_of, unique_keys
from gdtbridge.retrieve.items import (
    ListedStudy,
    item_of,
    items_of,
    listed_as_it_leaves,
    objects_in,
    patient_item,
    series_of,
)
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.store import ListedObject, Narrowing
from gdtbridge.viewing.store import bytes_key
from worklist import AnswerCharset, Match, MatchPolicy
from worklist.folder import answer_to
from worklist.item import Element, Item, item_from, tag_of, text_of
from worklist.query import Projection, Query
from worklist.temporal import da_of, parse_range, to_day
from worklist.text import has_wildcard, name_groups

_IDENTITY: Final = {
    "PatientID": "patient_id",
    "PatientName": "patient_name",
    "PatientBirthDate": "patient_birth_date",
    "PatientSex": "patient_sex",
    "AccessionNumber": "accession_number",
}
"""What was decided of an exam, and its column or field."""
MOST_VALUES: Final = 256
"""Values other than UIDs in all of a query: each is compared with each study."""
ONLINE: Final = "ONLINE"
"""Instance Availability (0008,0056): every object the index names can be had at once."""


def _never() -> bool:
    return False


class QueryRefused(ValueError):
    """The identifier asks for no level there is; the text says which it names."""


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
        wanted = Query.of(_bounded(keys), policy)
        narrowing = narrowing_of(keys)
        if fuzzy_names:
            narrowing = replace(narrowing, words=_words(keys))
        studies = self.studies(narrowing, viewer, is_cancelled)
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
        named = _bounded(named_by(keys))
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
            if _asks_for_counts(keys):
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
                for one in self.studies(of_patient, viewer)
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
    ) -> Iterator[ListedStudy]:
        """Yield the studies that can match, for each of their people; the newest exams first.

        Ends when ``is_cancelled``, at the next page of exams; begins behind the exam ``before``.
        """
        narrowing = viewer.narrowed(narrowing)
        while not is_cancelled():
            with self._database.read() as connection:
                exams = store.exams_to_look_at(connection, narrowing, before)
                found = _people_of(connection, exams)
                objects: dict[int, list[ListedObject]] = {}
                for held in store.objects_of(connection, [exam.id for exam in exams]):
                    objects.setdefault(held.exam_id, []).append(listed_as_it_leaves(held))
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


def _bounded(keys: Item) -> Item:
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


def _words(keys: Item) -> tuple[str, ...]:
    return sought_words(" ".join(_texts(keys, "PatientName")))


def _people_of(connection: Connection, exams: Sequence[Exam]) -> list[tuple[PatientExam, bool]]:
    """Return exams for each of their people, and whether that person's identity was decided.

    Of one person what waits, or was discarded, stands by itself, as the device said it; and so does
    what went to another chart. What was fetched is with what is in its chart, else by itself: it is
    as the other archive said.
    """
    claims = claim_store.follow(
        connection, claim_store.claims_of_exams(connection, [exam.id for exam in exams])
    )
    of_exam: dict[int, list[Claim]] = {}
    for one in claims:
        of_exam.setdefault(one.exam_id, []).append(one)
    return [
        (_as_decided(connection, exam_of(exam, part)), True)
        if chart
        else (exam_of(exam, part), not person)
        for exam in exams
        for (person, chart), part in _parts(of_exam.get(exam.id, ())).items()
    ]


def _parts(claims: Sequence[Claim]) -> dict[tuple[int, str], list[Claim]]:
    """Return the claims of an exam by person (0: none of its people) and chart."""
    parts: dict[tuple[int, str], list[Claim]] = {}
    for one in claims:
        if one.state is not ClaimState.FETCHED:
            chart = one.number if one.state is ClaimState.SETTLED else ""
            parts.setdefault((one.person, chart), []).append(one)
    charts = {chart: key for key in parts if (chart := key[1])}
    for one in claims:
        if one.state is ClaimState.FETCHED:
            parts.setdefault(charts.get(one.number, (0, one.number)), []).append(one)
    return parts


def _as_decided(connection: Connection, one: PatientExam) -> PatientExam:
    """Return an exam of one person as their chart has it, without an order of another chart."""
    numbers = moves_of(connection, [one.patient_id]).all_of(one.patient_id)
    sent = [
        result
        for result in result_store.results_of(connection, one.id)
        if result.patient_id in numbers
    ]
    accession = next((result.accession_number for result in sent if result.accession_number), "")
    if not accession and not is_foreign(connection, one.accession_number, numbers):
        accession = one.accession_number
    one = replace(one, accession_number=accession)
    if sent:
        last = sent[-1]
        return replace(
            one,
            patient_name=last.patient_name,
            patient_birth_date=last.patient_birth_date,
            patient_sex=last.patient_sex,
        )
    if one.sent_patient_id != one.patient_id:  # what the device said is of another number
        return replace(one, patient_name="", patient_birth_date="", patient_sex="")
    return one


def _asks_for_counts(keys: Item) -> bool:
    return any(keyword_for_tag(tag).startswith("NumberOfPatientRelated") for tag in keys)
