"""What the dataset of an N-CREATE or N-SET says (PS3.4 Table F.7.2-1), read leniently.

Devices leave out what the standard demands, and put the study's UID and the accession number at
the top or into a reference: what is there is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Final

from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import LONGEST_KEY
from gdtbridge.dataset.parser import Item, WantedElements, parse_file
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import TextDecoder, plain_text
from gdtbridge.dataset.values import is_uid
from gdtbridge.exams.steps.model import ScheduledStep, StepFacts, StepFault, StepRefused

MOST_BYTES: Final = 1024 * 1024
"""Of one dataset, also inflated: room for some 8,000 references, devices send hundreds."""
MOST_SCHEDULED: Final = 50

_REFERENCES: Final = (
    Tag.ReferencedImageSequence,
    Tag.ReferencedNonImageCompositeSOPInstanceSequence,
)
_TEXTS: Final = {
    "patient_id": Tag.PatientID,
    "patient_name": Tag.PatientName,
    "patient_birth_date": Tag.PatientBirthDate,
    "patient_sex": Tag.PatientSex,
    "description": Tag.PerformedProcedureStepDescription,
}
_WANTED: Final = WantedElements(
    values=frozenset(
        {
            *_TEXTS.values(),
            Tag.SpecificCharacterSet,
            Tag.SOPInstanceUID,
            Tag.AccessionNumber,
            Tag.CodeValue,
            Tag.CodeMeaning,
            Tag.ReferencedSOPInstanceUID,
            Tag.StudyInstanceUID,
            Tag.PerformedProcedureStepStatus,
        }
    ),
    sequences=frozenset(
        {
            *_REFERENCES,
            Tag.ReferencedStudySequence,
            Tag.ScheduledStepAttributesSequence,
            Tag.PerformedProcedureStepDiscontinuationReasonCodeSequence,
            Tag.PerformedSeriesSequence,
        }
    ),
    longest=64 * 1024,
    most_steps=200_000,
    most_items=20_000,
    deepest=16,
)


def facts_in(content: bytes, transfer_syntax_uid: str) -> StepFacts:
    """Return what a dataset says; raise `StepRefused` for one that cannot be read."""
    if not content:
        raise StepRefused(StepFault.NO_DATASET)
    try:
        parsed = parse_file(
            BytesIO(content),
            transfer_syntax_uid,
            _WANTED,
            most_inflated=MOST_BYTES,
            size=len(content),
        )
    except DatasetError as error:
        raise StepRefused(StepFault.UNREADABLE) from error
    if parsed.damaged or parsed.cut:
        raise StepRefused(StepFault.UNREADABLE)
    return _facts(parsed.root)


def _facts(root: Item) -> StepFacts:
    text = TextDecoder(root.values.get(Tag.SpecificCharacterSet, b""), longest=LONGEST_KEY)
    reasons = root.sequences.get(Tag.PerformedProcedureStepDiscontinuationReasonCodeSequence, [])
    reason = reasons[0] if reasons else Item()
    return StepFacts(
        sop_instance_uid=_uid(root, Tag.SOPInstanceUID),
        state=plain_text(root.values.get(Tag.PerformedProcedureStepStatus, b"")),
        reason_code=text(reason.values.get(Tag.CodeValue, b"")),
        reason=text(reason.values.get(Tag.CodeMeaning, b"")),
        scheduled=_scheduled(root, text),
        instances=_instances(root.sequences.get(Tag.PerformedSeriesSequence)),
        **{name: text(root.values.get(tag, b"")) for name, tag in _TEXTS.items()},
    )


def _scheduled(root: Item, text: TextDecoder) -> tuple[ScheduledStep, ...]:
    """Return what was scheduled, each once; what stands at the top where no sequence says it."""
    items = root.sequences.get(Tag.ScheduledStepAttributesSequence, [])[:MOST_SCHEDULED]
    found = dict.fromkeys(_scheduled_in(item, text) for item in items)
    found = found or dict.fromkeys([_scheduled_in(root, text)])
    return tuple(one for one in found if one.study_instance_uid or one.accession_number)


def _scheduled_in(item: Item, text: TextDecoder) -> ScheduledStep:
    study = _uid(item, Tag.StudyInstanceUID)
    references = _references(item.sequences.get(Tag.ReferencedStudySequence, []))
    number = text(item.values.get(Tag.AccessionNumber, b""))
    return ScheduledStep(study or next(references, ""), number)


def _instances(series: Iterable[Item] | None) -> tuple[str, ...] | None:
    if series is None:
        return None
    referenced = (
        uid
        for one in series
        for tag in _REFERENCES
        for uid in _references(one.sequences.get(tag, []))
    )
    return tuple(dict.fromkeys(referenced))


def _references(items: Iterable[Item]) -> Iterator[str]:
    found = (_uid(item, Tag.ReferencedSOPInstanceUID) for item in items)
    return (uid for uid in found if uid)


def _uid(item: Item, tag: Tag) -> str:
    uid = plain_text(item.values.get(tag, b""))
    return uid if is_uid(uid) else ""
