"""What a patient, a study, a series and an object say in answers (PS3.4 C.6), as items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from pydicom import Dataset

from gdtbridge.devices.quirks import as_it_leaves, quirks_of
from gdtbridge.exams.model import PatientExam
from gdtbridge.retrieve.attributes import QueryLevel
from gdtbridge.retrieve.store import ListedObject
from worklist.item import Element, Item, tag_of, vr_of


@dataclass(frozen=True, slots=True)
class ListedStudy:
    """A study as it is one person's: the exam under the identity that was decided, its objects.

    ``is_decided`` is False where a person, or time, has still to say whose it is; the identity is
    then what the device said.
    """

    exam: PatientExam
    objects: tuple[ListedObject, ...]
    is_decided: bool

    @property
    def patient_id(self) -> str:
        """The number of the patient it is of."""
        return self.exam.patient_id

    @property
    def chart(self) -> str:
        """The number of the chart it is in; empty where nobody, or time, has said so.

        What another archive has of a patient is in no chart unless it was assigned here.
        """
        is_in = self.is_decided and any(one.number for one in self.exam.claims)
        return self.patient_id if is_in else ""


def by_chart(studies: Iterable[ListedStudy]) -> Iterator[ListedStudy]:
    """Yield studies, of each the parts that are in one chart as one; those of an exam follow."""
    for _, found in groupby(studies, key=lambda one: one.exam.id):
        parts: dict[object, list[ListedStudy]] = {}
        for place, one in enumerate(found):
            parts.setdefault(one.chart or place, []).append(one)
        yield from map(in_one_chart, parts.values())


def in_one_chart(studies: Sequence[ListedStudy]) -> ListedStudy:
    """Return the parts of a study that are in one chart as one part.

    Of two people a device named somebody may have said that both are one, or their charts became
    one: the identity is that of the first.
    """
    first, *others = studies
    if not others:
        return first
    claims = sorted((one for part in studies for one in part.exam.claims), key=lambda one: one.id)
    objects = sorted((one for part in studies for one in part.objects), key=lambda o: o.instance_id)
    instances = sum(part.exam.instances for part in studies)
    exam = replace(first.exam, claims=tuple(claims), instances=instances)
    return replace(first, exam=exam, objects=tuple(objects))


def listed_as_it_leaves(one: ListedObject) -> ListedObject:
    """Return an object in the series and of the modality that others get it with.

    A known fault of its maker is put right when it leaves (`gdtbridge.devices.quirks`): who asks
    where it is and then fetches it gets what it was told.
    """
    said = (one.SOPClassUID, one.SeriesInstanceUID, one.head["Modality"])
    series, modality = _put_right(one.head["Manufacturer"], one.TransferSyntaxUID, *said)
    if (series, modality) == said[1:]:
        return one
    head = {**one.head, "Modality": modality}
    return replace(one, SeriesInstanceUID=series, head=head)


@lru_cache(maxsize=4096)
def _put_right(
    manufacturer: str, transfer_syntax: str, sop_class: str, series: str, modality: str
) -> tuple[str, str]:
    """Return the Series Instance UID and the modality an object leaves with."""
    dataset = Dataset()
    dataset.Manufacturer = manufacturer
    if not quirks_of(dataset):
        return series, modality
    dataset.SOPClassUID = sop_class
    dataset.SeriesInstanceUID, dataset.Modality = series, modality
    leaving = as_it_leaves(dataset, transfer_syntax)
    return str(leaving.SeriesInstanceUID or ""), str(leaving.Modality or "")


def items_of(study: ListedStudy, level: QueryLevel) -> Iterator[Item]:
    """Yield what a study says at a level below the patient's: itself, its series or objects."""
    if level is QueryLevel.IMAGE:
        yield from (item for _, item in objects_in(study))
        return
    above = {**patient_item(study), **_study_item(study)}
    if level is QueryLevel.STUDY:
        yield above
        return
    for objects in series_of(study).values():
        yield {**above, **_series_item(objects)}


def objects_in(study: ListedStudy) -> Iterator[tuple[ListedObject, Item]]:
    """Yield each object with its item, which has the attributes of every level."""
    above = {**patient_item(study), **_study_item(study)}
    for objects in series_of(study).values():
        series = {**above, **_series_item(objects)}
        for one in objects:
            yield one, {**series, **_object_item(one)}


def series_of(study: ListedStudy) -> Mapping[str, list[ListedObject]]:
    """Return the objects by Series Instance UID."""
    series: dict[str, list[ListedObject]] = {}
    for one in study.objects:
        series.setdefault(one.SeriesInstanceUID, []).append(one)
    return series


def patient_item(study: ListedStudy) -> Item:
    """Return what the patient of a study says."""
    one = study.exam
    return item_of(
        PatientID=one.patient_id,
        PatientName=one.patient_name,
        PatientBirthDate=one.patient_birth_date,
        PatientSex=one.patient_sex,
    )


def _study_item(study: ListedStudy) -> Item:
    one, objects = study.exam, study.objects
    return item_of(
        StudyInstanceUID=one.study_instance_uid,
        StudyDate=one.study_date,
        StudyTime=one.study_time,
        AccessionNumber=one.accession_number,
        StudyDescription=one.study_description,
        StudyID=_said(objects, "StudyID"),
        ReferringPhysicianName=_said(objects, "ReferringPhysicianName"),
        InstitutionName=_said(objects, "InstitutionName"),
        Modality=_all(held.head["Modality"] for held in objects),
        ModalitiesInStudy=_all(held.head["Modality"] for held in objects),
        SOPClassesInStudy=_all(held.SOPClassUID for held in objects),
        NumberOfStudyRelatedSeries=str(len(series_of(study))),
        NumberOfStudyRelatedInstances=str(len(objects)),
    )


def _series_item(objects: Sequence[ListedObject]) -> Item:
    words = ("SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime", "BodyPartExamined")
    device = ("Manufacturer", "ManufacturerModelName", "StationName", "Rows", "Columns")
    return item_of(
        SeriesInstanceUID=objects[0].SeriesInstanceUID,
        Modality=_said(objects, "Modality"),
        NumberOfSeriesRelatedInstances=str(len(objects)),
        **{word: _said(objects, word) for word in (*words, *device)},
    )


def _object_item(one: ListedObject) -> Item:
    words = ("InstanceNumber", "ContentDate", "ContentTime", "NumberOfFrames")
    pixels = ("Rows", "Columns", "BitsAllocated")
    return item_of(
        SOPInstanceUID=one.SOPInstanceUID,
        SOPClassUID=one.SOPClassUID,
        AvailableTransferSyntaxUID=one.TransferSyntaxUID,
        **{word: one.head[word] for word in (*words, *pixels)},
    )


def _said(objects: Iterable[ListedObject], keyword: str) -> str:
    return next((text for one in objects if (text := one.head[keyword])), "")


def _all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({text for text in texts if text}))


def item_of(**values: str | tuple[str, ...]) -> Item:
    """Return the elements of some keywords; numbers that are binary are numbers."""
    return {
        tag: _element(vr_of(tag), value)
        for keyword, value in values.items()
        if (tag := tag_of(keyword))
    }


def _element(VR: str, value: str | tuple[str, ...]) -> Element:  # noqa: N803
    several = (value,) if isinstance(value, str) else value
    texts = tuple([text for text in several if text])
    if VR == "US":
        return Element(VR, other=int(texts[0]) if texts else None)
    return Element(VR, texts=texts)
