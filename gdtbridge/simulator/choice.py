"""Whom a simulated device examines: its own test patient, or an entry somebody named.

Its values are invented. They never get into a chart only because an entry stands first on the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydicom.dataset import Dataset

from gdtbridge.simulator.exam import SimulationError, is_test_patient, text_of

Pick = Callable[[Sequence[Dataset]], Dataset | None]
"""Chooses one of the worklist's entries; ``None``: the test patient, without an order."""
Agree = Callable[[Dataset], None]
"""Asks whether invented values may go to the patient of an entry; raises where they may not."""


def own_entry(entries: Sequence[Dataset]) -> Dataset | None:
    """Return the first entry of the test patient, if one is listed."""
    return next((entry for entry in entries if is_test_patient(entry)), None)


def named_entry(accession: str | None, patient: str | None, agree: Agree) -> Pick:
    """Return what picks the first entry with that accession number and of that patient number.

    It raises `SimulationError` where none is listed, and what ``agree`` raises.
    """
    wanted = {"AccessionNumber": accession, "PatientID": patient}

    def pick(entries: Sequence[Dataset]) -> Dataset:
        for entry in entries:
            if all(value in {None, text_of(entry, keyword)} for keyword, value in wanted.items()):
                if not is_test_patient(entry):
                    agree(entry)
                return entry
        raise SimulationError(_not_listed(accession, patient))

    return pick


def _not_listed(accession: str | None, patient: str | None) -> str:
    number = f" {accession}" if accession else ""
    german = number + (f" für Patient {patient}" if patient else "")
    english = number + (f" of patient {patient}" if patient else "")
    return (
        f"Kein Auftrag{german} auf der heutigen Arbeitsliste der Station. Legen Sie ihn an "
        "(gdtbridge worklist add), oder prüfen Sie Nummer, Station und Datum. / "
        f"No order{english} on today's worklist of the station. Place it (gdtbridge worklist add), "
        "or check number, station and date."
    )
