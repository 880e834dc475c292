"""The query of a preview: what a device asked last, for today; or what devices usually ask."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import Final

from pydicom import Dataset, config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement

from gdtbridge.dataset.values import da_text, to_date
from worklist import item_from, items_of, text_of

ROOT_KEYS: Final = (
    "AccessionNumber",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureDescription",
    "RequestedProcedureID",
)
STEP_KEYS: Final = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
)
STEP: Final = "ScheduledProcedureStepSequence"
DAY: Final = "ScheduledProcedureStepStartDate"


def default_query(today: date) -> Dataset:
    """Return the query most devices begin with: everything of today."""
    query, step = Dataset(), Dataset()
    for dataset, keywords in ((query, ROOT_KEYS), (step, STEP_KEYS)):
        for keyword in keywords:
            dataset.add(DataElement(keyword, dictionary_VR(keyword), ""))
    step.ScheduledProcedureStepStartDate = da_text(today)
    query.ScheduledProcedureStepSequence = [step]
    return query


def moved_to(query: Dataset, asked_on: date, today: date) -> tuple[Dataset, bool]:
    """Return a query with its days as far from ``today`` as they were from the day it was asked.

    The second value tells whether a day was moved. What is no day stays as it is.
    """
    step = next(iter(items_of(item_from(query), STEP)), {})
    days = text_of(step, DAY)
    later = _later(days, today - asked_on)
    if later == days:
        return query, False
    moved = deepcopy(query)
    element = DataElement(DAY, "DA", later, already_converted=True, validation_mode=config.IGNORE)
    moved[STEP].value[0].add(element)
    return moved, True


def _later(days: str, by: timedelta) -> str:
    """Return a DA key, a day or a range of two (PS3.4 C.2.2.2.5), so much later."""
    found = [(part, to_date(part.strip())) for part in days.split("-")]
    if not by or any(part and day is None for part, day in found):
        return days
    return "-".join(da_text(day + by) if day is not None else "" for _, day in found)
