"""STOW-RS (PS3.18 10.5): objects that programs bring, by the same door as C-STORE.

Success is answered when each object is on the disk. One that is refused keeps no other back.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from flask import Response, request

from gdtbridge.archive.judging import FOREIGN, JudgedFile, ObjectCondition, judged_object
from gdtbridge.archive.taking import ObjectTaker
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.values import is_uid
from gdtbridge.errors import (
    NotUnderstood,
    ObjectTooLarge,
    OtherStudy,
    ProcessingFailure,
    SopClassMismatch,
    SopClassNotSupported,
    StoreError,
)
from gdtbridge.logs import describe
from gdtbridge.web.access.principal import concerns, principal
from gdtbridge.web.access.slots import Slots
from gdtbridge.web.dicomweb.datasets import answer_with, failure, reference
from gdtbridge.web.dicomweb.negotiation import MULTIPART, content_of
from gdtbridge.web.dicomweb.place import WebBase
from gdtbridge.web.dicomweb.received_parts import (
    MultipartError,
    ReceivedPart,
    TooManyParts,
    parts_in,
    whole_of,
)
from gdtbridge.web.dicomweb.retrieving import DICOM
from gdtbridge.web.problems import refuse
from worklist import Item
from worklist.item import Element, sequence_element, text_element

log = logging.getLogger(__name__)

UNKNOWN_SENDER: Final = "STOW-RS"
"""AE title of what a program brings that stands for no device."""
FAILURES: Final = {
    "cut": NotUnderstood,
    "no-class": NotUnderstood,
    "no-instance": NotUnderstood,
    "no-syntax": NotUnderstood,
    "mismatch": SopClassMismatch,
    "not-stored": SopClassNotSupported,
}
"""What is answered for the reasons of `judged_object` (PS3.18 Table I.2-2)."""
STORED, FAILED, OTHERS = SEQUENCES = (
    "ReferencedSOPSequence",
    "FailedSOPSequence",
    "OtherFailuresSequence",
)
"""Of an answer: what is stored, what is not, and what is not and has no UID."""
NO_OBJECTS: Final = "Es kam kein Objekt. / No object came."
NO_UID: Final = "Die Study Instance UID im Pfad ist keine UID. / The path's study is no UID."
NOT_PLAIN: Final = "Content-Encoding: bitte unverpackt schicken. / Send it without encoding."
ACCEPTED: Final = f'{MULTIPART}; type="{DICOM}"; boundary=…, {DICOM}'


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """What became of a part: the object in it, and why it was refused; None: it is stored."""

    judged: JudgedFile
    failure: StoreError | None


@dataclass(frozen=True, slots=True)
class StoreCalls:
    """Each call takes the objects of its body, one after the other, and tells of each."""

    taker: ObjectTaker
    base: WebBase
    places: Slots

    def store(self, study: str = "") -> Response:
        """Store the objects of the body, of one study where the address names one."""
        if study and not is_uid(study):
            raise refuse(400, NO_UID)
        body: BinaryIO = request.environ["wsgi.input"]  # whole, in a file: `gdtbridge.web.bodies`
        release = self.places.take()
        try:
            outcomes = [self._store(body, part, study) for part in _parts(body)]
        finally:
            release()
        stored = [one.judged for one in outcomes if one.failure is None]
        studies = {one.StudyInstanceUID for one in stored}
        subject = f"study:{studies.pop()}" if len(studies) == 1 else ""
        concerns(subject=subject, detail=f"{len(stored)} / {len(outcomes)}")
        return answer_with(store_result(outcomes, self.base.uri()), status_of(outcomes))

    def _store(self, body: BinaryIO, part: ReceivedPart, study: str) -> PartOutcome:
        judged, why = FOREIGN, StoreError()
        try:
            with part.open(body) as file:
                judged = judged_object(file) or FOREIGN
                self._must_fit(judged, part.size, study)
                self.taker.take(file, part.size, judged, principal().aet or UNKNOWN_SENDER)
        except StoreError as error:
            why = error
        except DatasetError:
            why = NotUnderstood("the dataset is damaged")
        except Exception as error:  # noqa: BLE001 - the program is told, whatever it is
            log.error("object not stored: %s", describe(error))
            why = ProcessingFailure("not stored")
        else:
            return PartOutcome(judged, None)
        log.warning("object refused: %s (%04X)", type(why).__name__, why.status)
        return PartOutcome(judged, why)

    def _must_fit(self, judged: JudgedFile, size: int, study: str) -> None:
        if judged.condition is ObjectCondition.FOREIGN:
            raise NotUnderstood("no object")
        if judged.reason:
            raise FAILURES[judged.reason](judged.reason)
        if study and judged.StudyInstanceUID != study:
            raise OtherStudy("of another study")
        if size > self.taker.max_object:
            raise ObjectTooLarge("larger than dicom.max_object_mb")


def _parts(body: BinaryIO) -> Sequence[ReceivedPart]:
    """Return where the files of the body are, one at least; raise `CallRefused`."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise refuse(415, NOT_PLAIN)
    media_type, said = content_of(request)
    try:
        if media_type == DICOM:
            parts = [one for one in (whole_of(body),) if one.size]
        elif media_type == MULTIPART and said.get("type", DICOM).lower() == DICOM:
            parts = parts_in(body, said.get("boundary", ""))
        else:
            raise refuse(415, ACCEPTED)
    except TooManyParts as error:
        raise refuse(413, str(error)) from None
    except MultipartError as error:
        raise refuse(400, str(error)) from None
    if not parts:
        raise refuse(400, NO_OBJECTS)
    return parts


def status_of(outcomes: Sequence[PartOutcome]) -> int:
    """Return the status of an answer (PS3.18 Table 10.5.3-1)."""
    failures = [one.failure for one in outcomes if one.failure is not None]
    if len(failures) < len(outcomes):
        return 202 if failures else 200
    if all(one.retriable for one in failures):
        return 503
    return 413 if all(isinstance(one, ObjectTooLarge) for one in failures) else 409


def store_result(outcomes: Sequence[PartOutcome], base: str) -> Item:
    """Return the Store Instances Response (PS3.18 Annex I.2), below the services' URI."""
    sequences: dict[str, list[Item]] = {name: [] for name in SEQUENCES}
    for one in outcomes:
        judged = one.judged
        kind = judged.SOPClassUID if is_uid(judged.SOPClassUID) else ""
        named = reference(kind, judged.SOPInstanceUID)
        if one.failure is None:
            sequences[STORED].append(named | dict([_url(base, judged)]))
        elif is_uid(judged.SOPInstanceUID):
            sequences[FAILED].append(named | failure(one.failure.status))
        else:
            sequences[OTHERS].append(failure(one.failure.status))
    studies = {one.judged.StudyInstanceUID for one in outcomes if one.failure is None}
    known = [uid for uid in studies if is_uid(uid)]
    url = f"{base}/studies/{known[0]}" if len(studies) == len(known) == 1 else ""
    told = [sequence_element(name, *items) for name, items in sequences.items() if items]
    return dict([text_element("RetrieveURL", url), *told] if url else told)


def _url(base: str, judged: JudgedFile) -> tuple[int, Element]:
    """Return where an object can be fetched; empty where it does not say study and series."""
    study, series = judged.StudyInstanceUID, judged.SeriesInstanceUID
    known = is_uid(study) and is_uid(series)
    path = f"/studies/{study}/series/{series}/instances/{judged.SOPInstanceUID}"
    return text_element("RetrieveURL", base + path if known else "")
