"""Reports whose numbers are no values: the chart and a person are told, each once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.untold import chart_lines
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.write.results import Revision
from gdtbridge.results.revision import count_of, news_of, values_of
from gdtbridge.sr import Report, read_report
from tests.sr.builder import (
    LEFT_VENTRICLE,
    LVIDD,
    MEAN,
    SITE,
    code,
    container,
    dataset,
    empty_num,
    num,
    qualified,
    text,
    write,
)
from tests.tools.practice import Practice, Reports

ECHO = "echo.dcm"
SAME = {"PatientID": "4711", "StudyInstanceUID": "2.25.1000"}
HEART = code(SITE, LEFT_VENTRICLE)
PREVIOUS = "DCM|121068|Previous Findings"
EF = num("LN|18043-0|LVEF", "55", "%", HEART)


def lvidd(value: str, *children: Dataset) -> Dataset:
    """Return a diameter of the left ventricle."""
    return num(LVIDD, value, "cm", HEART, *children)


def read(tmp_path: Path, *items: Dataset, **values: str) -> Report:
    """Return the report of these items."""
    return read_report(write(dataset(*items, **values), tmp_path / "report.dcm"))


SILENT: dict[str, tuple[Dataset, ...]] = {
    # Nothing was measured
    "empty": (),
    "without values": (empty_num(LVIDD),),
}
TOLD: dict[str, tuple[tuple[Dataset, ...], str]] = {
    "unreadable": ((lvidd("1,234"),), "Messwert nicht lesbar, am Gerät nachsehen: LV-"),
    "impossible": ((lvidd("-9999"),), "Unmöglicher Wert, nicht übernommen: LV-"),
    "disowned": (
        (qualified(lvidd("4.8"), "DCM|114000|Not a number"),),
        "Laut Gerät kein Ergebnis: LV-",
    ),
    "earlier exam": (
        (container(PREVIOUS, lvidd("4.8")),),
        "Wert einer früheren Untersuchung, nicht übernommen: LV-",
    ),
    "settings": (
        (num("99X|2|Mechanical Index", "0.9", "1"),),
        "Einstellung des Geräts, kein Messwert: Mechanical Index",
    ),
    "dose in ultrasound": (
        (num("99X|3|Dose", "1.2", "mGy"),),
        "Kein Ultraschall-Messwert, nicht übernommen: Dose",
    ),
    "words of no table": (
        (text("99X|4|Operator remark", "Erste^Erna"),),
        "Angabe nicht übernommen, am Gerät nachsehen: Operator remark.",
    ),
}


@pytest.mark.parametrize("items", SILENT.values(), ids=SILENT)
def test_where_nothing_was_measured_nothing_is_told(
    tmp_path: Path, items: tuple[Dataset, ...]
) -> None:
    """Devices send such reports of every exam."""
    report = read(tmp_path, *items)
    assert not list(chart_lines(report, standard()))
    assert not news_of({}, report).is_any


@pytest.mark.parametrize(("items", "said"), TOLD.values(), ids=TOLD)
def test_a_report_without_a_value_says_why(
    tmp_path: Path, items: tuple[Dataset, ...], said: str
) -> None:
    """In one line, with names and no numbers or texts; the second time it is no news."""
    report = read(tmp_path, *items)
    (line,) = chart_lines(report, standard())
    assert line.startswith(said)
    assert "Erna" not in line
    assert news_of({}, report).untold
    known = values_of(report)
    assert count_of(known) == 0
    assert not news_of(known, report).is_any


def test_a_report_of_another_kind_says_so(tmp_path: Path) -> None:
    """Radiation doses are many, and none of them is the chart's."""
    dose = num("DCM|113722|Dose Area Product Total", "1.2", "Gy.m2")
    report = read(tmp_path, dose, text("DCM|121106|Comment", "x"), template="10001")
    (line,) = chart_lines(report, standard())
    assert line == "Bericht anderer Art (etwa Strahlendosis, CAD): keine Ultraschall-Messwerte."


def test_beside_values_only_losses_are_told(tmp_path: Path) -> None:
    """A setting or a value of last month is nobody's loss."""
    settings, earlier = TOLD["settings"][0], TOLD["earlier exam"][0]
    assert not list(chart_lines(read(tmp_path, lvidd("4.8"), *settings, *earlier), standard()))


