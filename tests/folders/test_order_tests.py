"""Orders with several tests, and master data that are orders."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.check import master_data
from gdtbridge.folders import OrderWatch
from gdtbridge.gdt.read.record import Record
from gdtbridge.orders import store as order_store
from gdtbridge.people import Patient
from tests.folders.test_documented_settings import example
from tests.tools.reception import Reception, record

MAP = """
[[orders.map]]
code = "SD"
station = "US03"
procedure = "Schilddrüse"
[[orders.map]]
code = "SONO00"
station = "US02"
"""


def several(*fields: tuple[str, str], record_type: str = "6302") -> bytes:
    """Return a record that ends with these fields, in this order."""
    lines = (f"{len(value.encode('latin-1')) + 9:03}{name}{value}\r\n" for name, value in fields)
    head, _, body = record(record_type, f8315=None).partition(b"\r\n")
    whole = b"\r\n".join([head, body.partition(b"\r\n")[2]])  # without 8100
    return whole + "".join(lines).encode("latin-1")


TWO = (("8402", "SONO00"), ("8410", "ABD"), ("8411", "Abdomen"), ("8410", "SD"), ("8411", "Hals"))


def results(reception: Reception) -> dict[str, tuple[str | None, ...]]:
    """Let a device examine all that is listed; return 8402, 8410 and 8411 of each result."""
    practice = reception.practice
    for entry in reception.entries():
        practice.send(StudyInstanceUID=entry.StudyInstanceUID, PatientID=entry.PatientID)
    practice.wait()
    found: dict[str, tuple[str | None, ...]] = {}
    for made in practice.records().values():
        found[made.first("8410") or ""] = (made.first("8402"), made.first("8411"))
    return found


class TestOne:
    """A practice whose orders make one entry each."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return its rules."""
        return MAP

    @pytest.mark.parametrize(
        ("fields", "station", "result"),
        [
            (TWO, "US03", {"SD": ("SONO00", "Hals")}),
            (TWO[:3], "US02", {"ABD": ("SONO00", "Abdomen")}),
            (
                (("8411", "Hals"), ("8410", "SD"), ("8411", "Abdomen"), ("8410", "ABD")),
                "US03",
                {"SD": ("SONO00", "Hals")},
            ),
            (
                (("8402", "EKG01"), ("8410", "A"), ("8402", "SONO01"), ("8410", "SD")),
                "US03",
                {"SD": ("SONO01", "PACS-Datensatz")},
            ),
            (
                (("8402", "EKG01"), ("8402", "SONO01"), ("8410", "A"), ("8410", "SD")),
                "US03",
                {"SD": ("SONO01", "PACS-Datensatz")},
            ),
            ((("8402", "EKG01"), ("8402", "SONO00")), "US02", {"EXTPACS": ("SONO00", None)}),
            ((("8410", "X"), ("8410", "Y")), "US01", {"X": ("SONO00", "PACS-Datensatz")}),
        ],
    )
    def test_each_test_is_looked_at(
        self,
        reception: Reception,
        fields: tuple[tuple[str, str], ...],
        station: str,
        result: dict[str, tuple[str, str | None]],
    ) -> None:
        """The first rule that names one of them counts, and the result repeats that one."""
        reception.drop(several(*fields))
        assert reception.look(seconds=61) == 1
        assert reception.entry.ScheduledStationAETitle == station
        ((test, (kind, name)),) = results(reception).items()
        ((wanted, (wanted_kind, wanted_name)),) = result.items()
        assert (test, kind) == (wanted, wanted_kind)
        assert name == (wanted_name or "PACS-Datensatz")

    def test_what_is_not_listed_is_told(self, reception: Reception) -> None:
        """The text beside the archived file names the other test."""
        reception.drop(several(*TWO))
        reception.look()
        (text,) = reception.settings.taken_folder.rglob("*.txt")
        assert "orders.entries): ABD, Abdomen" in text.read_text("utf-8-sig")


