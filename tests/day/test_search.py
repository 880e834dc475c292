"""The search: every row of its grammar, against a whole practice; and where nothing fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from gdtbridge.day import LineState
from gdtbridge.day.search import Condition, ConditionKind, SearchPage, SearchQuery
from gdtbridge.orders import patient_store
from gdtbridge.orders.patient_moves import enter_move
from gdtbridge.people import Patient
from gdtbridge.settings import load_settings
from tests.tools.clock import TO_BELIEVED, HandClock
from tests.tools.practice import Practice
from worklist import Entry

TODAY = date(2026, 11, 30)
"""A Monday."""
SETTINGS = """
[[device]]
aet = "US01"
name = "Raum 1"
[[device]]
aet = "US02"
name = "Raum 2"
"""
OBRIEN, YILMAZ = "O\u2019Brien", "Y\u0131lmaz"
PEOPLE: Mapping[str, dict[str, Any]] = {
    "müller": {"id": "4711", "name": ("Müller", "Sabine"), "born": date(1958, 3, 12)},
    "mueller": {"id": "12", "name": ("Mueller", "Karl"), "born": date(1970, 1, 5)},
    "muller": {"id": "120358", "name": ("Muller", "Anna"), "born": date(1980, 11, 27)},
    "müllerschön": {"id": "1958", "name": ("Müllerschön", "Ida"), "born": date(1990, 6, 1)},
    "schild": {"id": "20", "name": ("Schild", "Idalina"), "born": date(1958, 7, 7)},
    "heide": {"id": "388", "name": ("von der Heide", "Karl"), "born": date(1949, 11, 30)},
    "obrien": {"id": "6003", "name": (OBRIEN, "Änne"), "born": date(1980, 12, 24)},
    "yilmaz": {"id": "1904", "name": (YILMAZ, "Can"), "born": date(1975, 2, 28)},
    "nguyen": {"id": "6127", "name": ("Nguyễn", "Thị Mai"), "born": date(1996, 2, 1)},
    "öztürk": {"id": "5120", "name": ("Öztürk", "Emre"), "born": date(1991, 7, 3)},
    "meyer": {"id": "77", "name": ("Meyer-Lüdenscheidt", "Hans-Peter"), "born": date(1962, 9, 9)},
}


def patient(who: str) -> Patient:
    """Return one of the people."""
    said = PEOPLE[who]
    family, given = said["name"]
    return Patient(said["id"], family, given, said["born"], "F")


class Stock:
    """A practice with people on its list, exams of earlier days, and who they are called here."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.search = practice.core.search
        self.numbers: dict[str, str] = {}
        self._exams = 0

    def order(self, who: str, day: date = TODAY, **changes: Any) -> Entry:
        """Put somebody on the list."""
        at = datetime.combine(day, time(9))
        request = self.practice.order(scheduled=at, **changes)
        wanted = replace(request, patient=patient(who))
        entry = self.practice.core.orders.place(wanted).entry
        self.numbers[who] = entry.AccessionNumber
        return entry

    def exam(self, who: str, day: date, **changes: str) -> None:
        """Send an exam without an order."""
        self._exams += 1
        person = patient(who)
        values = {
            "StudyInstanceUID": f"2.25.70{self._exams}",
            "PatientID": person.id,
            "PatientName": person.person_name,
            "PatientBirthDate": f"{person.birth_date:%Y%m%d}",
            "AccessionNumber": "",
            "StudyDate": f"{day:%Y%m%d}",
            "StudyTime": "100000",
            **changes,
        }
        self.practice.send(**values)

    def find(self, text: str) -> SearchPage:
        """Return what a search finds."""
        return self.search.find(self.search.read(text))

    def names(self, text: str) -> list[str]:
        """Return the family names of what a search finds, by name."""
        found = self.find(text)
        return sorted({one.patient.family_name for one in found.lines})

    def also(self, text: str) -> dict[str, list[str]]:
        """Return the family names each other reading finds, by kind."""
        return {
            one.reading.kind.value: sorted(
                {line.patient.family_name for line in one.lines}
                | {who.family_name for who in one.patients}
            )
            for one in self.find(text).others
        }


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    """Return a practice on a Monday in November, with orders, exams and master data."""
    folder = tmp_path_factory.mktemp("stock")
    file = folder / "gdtbridge.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    clock = HandClock(datetime.combine(TODAY, time(8)).timestamp())
    practice = Practice(folder, load_settings(file, {}), clock=clock)
    found = Stock(practice)
    friday = TODAY - timedelta(days=3)
    clock.turn(-3 * 86400)
    found.exam("müller", friday)
    found.exam("mueller", friday, Modality="CT", StudyDescription="Thorax")
    practice.device = "US02"
    found.exam("heide", friday, StudyDescription="Carotis")
    practice.wait()
    clock.turn(3 * 86400)
    practice.device = "US01"
    found.order("müller", station="US01")
    found.order("müllerschön", station="US02")
    found.order("schild", station="US02")
    found.order("muller", procedure="Schilddrüse", station="US01", day=TODAY + timedelta(days=1))
    for who in ("obrien", "yilmaz", "nguyen", "meyer"):
        with practice.database.write() as connection:
            patient_store.keep_patient(connection, patient(who), clock.utc())
    found.exam("öztürk", TODAY, PatientID="", StudyDescription="Schilddrüse")
    practice.wait()
    yield found
    practice.close()


