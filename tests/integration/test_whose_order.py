"""Which order an exam meets, however the device names it, or does not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.service import service
from tests.tools.surgery import QUICK, Surgery, image, person, report, study_record, values_record

pytestmark = pytest.mark.slow  # starts whole services


@pytest.fixture(scope="module")
def surgery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surgery]:
    """Return a surgery for all tests: each has patients and studies of its own."""
    with service(tmp_path_factory.mktemp("surgery"), **QUICK) as running:
        yield Surgery(running)


class TestTwoOrders:
    """W8: one patient, two orders, one study."""

    def test_the_uid_of_one_and_the_number_of_the_other(self, surgery: Surgery) -> None:
        """One result for each, and both are done."""
        patient = person("801", "Doppel^Dora", "08.08.1968")
        first, second = surgery.order(patient, "Herz"), surgery.order(patient, "Leber")
        surgery.examine(image(surgery.study_of(first), "1", patient, AccessionNumber=second))
        assert sorted(surgery.chart("801")) == [
            study_record(patient, order=one) for one in sorted((first, second))
        ]
        assert {surgery.order_state(one) for one in (first, second)} == {"done"}

    def test_objects_that_name_each(self, surgery: Surgery) -> None:
        """Values go with the order their report names."""
        patient = person("802", "Doppel^Dana", "08.08.1968")
        first, second = surgery.order(patient, "Herz"), surgery.order(patient, "Leber")
        surgery.examine(
            image("2.25.802", "1", patient, AccessionNumber=first),
            image("2.25.802", "2", patient, AccessionNumber=second),
            report("2.25.802", "3", patient, AccessionNumber=second),
        )
        assert sorted(surgery.chart("802")) == sorted(
            [
                study_record(patient, order=first),
                study_record(patient, order=second),
                values_record(patient, order=second),
            ]
        )


class TestWithoutReferences:
    """W10: the device made a Study UID of its own and names no order."""

    def test_the_only_one_that_fits(self, surgery: Surgery) -> None:
        """It is met, and opens again when a person says that it was not meant."""
        patient = person("1001", "Offen^Olga", "10.10.1970")
        order = surgery.order(patient)
        surgery.examine(image("2.25.1001", "1", patient))
        assert surgery.chart("1001") == [study_record(patient, order=order)]
        assert surgery.order_state(order) == "done"
        surgery.exams("unmatch", "2.25.1001")
        assert surgery.order_state(order) == "ordered"

    def test_several(self, surgery: Surgery) -> None:
        """A person says which one is meant; the other waits on."""
        patient = person("1002", "Offen^Orla", "10.10.1970")
        meant, other = (surgery.order(patient, procedure, "US01") for procedure in ("P0", "P1"))
        surgery.examine(image("2.25.1002", "1", patient))
        assert surgery.held("2.25.1002") == [("1002", "several-orders")]
        surgery.release("2.25.1002", "1002", "--order", meant)
        assert surgery.chart("1002") == [study_record(patient, order=meant)]
        assert [surgery.order_state(one) for one in (meant, other)] == ["done", "ordered"]

    def test_another_station(self, surgery: Surgery) -> None:
        """No order number is invented; the order waits on."""
        patient = person("1003", "Offen^Oda", "10.10.1970")
        order = surgery.order(patient, "P0", "US02")
        surgery.examine(image("2.25.1003", "1", patient))
        assert surgery.chart("1003") == [study_record(patient)]
        assert surgery.order_state(order) == "ordered"

    def test_the_wrong_person(self, surgery: Surgery) -> None:
        """It is held, and the order waits on."""
        order = surgery.order(person("1004", "Offen^Otto", "10.10.1970", "M"))
        surgery.examine(image("2.25.1004", "1", person("1004", "Ganz^Anders", "11.11.1981")))
        assert surgery.held("2.25.1004") == [("1004", "number-of-other-person")]
        assert surgery.order_state(order) == "ordered"


TYPED = {"lower": "1401", "digits": "1402", "spaced": "1403"}
"""The patient of each form."""


class TestTypedByHand:
    """W14: the number typed as people type."""

    @pytest.mark.parametrize("form", TYPED)
    def test_it_meets_the_order(self, surgery: Surgery, form: str) -> None:
        """The record bears the order's own number."""
        patient = person(TYPED[form], f"Tipp^{form}", "04.04.1964")
        order = surgery.order(patient, station="US09")
        typed = {
            "lower": order.lower(),
            "digits": str(int(order[1:])),
            "spaced": f"{order[0]} {order[1:]}",
        }[form]
        surgery.examine(image(f"2.25.{patient.id}", "1", patient, AccessionNumber=typed))
        assert surgery.chart(patient.id) == [study_record(patient, order=order)]
        assert surgery.order_state(order) == "done"

    def test_not_for_another_patient(self, surgery: Surgery) -> None:
        """A number of one's own like another's is not taken for that order."""
        order = surgery.order(person("1491", "Tipp^Tina", "04.04.1964"))
        other = person("1492", "Fremd^Fred", "05.05.1965", "M")
        surgery.examine(image("2.25.1492", "1", other, AccessionNumber=str(int(order[1:]))))
        assert surgery.order_state(order) == "ordered"
        assert order not in str(surgery.chart("1492"))


def test_the_transliterated_name_comes_back(surgery: Surgery) -> None:
    """W16: the name a device was shown in its own letters is the name, and nothing is told."""
    patient = person("161", "O\u2019Brien^Łucja", "06.06.1966")
    order = surgery.order(patient)
    shown = person("161", "O'Brien^Lucja", "06.06.1966")
    surgery.examine(image("2.25.161", "1", shown, AccessionNumber=order))
    assert surgery.chart("161") == [study_record(shown, order=order)]


def test_the_simulator_among_real_patients(surgery: Surgery, project: Path) -> None:
    """W18: real patients under numbers like the simulator's get nothing of it."""
    numbers = ("SIMULATIO1", "SIM", "1")
    orders = [surgery.order(person(one, "Echt^Elsa", "07.07.1967")) for one in numbers]
    samples = [str(path) for path in (project / "samples").glob("images/echo-1*")]
    port = str(surgery.service.ports["DICOM"])
    done = surgery.service.command("simulate", "--port", port, *samples)
    assert done.returncode == 0, done.stderr
    surgery.settle()
    assert [surgery.chart(one) for one in numbers] == [[], [], []]
    assert {surgery.order_state(one) for one in orders} == {"ordered"}
    assert len(surgery.chart("SIMULATION")) == 1


def test_numbers_after_a_restore(tmp_path: Path) -> None:
    """W17: the copy of last night knows today's order numbers of nobody, and gives none twice."""
    with service(tmp_path, **QUICK) as running:
        surgery = Surgery(running)
        surgery.order(person("1701", "Gestern^Gabi", "05.07.1957"))
        running.stop()
        shutil.copytree(tmp_path / "var", tmp_path / "copy")
        running.start()
        lost = surgery.order(person("1702", "Heute^Hedi", "06.07.1957"))
        running.kill()
        shutil.rmtree(tmp_path / "var")
        (tmp_path / "copy").rename(tmp_path / "var")
        running.start()
        new = person("1703", "Morgen^Mona", "07.07.1957")
        order = surgery.order(new)
        assert order != lost
        surgery.examine(image("2.25.1703", "1", new, AccessionNumber=order))
        late = person("1702", "Heute^Hedi", "06.07.1957")
        surgery.examine(image("2.25.1702", "1", late, AccessionNumber=lost))
        assert surgery.chart("1703") == [study_record(new, order=order)]
        assert surgery.chart("1702") == [study_record(late, order=lost)]