class TestEach:
    """A practice whose orders make an entry for each test."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return its rules."""
        return f'[orders]\nentries = "each"\n{MAP}'

    def test_two_tests_are_two_entries(self, reception: Reception) -> None:
        """Each at its station; each result has its own names; again they are the same two."""
        data = several(("8310", "F1"), *TWO)
        for _ in range(2):
            reception.drop(data)
            assert reception.look() == 1
        listed = [
            (one.ScheduledStationAETitle, one.RequestedProcedureDescription)
            for one in reception.entries()
        ]
        assert sorted(listed) == [("US02", "Abdomen"), ("US03", "Schilddrüse")]
        assert results(reception) == {"ABD": ("SONO00", "Abdomen"), "SD": ("SONO00", "Hals")}

    @pytest.mark.parametrize(("names", "left"), [(TWO, []), ((), []), (TWO[:3], ["Schilddrüse"])])
    def test_both_are_cancelled(
        self, reception: Reception, names: tuple[tuple[str, str], ...], left: list[str]
    ) -> None:
        """A 6303 that names both tests, or the case alone, takes both entries off."""
        reception.drop(several(("8310", "F1"), *TWO))
        reception.look()
        reception.drop(several(("8310", "F1"), *names, record_type="6303"))
        reception.look()
        found = [entry.RequestedProcedureDescription for entry in reception.entries()]
        assert found == left
        assert reception.refusals() == []

    def test_the_same_entry_twice_is_one(self, reception: Reception) -> None:
        """Two tests one rule makes the same of are one entry."""
        reception.drop(several(("8410", "SD"), ("8410", "SD")))
        reception.look()
        assert reception.entry.RequestedProcedureDescription == "Schilddrüse"


class TestDocumentedMapping:
    """The example of rules in the documents."""

    @pytest.fixture(params=["docs/praxis/auftraege.md", "docs/reference/orders.md"])
    def settings_text(self, request: pytest.FixtureRequest, project: Path) -> str:
        """Return the example."""
        text = (project / request.param).read_text("utf-8")
        headings = ("## Welche Untersuchung an welchem Gerät", "## Which procedure on which device")
        return example(text, next(one for one in headings if one in text))

    def test_it_works(self, reception: Reception) -> None:
        """The code leads to the station and the procedure the document says."""
        reception.drop(record(f8402="sono00"))
        reception.look()
        entry = reception.entry
        assert (entry.Modality, entry.ScheduledStationAETitle) == ("US", "US02")
        assert entry.RequestedProcedureDescription == "Abdomen"


def test_master_data_of_a_chart_that_moved_are_not_alone(reception: Reception) -> None:
    """The order has the chart's new number, the master data have the old one."""
    core = reception.practice.core

    def codes() -> list[str]:
        return [one.code for one in core.attention.items()]

    reception.drop(record("6301"))
    reception.look()
    reception.look(seconds=400)
    assert "master-data-alone" in codes()
    reception.drop(record())
    reception.look()
    assert "master-data-alone" not in codes()
    core.renumbering.renumber("4711", "5711", confirmed=True)
    assert "master-data-alone" not in codes()


class TestMasterDataAsOrders:
    """A practice software that hands patients over as master data, by one route."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return the settings."""
        return '[orders]\nmaster_data = "order"\n'

    def test_a_6301_is_an_order(self, reception: Reception) -> None:
        """It is on the list, and its master data are kept as well."""
        reception.drop(record("6301", f8402="SONO01"))
        assert reception.look() == 1
        assert reception.entry.RequestedProcedureDescription == "SONO01"
        known = reception.practice.master_data.completed(Patient("4711"))
        assert known.family_name == "Müller"
        reception.drop(record("6301"))
        reception.look(seconds=400)
        codes = [one.code for one in reception.practice.core.attention.items()]
        assert "master-data-alone" not in codes

    def test_beside_an_order_it_is_none(self, reception: Reception) -> None:
        """A file with both makes one entry."""
        reception.drop(record("6301") + record(f8402="SONO00"))
        reception.look()
        assert reception.entry.RequestedProcedureDescription == "SONO00"