MUELLERS = ["Mueller", "Muller", "Müller", "Müllerschön"]

GRAMMAR = {
    # row of the design: what is typed, the family names that are found
    "1 name and birth": ("Müller 12.3.58", ["Müller"]),
    "2 spelling": ("mueller", MUELLERS),
    "2 without the umlaut": ("muller", MUELLERS),
    "3 modality": ("Mueller ct", ["Mueller"]),
    "4 family, given": ("müller, s", ["Müller"]),
    "4 without a blank": ("müller,s", ["Müller"]),
    "5 either order": ("sabine müller", ["Müller"]),
    "6 number": ("4711", ["Müller"]),
    "7 leading zeros": ("0004711", ["Müller"]),
    "8 number only": ("nr 12", ["Mueller"]),
    "10 birth": ("12.3.58", ["Müller"]),
    "10 with blanks": ("12 3 58", ["Müller"]),
    "10 in words": ("12. März 58", ["Müller"]),
    "11 digits": ("120358", ["Muller"]),
    "12 born only": ("*12.3.58", ["Müller"]),
    "12 in words": ("geb 12.3.58", ["Müller"]),
    "13 examined": ("am 27.11.", ["Mueller", "Müller", "von der Heide"]),
    "14 day": ("27.11.", ["Mueller", "Müller", "von der Heide"]),
    "15 number": ("1958", ["Müllerschön"]),
    "16 today": ("heute", ["Müller", "Müllerschön", "Schild", "Öztürk"]),
    "16 weekday": ("freitag", ["Mueller", "Müller", "von der Heide"]),
    "16 tomorrow": ("morgen", ["Muller"]),
    "17 procedure and name": ("schild", ["Muller", "Schild", "Öztürk"]),
    "18 device": ("raum 2", ["Müllerschön", "Schild", "von der Heide"]),
    "18 a word of devices": ("raum heide", ["von der Heide"]),
    "18 AE title": ("us02", ["Müllerschön", "Schild", "von der Heide"]),
    "19 state": ("klären", ["Öztürk"]),
    "19 the other word": ("braucht", ["Öztürk"]),
    "20 state and device": ("wartet raum 1", ["Muller", "Müller"]),
    "21 without particles": ("heide", ["von der Heide"]),
    "22 with particles": ("von der heide", ["von der Heide"]),
    "25 exact": ('"ida"', ["Müllerschön"]),
    "every case": ("MÜLLER SABINE", ["Müller"]),
    "nothing typed is everything": ("", [*MUELLERS, "Schild"]),
}


@pytest.mark.parametrize("row", GRAMMAR)
def test_the_grammar_finds(stock: Stock, row: str) -> None:
    """Every row of the design's table."""
    text, found = GRAMMAR[row]
    if text:
        assert stock.names(text) == found
    else:
        assert stock.find(text).lines == stock.search.find(SearchQuery()).lines


KNOWN = {
    "23 apostrophe": ("obrien", OBRIEN),
    "23 as written": ("o'brien", OBRIEN),
    "24 accents": ("nguyen mai", "Nguyễn"),
    "24 dotless": ("yilmaz", YILMAZ),
    "a half of a double name": ("lüdenscheidt", "Meyer-Lüdenscheidt"),
    "a double name without its hyphen": ("hanspeter meyer", "Meyer-Lüdenscheidt"),
    "by number": ("77", "Meyer-Lüdenscheidt"),
    "by birth date": ("*9.9.62", "Meyer-Lüdenscheidt"),
}


@pytest.mark.parametrize("row", KNOWN)
def test_patients_without_any_exam_are_found(stock: Stock, row: str) -> None:
    """Master data alone are enough to find somebody."""
    text, found = KNOWN[row]
    assert [one.family_name for one in stock.find(text).patients] == [found]


OTHERWISE = {
    "10 examined that day, too": ("27.11.26", "day", ["Mueller", "Müller", "von der Heide"]),
    "11 as a date": ("120358", "birth", ["Müller"]),
    "14 birthdays": ("27.11.", "birth", ["Muller"]),
    "15 born that year": ("1958", "birth", ["Müller", "Schild"]),
}


@pytest.mark.parametrize("row", OTHERWISE)
def test_other_readings_that_find_something_are_added(stock: Stock, row: str) -> None:
    """What was typed may have meant something else, and that is said."""
    text, kind, found = OTHERWISE[row]
    assert stock.also(text).get(kind) == found


