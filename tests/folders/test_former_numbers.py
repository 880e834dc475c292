"""Records that say which number their patient had before (``orders.former_number_field``)."""

from __future__ import annotations

import pytest

from gdtbridge.exams import StudyQuery
from gdtbridge.orders import patient_store
from gdtbridge.orders.patient_moves import PatientMove
from tests.tools.reception import Reception, record

FIELD = "3999"
NEW = {"f3000": "815"}
BARE = dict.fromkeys(("f3101", "f3102", "f3103", "f3110"))


@pytest.fixture
def settings_text() -> str:
    """Return a setting that names the field."""
    return f'[orders]\nformer_number_field = "{FIELD}"\n'


def drop(reception: Reception, *records: bytes) -> None:
    """Drop a file of some records, and let it be taken."""
    reception.drop(b"".join(records))
    assert reception.look(90) == 1


def former(number: str = "4711", record_type: str = "6301", /, **changes: str | None) -> bytes:
    """Return a record of 815 that says which number the patient had before."""
    return record(record_type, **{**NEW, f"f{FIELD}": number, **changes})


def moves(reception: Reception) -> list[tuple[str, str]]:
    """Return which numbers became which, the oldest first; those taken back are not among them."""
    found: list[PatientMove] = reception.practice.core.renumbering.moves()
    return [(one.old, one.new) for one in reversed(found) if one.undone_at is None]


def kept(reception: Reception, number: str) -> bool:
    """Return whether there are master data of a number itself."""
    with reception.practice.database.read() as connection:
        return number in patient_store.kept_patients(connection, [number])


class TestMoves:
    """The record is believed."""

    def test_an_open_order_follows_master_data(self, reception: Reception) -> None:
        """The entry bears the new number, and the name the record has with it."""
        drop(reception, record())
        before = reception.entry
        drop(reception, former(f3101="Neumann"))
        after = reception.entry
        assert (after.PatientID, after.PatientName) == ("815", "Neumann^Änne")
        assert after.AccessionNumber == before.AccessionNumber
        assert after.StudyInstanceUID == before.StudyInstanceUID
        assert moves(reception) == [("4711", "815")]
        assert kept(reception, "815")

    def test_an_order_brings_the_others_along(self, reception: Reception) -> None:
        """A 6302 says it as well as a 6301; its own entry is a second one."""
        drop(reception, record(f8402="SONO01"))
        drop(reception, former("4711", "6302", f8402="SONO02"))
        assert {entry.PatientID for entry in reception.entries()} == {"815"}
        assert len(reception.entries()) == 2

    def test_an_order_changes_that_of_the_former_number(self, reception: Reception) -> None:
        """It is the same case: it stays one entry."""
        drop(reception, record(f8310="F1"))
        drop(reception, former("4711", "6302", f8310="F1", f8411="Herz"))
        assert (reception.entry.PatientID, reception.entry.RequestedProcedureDescription) == (
            "815",
            "Herz",
        )

    def test_an_order_without_a_name_has_the_former_ones(self, reception: Reception) -> None:
        """The master data of the chart were sent under the former number."""
        drop(reception, record("6301"))
        drop(reception, former("4711", "6302", **BARE))
        assert (reception.entry.PatientID, reception.entry.PatientName) == ("815", "Müller^Änne")

    def test_an_order_without_a_name_has_its_own(self, reception: Reception) -> None:
        """Of the former number nothing is known."""
        drop(reception, record("6301", **NEW))
        drop(reception, former("4711", "6302", **BARE))
        assert (reception.entry.PatientID, reception.entry.PatientName) == ("815", "Müller^Änne")

    def test_what_the_device_sends_under_the_former_number(self, reception: Reception) -> None:
        """It goes into the chart as it is called now; nothing need be known of either before."""
        practice = reception.practice
        drop(reception, former())
        practice.send(PatientID="4711", PatientName="Müller^Änne", PatientBirthDate="19581224")
        practice.wait()
        (result,) = practice.records().values()
        assert result.patient.id == "815"
        assert len(practice.core.studies.find(StudyQuery("4711"))) == 1

    def test_who_said_so(self, reception: Reception) -> None:
        """The list of moves has the practice software and the record type."""
        drop(reception, former())
        (move,) = reception.practice.core.renumbering.moves()
        assert move.who == "Praxissoftware (6301)"

    def test_a_chain(self, reception: Reception) -> None:
        """The records of both steps come together, the second one again and again."""
        drop(reception, former(), former("815", f3000="90"), former())
        drop(reception, former("815", f3000="90"))
        assert moves(reception) == [("4711", "815"), ("815", "90")]
        assert reception.refusals() == []

    @pytest.mark.parametrize("said", ["815", "0", "", " "])
    def test_no_former_number(self, reception: Reception, said: str) -> None:
        """The present number, a zero and blanks say nothing."""
        drop(reception, former(said))
        assert (moves(reception), reception.refusals()) == ([], [])
        assert kept(reception, "815")

    def test_other_records(self, reception: Reception) -> None:
        """A cancellation cancels, and moves nothing."""
        drop(reception, record(f8310="F1", **NEW))
        drop(reception, former("4711", "6303", f8310="F1"))
        assert (moves(reception), reception.entries()) == ([], ())

    def test_another_field(self, reception: Reception) -> None:
        """The field next to it is any field."""
        drop(reception, record("6301", **NEW, f3998="4711"))
        assert moves(reception) == []