def result_of(reception: Reception, **fields: str) -> Record:
    """Return the result of an order with these fields."""
    reception.drop(record(**fields))
    assert reception.look() == 1
    practice, entry = reception.practice, reception.entry
    practice.send(StudyInstanceUID=entry.StudyInstanceUID, PatientID=entry.PatientID)
    practice.wait()
    (made,) = practice.records().values()
    return made


@pytest.mark.parametrize(
    ("said", "back"), [("00001950", "00001950"), ("00.03.1950", "00031950"), ("00000000", None)]
)
def test_a_partial_birth_date_comes_back(reception: Reception, said: str, back: str | None) -> None:
    """The device has none, and does not fill it in; the result says what the order said."""
    made = result_of(reception, f3103=said)
    assert reception.practice.core.orders.all()[0].PatientBirthDate is None
    if back is not None:
        assert made.first("3103") == back


def test_a_long_name_is_whole_in_the_result(reception: Reception) -> None:
    """The device gets 64 characters of it; person and result are the same all the same."""
    given = "Maximiliane Friederike Antoinette Wilhelmina"
    reception.drop(record(f3101="Freiherrin von der Schulenburg-Mühlhausen", f3102=given))
    assert reception.look() == 1
    entry = reception.entry
    assert len(entry.PatientName) <= 64
    practice = reception.practice
    with practice.database.read() as connection:
        order = order_store.order_by_number(connection, entry.AccessionNumber)
    assert order is not None
    assert order.patient.given_name == given
    assert order.entry() == entry


def test_a_remark_goes_with_the_order(reception: Reception) -> None:
    """It is told while the order is open, and corrected by the next record."""

    def told() -> list[str]:
        items = reception.practice.core.attention.items()
        return [one.detail for one in items if one.code == "order-remark"]

    reception.drop(record(f3101="M&uuml;ller", f8310="F1"))
    reception.look()
    assert "&uuml;" in told()[0]
    (text,) = reception.settings.taken_folder.rglob("*.txt")
    assert "Umschriebene Zeichen" in text.read_text("utf-8-sig")
    reception.drop(record(f8310="F1"))
    reception.look()
    assert told() == []


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"f3101": "Maier", "f3103": "01011990"}, "anderen Person"),
        ({"f3103": "010190"}, "zwei Ziffern"),
    ],
)
def test_a_6311_for_another_person_opens_nothing(
    reception: Reception, fields: dict[str, str], word: str
) -> None:
    """The number of one person with the name of another is refused, and said."""
    result_of(reception)
    reception.drop(record("6311", **fields))
    reception.look()
    (text,) = reception.refusals()
    assert word in text
    assert "2.25." not in text


def test_a_6311_without_a_time(reception: Reception) -> None:
    """Zeros in 6201 say none: the exam of the day is found."""
    practice = reception.practice
    practice.send(StudyInstanceUID="2.25.901", PatientID="4711", StudyDate="20240110")
    practice.wait()
    reception.drop(record("6311", f6200="10012024", f6201="000000"))
    reception.look()
    assert reception.refusals() == []


class TestMasterDataByRoute:
    """A practice where one software hands patients over as master data, and another does not."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return the settings."""
        return (
            '[[gdt.routes]]\nname = "two"\nin = "two"\nout = "two-out"\n'
            'orders.master_data = "order"\n'
        )

    def test_only_there_they_are_orders(self, reception: Reception) -> None:
        """What comes by the other folder is kept, and told by `check` at once."""
        practice = reception.practice
        two = practice.folder / "two"
        two.mkdir()
        (two / "A.GDT").write_bytes(record("6301", f3000="2"))
        reception.drop(record("6301", f3000="1"))
        for inbox in reception.files.inboxes:
            watching = OrderWatch(reception.files, inbox, monotonic=practice.clock.monotonic)
            watching.look()
            practice.clock.seconds += 2
            watching.look()
        assert reception.entry.PatientID == "2"
        (line,) = master_data(practice.core)
        assert "1 Patienten kamen nur als Stammdaten" in line.text
