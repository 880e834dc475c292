"""The worklist query of a simulated device: many empty keys, as talkative devices send."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gdtbridge.dataset.values import da_text
from gdtbridge.simulator.exam import LATIN_1

CODE_KEYS: Final = ("CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning")
REFERENCE_KEYS: Final = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")


def worklist_query(station: str, now: datetime, charset: str = LATIN_1) -> Dataset:
    """Return the identifier of a Modality Worklist C-FIND for the ultrasound of one day.

    ``station`` is matched as Scheduled Station AE Title, the day of ``now`` as a range. ``charset``
    is the Specific Character Set of the query; an empty one is not sent.
    """
    today = da_text(now)
    step = _empty(*_keys("step"))
    step.Modality = "US"
    step.ScheduledStationAETitle = station
    step.ScheduledProcedureStepStartDate = f"{today}-{today}"
    step.ScheduledProtocolCodeSequence = Sequence([_empty(*CODE_KEYS)])
    query = _empty(*_keys("root"))
    if charset:
        query.SpecificCharacterSet = charset
    query.RequestedProcedureCodeSequence = Sequence([_empty(*CODE_KEYS)])
    query.ReferencedStudySequence = Sequence([_empty(*REFERENCE_KEYS)])
    query.ReferencedPatientSequence = Sequence([_empty(*REFERENCE_KEYS)])
    query.ScheduledProcedureStepSequence = Sequence([step])
    return query


def _keys(level: str) -> list[str]:
    text = resources.files("gdtbridge.simulator").joinpath("query.tsv").read_text("ascii")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return [keyword for place, keyword in rows if place == level]


def _empty(*keywords: str) -> Dataset:
    ds = Dataset()
    for keyword in keywords:
        setattr(ds, keyword, None)
    return ds