class TestAgain:
    """Practice software says it in each record."""

    def test_it_is_one_move(self, reception: Reception) -> None:
        """Later records are master data and orders as any."""
        for name in ("Müller", "Neumann"):
            drop(reception, former(f3101=name))
            drop(reception, former("4711", "6302", f3101=name))
        assert moves(reception) == [("4711", "815")]
        assert reception.refusals() == []
        assert reception.entry.PatientName == "Neumann^Änne"

    def test_a_person_took_it_back(self, reception: Reception) -> None:
        """A record does not say it again; a person may."""
        renumbering = reception.practice.core.renumbering
        drop(reception, former())
        renumbering.renumber("815", "4711")
        drop(reception, former(f3101="Neumann"))
        assert (moves(reception), reception.refusals()) == ([], [])
        renumbering.renumber("4711", "815", confirmed=True)
        assert moves(reception) == [("4711", "815")]

    def test_a_crash_in_between(self, reception: Reception) -> None:
        """The move is entered, the record not yet done: it is taken again and finished."""
        drop(reception, record())
        renumbering = reception.practice.core.renumbering
        renumbering.renumber_by_record(
            "4711", reception.practice.order(patient_id="815").patient, ""
        )
        after = reception.again()
        drop(after, former())
        assert moves(after) == [("4711", "815")]
        assert kept(after, "815")


class TestRefused:
    """Nothing of the record is kept; the text beside the file says the way out."""

    OTHER = ("6302", {"f3101": "Schmidt", "f3102": "Jo", "f3103": "01011970"})

    @pytest.mark.parametrize("record_type", ["6301", "6302"])
    def test_another_persons_number(self, reception: Reception, record_type: str) -> None:
        """Family name and birth date of the former number differ; a person decides."""
        drop(reception, record(self.OTHER[0], **self.OTHER[1]))
        before = reception.entries()
        drop(reception, former("4711", record_type))
        (text,) = reception.refusals()
        assert f"Feld {FIELD}" in text
        assert "gdtbridge patients renumber OLD NEW --confirm" in text
        assert (moves(reception), reception.entries()) == ([], before)
        assert not kept(reception, "815")
        reception.practice.core.renumbering.renumber("4711", "815", confirmed=True)
        drop(reception, former())
        assert len(reception.refusals()) == 1
        assert kept(reception, "815")

    def test_the_new_number_is_another_persons(self, reception: Reception) -> None:
        """What was known of the new number before counts as well."""
        drop(reception, record())
        drop(reception, record(self.OTHER[0], **{**self.OTHER[1], **NEW}))
        drop(reception, former())
        assert len(reception.refusals()) == 1
        assert moves(reception) == []

    @pytest.mark.parametrize(
        ("old", "new"), [("4711", "90"), ("815", "4711")], ids=["another", "the other way round"]
    )
    def test_what_contradicts(self, reception: Reception, old: str, new: str) -> None:
        """A number that became another one already, or the very opposite."""
        drop(reception, former())
        drop(reception, former(old, f3000=new))
        (text,) = reception.refusals()
        assert f"Feld {FIELD}" in text
        assert moves(reception) == [("4711", "815")]
        assert not kept(reception, new)

    @pytest.mark.parametrize(
        "data",
        [
            former() + b"0133999471\r\n",
            former("471^1"),
            former("4711" * 5),
            former("47 J\x81r"),
        ],
        ids=["two", "no number of a practice", "too long", "unreadable"],
    )
    def test_what_cannot_be_read(self, reception: Reception, data: bytes) -> None:
        """Nobody guesses which number is meant."""
        drop(reception, data)
        (text,) = reception.refusals()
        assert f"Feld {FIELD}" in text
        assert (moves(reception), kept(reception, "815")) == ([], False)

    @pytest.mark.parametrize(
        "wrong",
        [{"f6200": "99999999"}, {"f3101": "Mül^ler"}, {"f3000": "8" * 70}, {"f3101": None}],
    )
    def test_an_order_that_is_wrong_elsewhere(
        self, reception: Reception, wrong: dict[str, str | None]
    ) -> None:
        """The number stays as well."""
        drop(reception, former("4711", "6302", **wrong))
        assert len(reception.refusals()) == 1
        assert moves(reception) == []