def test_a_further_loss_is_news(tmp_path: Path) -> None:
    """Of the same number not; of another one, or of one more of the same, it is."""
    known = values_of(read(tmp_path, lvidd("1,234")))
    assert not news_of(known, read(tmp_path, lvidd("1,299"))).is_any
    assert news_of(known, read(tmp_path, lvidd("1,234"), lvidd("1,235"))).untold
    other = num("LN|18043-0|LVEF", "1,234", "%", HEART)
    assert news_of(known, read(tmp_path, lvidd("1,234"), other)).untold


# --- in a practice


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return the sample reports."""
    return Reports(project, practice, tmp_path)


def only(*items: Dataset) -> Callable[[pydicom.Dataset], None]:
    """Return a change that leaves these items alone."""

    def change(report: pydicom.Dataset) -> None:
        report.ContentSequence = list(items)

    return change


def value_records(practice: Practice) -> list[Record]:
    """Return the value records in the order of their reports' UIDs."""
    return [record for name, record in practice.records().items() if "-sr-" in name]


def problems(practice: Practice) -> list[str]:
    """Return the kinds of what is on the list of problems."""
    return [problem.kind for problem in practice.core.overview.problems()]


def test_a_loss_is_told_once_and_ends_with_a_complete_report(
    practice: Practice, reports: Reports
) -> None:
    """In a record without a value; the same again is no second one; the values follow."""
    reports.send(ECHO, only(lvidd("1,234")), SOPInstanceUID="2.25.1", **SAME)
    practice.wait()
    reports.send(ECHO, only(lvidd("1,234")), SOPInstanceUID="2.25.2", **SAME)
    practice.wait()
    (record,) = value_records(practice)
    assert "Messwert nicht lesbar" in " ".join(record.all("6228"))
    assert record.all("8410") == ()
    assert problems(practice) == ["losses"]

    reports.send(ECHO, only(EF), SOPInstanceUID="2.25.3", **SAME)
    practice.wait()
    assert problems(practice) == ["losses"], "another value makes nothing up"
    reports.send(ECHO, only(lvidd("4.8")), SOPInstanceUID="2.25.4", **SAME)
    practice.wait()
    assert value_records(practice)[-1].all("8410") == ("LVIDD",)
    assert value_records(practice)[-1].first("6228") == Revision.SUPPLEMENT.value
    assert problems(practice) == []


def test_repeats_are_made_up_for_by_as_many_or_by_their_mean(
    practice: Practice, reports: Reports
) -> None:
    """One of two could not be read: that the other comes again is not enough."""
    mean = code("DCM|121401|Derivation", MEAN)
    for uid, items, left in (
        ("2.25.1", (lvidd("4.8"), lvidd("1,234")), ["losses"]),
        ("2.25.2", (lvidd("4.8"), EF), ["losses"]),
        ("2.25.3", (lvidd("4.8"), lvidd("5.0"), lvidd("4.9", mean)), []),
    ):
        reports.send(ECHO, only(*items), SOPInstanceUID=uid, **SAME)
        practice.wait()
        assert problems(practice) == left, uid


def test_what_a_person_has_seen_stays_sent(practice: Practice, reports: Reports) -> None:
    """Accepting a loss takes nothing out of the chart: the same report again is no news."""
    reports.send(ECHO, only(lvidd("1,234"), EF), SOPInstanceUID="2.25.1", **SAME)
    practice.wait()
    practice.core.corrections.accept(SAME["StudyInstanceUID"])
    assert problems(practice) == []
    reports.send(ECHO, only(lvidd("1,234"), EF), SOPInstanceUID="2.25.2", **SAME)
    practice.wait()
    assert len(value_records(practice)) == 1
    assert problems(practice) == []


def test_a_person_looks_where_every_value_is_impossible(
    practice: Practice, reports: Reports
) -> None:
    """A wrong unit of the device, or of ours, would look like that."""
    reports.send(ECHO, only(lvidd("-9999")), SOPInstanceUID="2.25.1", **SAME)
    practice.wait()
    assert problems(practice) == ["losses"]
    reports.send(ECHO, only(lvidd("4.8")), SOPInstanceUID="2.25.2", **SAME)
    practice.wait()
    assert problems(practice) == []


def test_the_chart_knows_of_a_report_nobody_can_read(practice: Practice) -> None:
    """Once, however many there are; a person has each on the list."""
    for uid in ("2.25.1", "2.25.2"):
        practice.send(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33", SOPInstanceUID=uid)
        practice.wait()
    (record,) = value_records(practice)
    said = "Ein Bericht des Geräts ist nicht lesbar: Messwerte am Gerät nachsehen."
    assert said in " ".join(record.all("6228"))
    assert len(problems(practice)) == 2
