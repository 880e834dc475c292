"""The constancy test (Konstanzprüfung): one B-mode image of each device and transducer.

A KV wants to see device and transducer on a picture that is not older than six months; a made-up
patient is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from gdtbridge.dataset.values import to_date
from gdtbridge.devices import DeviceDirectory
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.store import Narrowing
from gdtbridge.sample_audit import check_store
from gdtbridge.sample_audit.check_list import CaseChecker, check_rows
from gdtbridge.sample_audit.finding import FoundObject
from gdtbridge.sample_audit.model import CaseOutcome, CaseSheet, SampleCase

NEWEST: Final = timedelta(days=183)
"""Six months."""
UNNAMED: Final = "ohne Schallkopf"
"""Stands for a transducer the device does not name."""


@dataclass(frozen=True, slots=True)
class TransducerSheet:
    """A transducer of a device, as the device names it, and its newest B-mode image."""

    aet: str
    """AE title of the device."""
    device: str
    """What the practice calls the device."""
    transducer: str
    """As the device writes it; empty where it does not say."""
    name: str
    """What the practice calls the transducer; empty where it did not say."""
    is_surely_b_mode: bool
    """Whether the picture says that it is a B-mode image; else a person has to look."""
    sheet: CaseSheet


@dataclass(frozen=True, slots=True)
class ConstancyFinder:
    """Finds the picture of each transducer. Thread-safe."""

    checker: CaseChecker
    devices: DeviceDirectory

    def transducers(self, today: date) -> list[TransducerSheet]:
        """Return each device and transducer of the last six months with its newest picture."""
        since = (today - NEWEST).isoformat()
        with self.checker.database.read() as connection:
            rows = check_store.newest_of_transducers(connection, since)
            names = check_store.transducer_names(connection)
            studies = [check_store.study_of(connection, _number_of(row)) for row in rows]
        sheets = (
            self._sheet(place, row, study, names)
            for place, (row, study) in enumerate(zip(rows, studies, strict=True), 1)
        )
        return [one for one in sheets if one is not None]

    def _sheet(
        self,
        place: int,
        row: Any,  # noqa: ANN401
        study: str,
        names: Mapping[tuple[str, str], str],
    ) -> TransducerSheet | None:
        one = self._object(study, _number_of(row))
        if one is None:
            return None
        patient, day = one.study.exam.sent_patient, to_date(one.study.exam.study_date)
        device = self.devices.name_of(row.device) or row.device
        name = names.get((row.device, row.transducer), "")
        chosen = frozenset({one.listed.instance_id})
        case = SampleCase(place, row.device, day or date.fromisoformat(row.day), chosen)
        picture = self.checker.picture(case, patient, 1, one, is_paired=False, names=names)
        if picture.names_another:  # that name is probably in the pixels
            picture = replace(picture, is_chosen=False)
        sheet = CaseSheet(
            case,
            CaseOutcome.FOUND,
            patient,
            pictures=(picture,),
            rows=tuple(check_rows(self.checker.items, [picture])),
            heading=f"{device} {name or row.transducer or UNNAMED}",
        )
        return TransducerSheet(
            row.device, device, row.transducer, name, row.surely is not None, sheet
        )

    def _object(self, study: str, number: int) -> FoundObject | None:
        """Return a picture as it leaves; None where it is not decided whose it is."""
        finder = self.checker.finder
        found = finder.objects_of(
            list(finder.finder.studies(Narrowing(studies=(study,)), Viewer()))
        )
        return next((one for one in found if one.listed.instance_id == number), None)


def _number_of(row: Any) -> int:  # noqa: ANN401 - a row
    return int(row.surely or row.perhaps)
