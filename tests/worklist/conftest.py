"""Builders of entries and of queries as a device sends them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from worklist import Entry, EntryFields, WorklistFolder, make_entry

Make = Callable[..., Entry]
Ask = Callable[..., Dataset]

MORNING = datetime.fromisoformat("2024-01-15 10:30:15")

STEP_KEYS = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepStatus",
)
ROOT_KEYS = (
    "AccessionNumber",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
)


def element(keyword: str, value: str) -> DataElement:
    """Return an element with any value at all, unchecked."""
    return DataElement(
        keyword,
        dictionary_VR(keyword),
        value,
        already_converted=dictionary_VR(keyword) != "PN",
        validation_mode=config.IGNORE,
    )


def as_received(dataset: Dataset) -> Dataset:
    """Return ``dataset`` as it comes from the network: decoded no further than needed."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = True, True
    write_dataset(buffer, dataset)
    return read_dataset(BytesIO(buffer.getvalue()), is_implicit_VR=True, is_little_endian=True)


@pytest.fixture
def make() -> Make:
    """Return a maker of valid entries, each with an accession number of its own."""
    numbers = count(1)

    def entry(**changes: object) -> Entry:
        fields: EntryFields = {
            "AccessionNumber": f"R{next(numbers):010d}",
            "PatientID": "4711",
            "PatientName": "Müller^Hans",
            "PatientBirthDate": date(1961, 5, 4),
            "PatientSex": "M",
            "Modality": "US",
            "ScheduledStationAETitle": "US01",
            "RequestedProcedureDescription": "Abdomen",
            "ScheduledPerformingPhysicianName": "Meier^Anna",
            "scheduled": MORNING,
            "created": MORNING,
        }
        fields.update(changes)  # type: ignore[typeddict-item]
        return make_entry(**fields)

    return entry


@pytest.fixture
def ask() -> Ask:
    """Return a maker of queries: all the usual keys, universal unless a value is given."""

    def query(*, charset: str = "", **values: str) -> Dataset:
        dataset, step = Dataset(), Dataset()
        if charset:
            dataset.SpecificCharacterSet = charset
        for keyword in {*ROOT_KEYS, *values} - set(STEP_KEYS):
            dataset.add(element(keyword, values.get(keyword, "")))
        for keyword in STEP_KEYS:
            step.add(element(keyword, values.get(keyword, "")))
        dataset.ScheduledProcedureStepSequence = [step]
        return as_received(dataset)

    return query


@pytest.fixture
def folder(tmp_path: Path) -> WorklistFolder:
    """Return an empty worklist that looks at its folder at every call."""
    return WorklistFolder(tmp_path / "worklist", interval_seconds=0.0)
