"""Findings and what is measured of them: the finding is in name and identity of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue import remarks, title
from gdtbridge.sr import Measurement, read_report
from tests.sr.builder import (
    DIAMETER,
    FINDINGS,
    GROUP,
    LATERALITY,
    LEFT,
    MODIFIER,
    PROPERTY,
    RIGHT,
    SITE,
    code,
    container,
    dataset,
    num,
    text,
    write,
)

FINDING = "DCM|121071|Finding"
FIBROID = "SCT|95315005|Uterine leiomyoma"
CYST = "SCT|79883001|Cyst of ovary"
NODULE = "SCT|237495005|Thyroid nodule"
LENGTH = "SRT|G-D7FE|Length"
VOLUME = "SRT|G-D705|Volume"
UTERUS = "SRT|T-83000|Uterus"
OVARY = "SRT|T-87000|Ovary"
PELVIS = "DCM|125011|Pelvis and Uterus"
TRACKING = "DCM|112039|Tracking Identifier"
SUMMARY = "DCM|121111|Summary"


def found(name: str, value: str, *below: Dataset, rel: str = "CONTAINS") -> Dataset:
    """Return a coded finding."""
    return code(name, value, *below, rel=rel)


def worded(name: str, value: str, *below: Dataset, rel: str = "CONTAINS") -> Dataset:
    """Return a finding in words."""
    item = text(name, value, rel)
    item.ContentSequence = list(below)
    return item


def size(concept: str, value: str, rel: str = "CONTAINS") -> Dataset:
    """Return a size in millimetres."""
    return num(concept, value, "mm", rel=rel)


def read(folder: Path, *items: Dataset, **elements: str) -> tuple[Measurement, ...]:
    """Return the measurements of a report with these items."""
    report = dataset(*items, template="5000", **elements)
    return read_report(write(report, folder / "report.dcm")).measurements


def said(measurements: Sequence[Measurement]) -> list[tuple[str, str]]:
    """Return title and value of each."""
    return [(title(one), str(one.value)) for one in measurements]


CASES: dict[str, tuple[Dataset, list[tuple[str, str]]]] = {
    "properties of a code": (
        container(
            PELVIS,
            found(FINDING, FIBROID, size(DIAMETER, "34", PROPERTY), size(VOLUME, "20", PROPERTY)),
        ),
        [("Myom: Durchmesser", "34"), ("Myom: Volumen", "20")],
    ),
    "contained in codes": (
        container(
            PELVIS,
            found(FINDING, FIBROID, size(DIAMETER, "34")),
            found(FINDING, CYST, size(DIAMETER, "51")),
        ),
        [("Myom: Durchmesser", "34"), ("Ovarialzyste: Durchmesser", "51")],
    ),
    "several of one kind": (
        container(
            PELVIS,
            found(FINDING, FIBROID, size(LENGTH, "34"), size(LENGTH, "35")),
            found(FINDING, FIBROID, size(LENGTH, "12")),
            found(FINDING, FIBROID, size(LENGTH, "12")),
        ),
        [
            ("Myom 1: Länge (1 von 2)", "34"),
            ("Myom 1: Länge", "35"),
            ("Myom 2: Länge", "12"),
            ("Myom 3: Länge", "12"),
        ],
    ),
    "a text": (
        container(PELVIS, worded(FINDING, "Fibroid", size(DIAMETER, "34", PROPERTY))),
        [("Myom: Durchmesser", "34")],
    ),
    "a user's text": (
        container(PELVIS, worded(FINDING, "Myom Hinterwand", size(DIAMETER, "34"))),
        [("Myom Hinterwand: Durchmesser", "34")],
    ),
    "a comment": (
        container(PELVIS, worded("DCM|121106|Comment", "Narbe", size(DIAMETER, "7"))),
        [("Narbe: Durchmesser", "7")],
    ),
    "a private concept": (
        container(PELVIS, found("99X|1|Pathology", "99X|2|Septum", size(LENGTH, "7"))),
        [("Septum: Länge", "7")],
    ),
    "an answer": (
        container(PELVIS, found(FIBROID, "SCT|373066001|Yes", size(DIAMETER, "34"))),
        [("Myom: Durchmesser", "34")],
    ),
    "one that modifies": (
        container(PELVIS, found(FINDING, FIBROID, size(DIAMETER, "34"), rel=MODIFIER)),
        [("Myom: Durchmesser", "34")],
    ),
    "one that is a property of the number": (
        container(PELVIS, num(DIAMETER, "34", "mm", found(FINDING, FIBROID, rel=PROPERTY))),
        [("Myom: Durchmesser", "34")],
    ),
    "a kind of lesion as a modifier": (
        container(
            PELVIS, container(GROUP, code("99X|1|Lesion type", "99X|2|Cyst"), size(LENGTH, "9"))
        ),
        [("Zyste: Länge", "9")],
    ),
    "of a measurement group": (
        container(
            "DCM|126010|Imaging Measurements",
            container(
                GROUP,
                text(TRACKING, "Nodule 1", rel="HAS OBS CONTEXT"),
                found(FINDING, NODULE),
                size(LENGTH, "9"),
            ),
            container(
                GROUP,
                text(TRACKING, "Nodule 2", rel="HAS OBS CONTEXT"),
                found(FINDING, NODULE),
                size(LENGTH, "8"),
            ),
        ),
        [
            ("Schilddrüsenknoten 1: Länge", "9"),
            ("Schilddrüsenknoten 2: Länge", "8"),
        ],
    ),
    "of measurement groups without identifiers": (
        container(
            "DCM|126010|Imaging Measurements",
            container(GROUP, found(FINDING, NODULE), size(LENGTH, "9")),
            container(GROUP, found(FINDING, NODULE), size(LENGTH, "8")),
        ),
        [("Schilddrüsenknoten 1: Länge", "9"), ("Schilddrüsenknoten 2: Länge", "8")],
    ),
    "containers named for it": (
        container(
            FINDINGS,
            container("99X|7|Breast Lesion", size(LENGTH, "9"), size(VOLUME, "2")),
            container("99X|7|Breast Lesion", size(LENGTH, "8")),
        ),
        [
            ("Läsion der Brust 1: Länge", "9"),
            ("Läsion der Brust 1: Volumen", "2"),
            ("Läsion der Brust 2: Länge", "8"),
        ],
    ),
    "one thing in two containers": (
        container(
            FINDINGS,
            container("99X|7|Breast Lesion", size(LENGTH, "9")),
            container("99X|7|Breast Lesion", size(VOLUME, "2")),
        ),
        [("Läsion der Brust: Länge", "9"), ("Läsion der Brust: Volumen", "2")],
    ),
    "with site and side": (
        container(
            FINDINGS,
            code(SITE, OVARY, code(LATERALITY, LEFT)),
            found(FINDING, CYST, size(DIAMETER, "51")),
            found(FINDING, CYST, code(LATERALITY, RIGHT), size(DIAMETER, "20")),
        ),
        [
            ("Ovarialzyste: Durchmesser, links", "51"),
            ("Ovarialzyste: Durchmesser, rechts", "20"),
        ],
    ),
    "within another": (
        container(
            PELVIS,
            found(
                FINDING,
                CYST,
                size(DIAMETER, "51"),
                found(FINDING, "99X|2|Septum", size(LENGTH, "3")),
            ),
            found(FINDING, CYST, size(DIAMETER, "20")),
        ),
        [
            ("Ovarialzyste 1: Durchmesser", "51"),
            ("Ovarialzyste 1: Septum: Länge", "3"),
            ("Ovarialzyste 2: Durchmesser", "20"),
        ],
    ),
    "an organ that has one": (
        container(
            PELVIS,
            code(SITE, UTERUS),
            found(FINDING, FIBROID),
            size(LENGTH, "80"),
        ),
        [("Length, Uterus", "80")],
    ),
    "an organ": (
        container(GROUP, found(FINDING, UTERUS), size(LENGTH, "80")),
        [("Length, Uterus", "80")],
    ),
    "an organ above the number": (
        container(PELVIS, found(FINDING, UTERUS, size(LENGTH, "80"))),
        [("Length, Uterus", "80")],
    ),
    "a lymph node, which is no organ": (
        container(PELVIS, found(FINDING, "SCT|59441001|Lymph Node", size(LENGTH, "8"))),
        [("Lymphknoten: Länge", "8")],
    ),
    "a circumstance": (
        container(
            PELVIS,
            found("DCM|121058|Procedure reported", "99X|3|Sono", size(LENGTH, "80")),
        ),
        [("Length", "80")],
    ),
    "a site as the parent": (
        container(FINDINGS, found(SITE, UTERUS, size(LENGTH, "80"))),
        [("Length, Uterus", "80")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_numbers_carry_the_finding_they_are_of(case: str, tmp_path: Path) -> None:
    """However a device writes a finding, its numbers have it in name and identity."""
    tree, expected = CASES[case]
    measurements = read(tmp_path, tree)
    assert said(measurements) == expected
    by_title: dict[str, set[str]] = {}
    for one in measurements:
        name = title(one).partition(" (1 von ")[0]
        by_title.setdefault(name, set()).add(one.identity[0] + "".join(one.identity[1:]))
    assert all(len(identities) == 1 for identities in by_title.values())
    assert len({identity for one in by_title.values() for identity in one}) == len(by_title)


def test_the_first_finding_keeps_its_id_when_a_second_comes(tmp_path: Path) -> None:
    """The first of several findings has the id it would have alone."""
    alone = read(tmp_path, container(PELVIS, found(FINDING, FIBROID, size(LENGTH, "34"))))
    both = read(
        tmp_path,
        container(
            PELVIS,
            found(FINDING, FIBROID, size(LENGTH, "34")),
            found(FINDING, FIBROID, size(LENGTH, "12")),
        ),
    )
    assert both[0].id == alone[0].id != both[1].id
    assert [one.repeats for one in both] == [1, 1]


def test_findings_are_numbered_in_the_order_measured(tmp_path: Path) -> None:
    """By their times where all have one, wherever they stand; else the tree says the order."""

    def at(second: str, item: Dataset) -> Dataset:
        item.ObservationDateTime = f"202401151030{second}"
        return item

    first = found(FINDING, FIBROID, at("01", size(LENGTH, "34")), at("09", size(VOLUME, "20")))
    second = found(FINDING, FIBROID, at("05", size(LENGTH, "12")))
    untimed = found(FINDING, FIBROID, size(LENGTH, "7"))
    expected = [("Myom 1: Länge", "34"), ("Myom 1: Volumen", "20"), ("Myom 2: Länge", "12")]
    for order in ((first, second), (second, first)):
        assert sorted(said(read(tmp_path, container(PELVIS, *order)))) == expected
    (last, *_) = said(read(tmp_path, container(PELVIS, untimed, second, first)))
    assert last == ("Myom 1: Länge", "7")


def test_a_summary_repeats_a_finding(tmp_path: Path) -> None:
    """What a summary says of a finding again is left out, and numbers stay as they are."""
    first = found(FINDING, FIBROID, size(LENGTH, "34"), size(VOLUME, "20"))
    second = found(FINDING, FIBROID, size(LENGTH, "12"))
    measurements = read(
        tmp_path,
        container(SUMMARY, found(FINDING, FIBROID, size(LENGTH, "12"))),
        container(PELVIS, first, second),
    )
    assert said(measurements) == [
        ("Myom 1: Länge", "34"),
        ("Myom 1: Volumen", "20"),
        ("Myom 2: Länge", "12"),
    ]


def test_a_number_below_a_number_is_a_property_of_it(tmp_path: Path) -> None:
    """Below a value there are no results, also where the value is of a finding."""
    limit = num("SCT|371933006|Normal Range Upper Limit", "30", "mm", rel=PROPERTY)
    measured = num(LENGTH, "34", "mm", limit)
    (only,) = read(tmp_path, container(PELVIS, found(FINDING, FIBROID, measured)))
    assert [one.value for one in only.properties] == ["30"]


def test_a_limit_beside_a_container_is_no_result(tmp_path: Path) -> None:
    """What TID 310 says of a value is none where it hangs at a container either."""
    limit = num("SCT|371933006|Normal Range Upper Limit", "30", "mm", rel=PROPERTY)
    (only,) = read(tmp_path, container(PELVIS, limit, size(LENGTH, "80")))
    assert str(only.value) == "80"


def test_what_is_said_of_a_number_in_words_stays_with_it(tmp_path: Path) -> None:
    """A comment below a number is a property of it, however it hangs; a person's name is not."""
    measured = num(
        LENGTH,
        "80",
        "mm",
        text("DCM|121106|Comment", "schräg"),
        text("DCM|121008|Person Observer Name", "Schall", rel=PROPERTY),
    )
    (only,) = read(tmp_path, container(PELVIS, measured))
    assert "Kommentar: schräg" in remarks(only)
    assert "Schall" not in str(only)