def test_an_order_is_found_by_its_number_and_by_its_end(stock: Stock) -> None:
    """In full, in short, and by the last digits as a number is read otherwise."""
    number = stock.numbers["schild"]
    tail = number.lstrip("R0")
    assert stock.names(number) == ["Schild"]
    assert stock.names(number.lower()) == ["Schild"]
    assert stock.names(f"r{tail[-4:]}") == ["Schild"]
    assert stock.also(tail[-4:]).get("order") == ["Schild"]


class TestNothingFits:
    """What is told where a search finds nothing."""

    def test_what_would_be_found_without_a_word(self, stock: Stock) -> None:
        """The count is that of the page it leads to."""
        found = stock.find("müller xyz")
        assert not found.lines
        assert dict(found.without) == {"xyz": len(stock.find("müller").lines)}

    def test_names_that_sound_alike_are_offered(self, stock: Stock) -> None:
        """Never as hits: whose chart it is must not be guessed."""
        found = stock.find("Maier-Luedenscheid")
        assert found.is_empty
        assert "Müller" in stock.find("miller").similar
        assert YILMAZ in stock.find("Jilmas").similar

    @pytest.mark.parametrize("text", ['"', "*", ",", "am", "nr", "' -", "geb xyz", "%", "_", "\0"])
    def test_odd_input_is_no_fault(self, stock: Stock, text: str) -> None:
        """People type anything; nothing of it is a pattern."""
        assert isinstance(stock.find(text), SearchPage)
        assert not stock.find(f"{text} müllerx").lines


class TestPages:
    """Pages of a long list."""

    @pytest.mark.parametrize("most", [1, 2, 3, 5])
    def test_each_line_is_on_one_page(self, stock: Stock, most: int) -> None:
        """By order and exam together, in whatever sizes of pages."""
        query = stock.search.read("müller")
        whole = [one.key for one in stock.search.find(query).lines]
        seen: list[str] = []
        cursor = ""
        while True:
            page = stock.search.find(query, cursor, most)
            seen += [one.key for one in page.lines]
            if not (cursor := page.cursor):
                break
        assert len(seen) == len(set(seen))
        assert sorted(seen) == sorted(whole)

    @pytest.mark.parametrize("cursor", ["x", "~~~", "1~2", "nan~1~x~2", "a~1~b~2", "1~1~1~1~1"])
    def test_a_foreign_cursor_is_the_beginning(self, stock: Stock, cursor: str) -> None:
        """An address somebody mended is no fault."""
        assert stock.search.find(SearchQuery(), cursor).lines

    def test_todays_come_first(self, stock: Stock) -> None:
        """Then the newest."""
        days = [one.at.date() for one in stock.find("müller").lines]
        others = [day for day in days if day != TODAY]
        assert days == [*[TODAY] * (len(days) - len(others)), *sorted(others, reverse=True)]


def test_filters_of_a_list_hold_beside_the_words(stock: Stock) -> None:
    """A device and a state, as a page offers them."""
    at_two = Condition(kind=ConditionKind.DEVICE, devices=frozenset({"US02"}))
    waiting = Condition(kind=ConditionKind.STATE, states=frozenset({LineState.WAITING}))
    found = stock.search.find(SearchQuery(stock.search.read("m").tokens, (at_two, waiting)))
    assert [one.patient.family_name for one in found.lines] == ["Müllerschön"]


def test_without_words_a_list_has_the_exams_alone(stock: Stock) -> None:
    """Who only waits is not in the list of exams."""
    assert all(one.exam_id for one in stock.search.find(SearchQuery()).lines)


def test_a_held_exam_is_found_by_the_name_of_its_order(practice: Practice) -> None:
    """The device said NOTFALL and no number; the order, which is done with, said who it is."""
    practice.clock.turn(TO_BELIEVED)
    entry = practice.core.orders.place(practice.order()).entry
    practice.send(
        StudyInstanceUID=entry.StudyInstanceUID,
        AccessionNumber="",
        PatientID="",
        PatientName="NOTFALL",
        PatientBirthDate="",
    )
    practice.wait()
    practice.core.orders.clean()
    search = practice.core.search
    (line,) = search.find(search.read("müller")).lines
    assert (line.order_number, line.state) == (entry.AccessionNumber, LineState.NEEDS_YOU)
    assert search.find(search.read("notfall")).lines == (line,)


def test_a_chart_is_found_by_all_its_numbers(practice: Practice) -> None:
    """The practice software gave it another one; what was examined before is found by both."""
    practice.send(PatientID="4711", AccessionNumber="")
    practice.wait()
    with practice.database.write() as connection:
        enter_move(connection, "4711", "9000", "", practice.clock.utc())
    search = practice.core.search
    for typed in ("4711", "9000", "009000"):
        (line,) = search.find(search.read(typed)).lines
        assert line.patient.id == "9000"


def test_suggestions_are_the_first_hits(stock: Stock) -> None:
    """For a field in which somebody is typing."""
    found = stock.search.suggestions("mü", 2)
    assert len(found.lines) == 2
    assert not stock.search.suggestions("").lines
    assert [one.family_name for one in stock.search.suggestions("obr").patients] == [OBRIEN]
