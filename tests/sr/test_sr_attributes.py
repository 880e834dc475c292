"""What is attached to a value: properties, companions, groups, references, further modifiers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Measurement, Report, read_report
from tests.sr.builder import (
    DERIVATION,
    DIAMETER,
    FINDINGS,
    GROUP,
    LATERALITY,
    LATEST_CHOSEN,
    LEFT,
    LVIDD,
    MODIFIER,
    PROPERTY,
    RIGHT,
    SELECTION,
    SITE,
    TOPOGRAPHY,
    code,
    container,
    dataset,
    node,
    num,
    text,
    write,
)

Read = Callable[[Dataset], Report]

BIOMETRY = "DCM|125005|Biometry Group"
AGE = "LN|18185-9|Gestational Age"
BPD = "LN|11820-8|Biparietal Diameter"
HC = "LN|11984-2|Head Circumference"
VELOCITY = "LN|11726-7|Peak Velocity"


def only(report: Report) -> Measurement:
    """Return the one measurement of a report."""
    (one,) = report.measurements
    return one


def uid(name: str, value: str) -> Dataset:
    """Return a UIDREF."""
    item = node("UIDREF", name, (), "HAS OBS CONTEXT")
    item.UID = value
    return item


def by_reference(relation: str, *path: int) -> Dataset:
    """Return an item that stands for the one at ``path``."""
    item = Dataset()
    item.RelationshipType = relation
    item.ReferencedContentItemIdentifier = list(path)
    return item


PROPERTIES = [
    # item, name, value, unit
    (num("SRT|R-41F90|Normal Range Lower Limit", "20", "%"), "20", "%"),
    (num("SCT|371933006|Normal Range Upper Limit", "24.0", "%"), "24.0", "%"),
    (num("SRT|R-00363|+/-, range of measurement uncertainty", "160", "g"), "160", "g"),
    (num("DCM|121416|Z-Score of measurement", "-1.2", "1"), "-1.2", ""),
    (num("DCM|121415|Percentile Ranking of measurement", "31", "%"), "31", "%"),
    (code("DCM|121402|Normality", "SRT|R-42037|Abnormal"), "Abnormal", ""),
    (text("DCM|121408|Normal Range Authority", "Hadlock, AJR 1983"), "Hadlock, AJR 1983", ""),
    (num("99X|P|Own number", "7", "cm"), "7", "cm"),
    (code("99X|Q|Quality", "99X|R|good"), "good", ""),
]


@pytest.mark.parametrize(("item", "value", "unit"), PROPERTIES)
def test_property_belongs_to_its_value(read: Read, item: Dataset, value: str, unit: str) -> None:
    """Limits, percentiles, scores, uncertainty, normality and what a device adds (TID 310)."""
    item.RelationshipType = PROPERTY
    one = only(read(dataset(num(BPD, "5.5", "cm", item))))
    assert [(found.value, found.unit) for found in one.properties] == [(value, unit)]
    assert one.properties[0].name == item.ConceptNameCodeSequence[0].CodeMeaning
    assert one.id == only(read(dataset(num(BPD, "5.5", "cm")))).id


@pytest.mark.parametrize("relation", [MODIFIER, PROPERTY, "CONTAINS"])
def test_property_counts_by_its_concept(read: Read, relation: str) -> None:
    """Whatever relationship a vendor uses for it, it is neither a modifier nor a result."""
    score = num("DCM|121416|Z-Score of measurement", "1.5", "1", rel=relation)
    one = only(read(dataset(num(BPD, "5.5", "cm", score))))
    assert [found.value for found in one.properties] == ["1.5"]
    assert one.further == ()


def test_broken_property_costs_only_itself(read: Read) -> None:
    """A limit that is no number is left out, the value stays."""
    items = [
        num("SRT|R-41F90|Normal Range Lower Limit", "low", "%", rel=PROPERTY),
        num("SRT|R-0038B|Normal Range Upper Limit", "24", "%", rel=PROPERTY),
    ]
    one = only(read(dataset(num(BPD, "5.5", "cm", *items))))
    assert [found.value for found in one.properties] == ["24"]


def biometry(concept: str, value: str, age: str, *more: Dataset) -> Dataset:
    """Return a biometry group of one measurement with its gestational age."""
    return container(BIOMETRY, num(concept, value, "cm", *more), num(AGE, age, "d"))


def test_gestational_age_belongs_to_its_sibling(read: Read) -> None:
    """The age by BPD is not the age by HC, even where no equation says so."""
    report = read(dataset(biometry(BPD, "5.5", "190"), biometry(HC, "20", "192"), template="5000"))
    ages = [one for one in report.measurements if one.code == "18185-9"]
    assert [(str(one.value), one.companion_of) for one in ages] == [
        ("190", "Biparietal Diameter"),
        ("192", "Head Circumference"),
    ]
    assert len({one.identity for one in ages}) == 2
    assert [one.repeats for one in ages] == [1, 1]


@pytest.mark.parametrize(
    "name", ["LN|18185-9|GA", "DCM|125012|Growth Percentile Rank", "DCM|125013|Growth Z-score"]
)
def test_companions_are_told_with_what_they_belong_to(read: Read, name: str) -> None:
    """All that TID 5008 derives from a measurement is a value of its own, attached to it."""
    group = container(BIOMETRY, num(name, "1", "1"), num(BPD, "5", "cm"), num(BPD, "6", "cm"))
    report = read(dataset(container("DCM|125002|Fetal Biometry", group), template="5000"))
    assert report.measurements[0].companion_of == "Biparietal Diameter"
    assert report.measurements[0].section == "Fetal Biometry"
    assert [one.companion_of for one in report.measurements[1:]] == [None, None]


def test_age_among_several_measurements_belongs_to_none(read: Read) -> None:
    """Where a group measures two things nothing is guessed, and no age hides another."""
    age = num(AGE, "190", "d", code(SELECTION, LATEST_CHOSEN, rel=PROPERTY))
    group = container(BIOMETRY, num(BPD, "5", "cm"), age, num(HC, "20", "cm"), num(AGE, "192", "d"))
    ages = [one for one in read(dataset(group)).measurements if one.code == "18185-9"]
    assert [(str(one.value), one.companion_of) for one in ages] == [("190", None), ("192", None)]


def test_age_of_the_chosen_value_goes_first(read: Read) -> None:
    """Two head circumferences have two ages; the chosen one's carries on the series."""
    chosen = code(SELECTION, LATEST_CHOSEN, rel=PROPERTY)
    calculated = code(DERIVATION, "SRT|R-41D2D|Calculated")
    groups = [biometry(HC, "29.7", "230", calculated), biometry(HC, "30.9", "242", chosen)]
    for order in itertools.permutations(groups):
        report = read(dataset(*order, template="5000"))
        first = {one.code: str(one.value) for one in report.measurements if one.stands}
        assert first == {"11984-2": "30.9", "18185-9": "242"}


@pytest.mark.parametrize("concept", ["LN|11951-1|Fetus ID", "DCM|121037|Fetus number"])
def test_twins_keep_apart_through_all_sections(read: Read, concept: str) -> None:
    """Identifier and number of the fetus are both seen, as text or number."""
    sections = [
        container(
            "DCM|125002|Fetal Biometry",
            text(concept, fetus, rel="HAS OBS CONTEXT"),
            biometry(BPD, "5.5", "190"),
        )
        for fetus in ("A", "B")
    ]
    report = read(dataset(*sections, template="5000"))
    assert [one.fetus for one in report.measurements] == ["A", "A", "B", "B"]
    assert len({one.id for one in report.measurements}) == 4
    assert {one.repeats for one in report.measurements} == {1}


@pytest.mark.parametrize(
    ("subject", "fetus"), [("DCM|121026|Fetus", "B"), ("DCM|121025|Patient", None)]
)
def test_subject_is_the_fetus_where_it_says_so(read: Read, subject: str, fetus: str | None) -> None:
    """A Subject ID may also be the patient's, which is nothing to tell (TID 1006)."""
    section = container(
        "DCM|125002|Fetal Biometry",
        code("DCM|121024|Subject Class", subject, rel="HAS OBS CONTEXT"),
        text("DCM|121030|Subject ID", "B", rel="HAS OBS CONTEXT"),
        num(BPD, "5.5", "cm"),
    )
    one = only(read(dataset(section, template="5000")))
    assert (one.fetus, one.further) == (fetus, ())


def lesion(identifier: str | None, own: str, size: str) -> Dataset:
    """Return a measurement group of TID 1500."""
    named = []
    if identifier:
        named.append(text("DCM|112039|Tracking Identifier", identifier, rel="HAS OBS CONTEXT"))
    return container(
        GROUP,
        *named,
        uid("DCM|112040|Tracking Unique Identifier", own),
        num(DIAMETER, size, "mm"),
    )


def test_lesions_are_told_apart_by_their_tracking(read: Read) -> None:
    """Identifier, or without one the UID, keeps two nodules two series (TID 1501)."""
    report = read(
        dataset(
            lesion("Nodule 1", "2.25.1", "12"),
            lesion("Nodule 2", "2.25.2", "7"),
            lesion(None, "2.25.3", "5"),
            template="1500",
        )
    )
    assert [one.group for one in report.measurements] == ["Nodule 1", "Nodule 2", None]
    assert {one.repeats for one in report.measurements} == {1}
    again = read(dataset(lesion("nodule  1", "2.25.9", "13"), template="1500"))
    assert only(again).id == report.measurements[0].id


def test_private_containers_tell_values_apart(read: Read) -> None:
    """Samsung puts the vessel into a container of its own scheme."""
    vessels = [
        container(f"99SAM|99001-{number}|{name}", num(VELOCITY, value, "cm/s"))
        for number, name, value in (("01", "Uterine Artery", "60"), ("02", "Umbilical", "40"))
    ]
    report = read(dataset(container(FINDINGS, *vessels), template="5000"))
    assert [one.group for one in report.measurements] == ["Uterine Artery", "Umbilical"]
    assert len({one.identity for one in report.measurements}) == 2


def test_innermost_containers_count(read: Read) -> None:
    """A tree made to be deep does not make endless names."""
    item = num(DIAMETER, "1", "cm")
    for number in range(30):
        item = container(f"99X|{number}|level {number}", item)
    group = only(read(dataset(item))).group or ""
    assert group.split(" / ") == [f"level {number}" for number in range(7, -1, -1)]


@pytest.mark.parametrize("name", [FINDINGS, "LN|59776-5|Findings", "DCM|125303|Adhoc Measurements"])
def test_sections_of_the_standard_do_not(read: Read, name: str) -> None:
    """The same measurement in another section of the standard carries on its series."""
    one = only(read(dataset(container(name, num(LVIDD, "4.8", "cm")))))
    assert one.id == only(read(dataset(num(LVIDD, "4.8", "cm")))).id
    assert one.section == name.split("|")[2]


@pytest.mark.parametrize("section", ["DCM|125301|Pre", "DCM|125302|Post", "DCM|125303|Adhoc"])
def test_simplified_echo_report(tmp_path: Path, section: str) -> None:
    """TID 5300: three flat containers, the modifiers on the value, short labels."""
    value = num(
        "99X|1|Measurement",
        "4.8",
        "cm",
        code(SITE, "SCT|87878005|Left Ventricle"),
        code("DCM|125307|Measured Property", "SCT|410668003|Length"),
        code("DCM|125306|Measurement Type", "DCM|125316|Directly measured"),
        text("DCM|125309|Short Label", "LVIDD", rel=MODIFIER),
    )
    report = dataset(
        container(section, value), template="5300", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.72"
    )
    one = only(read_report(write(report, tmp_path / "r.dcm")))
    assert (one.label, one.site) == ("LVIDD", "Left Ventricle")
    assert [(found.name, found.value) for found in one.further] == [
        ("Measured Property", "Length"),
        ("Measurement Type", "Directly measured"),
    ]


def test_side_of_the_section_and_of_the_vessel(read: Read) -> None:
    """Left, Right or Unilateral stands on the section; what is below may say otherwise."""
    sections = [
        container(
            FINDINGS,
            code(LATERALITY, side),
            container("SRT|T-45100|Common Carotid Artery", num(VELOCITY, "80", "cm/s"), *below),
        )
        for side, *below in (
            (LEFT,),
            (RIGHT,),
            ("SRT|G-A103|Unilateral",),
            ("SRT|G-A103|Unilateral", code(LATERALITY, LEFT)),
        )
    ]
    report = read(dataset(*sections, template="5100"))
    assert [one.laterality for one in report.measurements] == [
        "Left",
        "Right",
        "Unilateral",
        "Left",
    ]


@pytest.mark.parametrize(
    ("outside", "inside", "contradicted"),
    [
        (LEFT, RIGHT, "Left"),
        (RIGHT, LEFT, "Right"),
        (LEFT, LEFT, None),
        ("SRT|G-A103|Unilateral", RIGHT, None),
        ("SRT|G-A102|Bilateral", RIGHT, None),
    ],
)
def test_a_side_that_contradicts_its_section_is_kept_with_it(
    read: Read, outside: str, inside: str, contradicted: str | None
) -> None:
    """The nearest counts, and the other is not forgotten."""
    vessel = container("SRT|T-45300|ICA", num(VELOCITY, "90", "cm/s", code(LATERALITY, inside)))
    section = container(FINDINGS, code(LATERALITY, outside), vessel)
    assert only(read(dataset(section, template="5100"))).other_side == contradicted


def test_a_vessel_a_maker_codes_wrongly_is_the_one_it_names(read: Read) -> None:
    """EchoNous sends the subclavian artery under the code of the vertebral artery."""
    vessels = [
        container(f"SRT|T-45700|{name}", num(VELOCITY, value, "cm/s"))
        for name, value in (("Vertebral Artery", "60"), ("Subclavian Artery", "131"))
    ]
    report = read(dataset(container(FINDINGS, *vessels), template="5100"))
    assert [one.identity[1] for one in report.measurements] == [
        "site=SCT:85234005",
        "site=SCT:36765005",
    ]
    assert [one.repeats for one in report.measurements] == [1, 1]


@pytest.mark.parametrize(
    ("items", "stage"),
    [
        ((code("DCM|109055|Protocol Stage", "SCT|128975004|Rest", rel="HAS ACQ CONTEXT"),), "Rest"),
        ((num("DCM|122091|Stage Number", "4", "{stage}", rel="HAS ACQ CONTEXT"),), "4"),
        (
            (
                num("DCM|122091|Stage Number", "4", "{stage}", rel="HAS ACQ CONTEXT"),
                code("LN|18139-6|Stage", "SCT|128975004|Rest", rel="HAS ACQ CONTEXT"),
            ),
            "Rest",
        ),
        (
            (
                num("DCM|122091|Stage Number", "2", "{stage}", rel="HAS ACQ CONTEXT"),
                text("LN|18139-6|Stage", "Mid", rel="HAS ACQ CONTEXT"),
            ),
            "Mid",
        ),
    ],
)
def test_a_stage_by_code_text_or_number(read: Read, items: tuple[Dataset, ...], stage: str) -> None:
    """Its number tells stages apart only where nothing else does."""
    group = container(GROUP, *items, num(LVIDD, "4.8", "cm"))
    assert only(read(dataset(container(FINDINGS, group)))).stage == stage


@pytest.mark.parametrize(
    ("item", "counts"),
    [
        (code("99X|1|Plane", "99X|2|Far"), True),
        (text("99X|1|Plane", "far", rel=MODIFIER), True),
        (code("DCM|1|Posture", "SRT|F-10340|Supine", rel="HAS ACQ CONTEXT"), True),
        (num("LN|8867-4|Heart rate", "68", "/min", rel="HAS ACQ CONTEXT"), False),
        (code("DCM|121049|Language", "RFC5646|eng|English"), False),
        (code("DCM|121005|Observer Type", "DCM|121007|Device", rel="HAS OBS CONTEXT"), False),
        (text("DCM|121106|Comment", "x"), False),
    ],
)
def test_further_modifiers_of_a_container(read: Read, item: Dataset, counts: bool) -> None:  # noqa: FBT001
    """What modifies the concept or is a code of the acquisition tells values apart."""
    one = only(read(dataset(container(FINDINGS, item, num(DIAMETER, "1", "cm")))))
    assert bool(one.further) is counts
    assert (one.id != only(read(dataset(num(DIAMETER, "1", "cm")))).id) is counts


def test_vessel_with_a_site_of_its_own_keeps_its_name(read: Read) -> None:
    """Two vessels that both say they lie in the neck stay two vessels."""
    vessels = [
        container(vessel, code(SITE, "SRT|T-45005|Artery of neck"), num(VELOCITY, "80", "cm/s"))
        for vessel in ("SRT|T-45100|Common Carotid Artery", "SRT|T-45300|Internal Carotid Artery")
    ]
    report = read(dataset(container(FINDINGS, *vessels), template="5100"))
    assert [(one.site, one.group) for one in report.measurements] == [
        ("Artery of neck", "Common Carotid Artery"),
        ("Artery of neck", "Internal Carotid Artery"),
    ]
    assert {one.repeats for one in report.measurements} == {1}


def test_modifiers_of_the_document_are_none_of_its_values(read: Read) -> None:
    """Procedure Reported and the like stand on the root (PS3.16 TID 1500)."""
    reported = code("DCM|121058|Procedure reported", "LN|24531-6|US Retroperitoneum")
    one = only(read(dataset(reported, num(DIAMETER, "1", "cm"))))
    assert (one.further, one.id) == ((), only(read(dataset(num(DIAMETER, "1", "cm")))).id)


def test_order_of_modifiers_changes_nothing(read: Read) -> None:
    """Two topographical modifiers are the same two in any order, in SRT or SCT."""
    distal, anterior = "SRT|G-A119|Distal", "SRT|R-404CC|Anterior"
    ids = {
        only(read(dataset(num(DIAMETER, "1", "cm", *(code(TOPOGRAPHY, one) for one in order))))).id
        for order in itertools.permutations([distal, anterior])
    }
    assert len(ids) == 1
    new = [code(TOPOGRAPHY, "SCT|46053002|Distal"), code(TOPOGRAPHY, "SCT|255549009|Anterior")]
    assert only(read(dataset(num(DIAMETER, "1", "cm", *new)))).id in ids


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big endian"])
def test_modifier_by_reference_counts(tmp_path: Path, syntax: str) -> None:
    """An item that is meant by reference says what it would say if it were there."""
    mode = code("SRT|G-0373|Image Mode", "SRT|G-0394|M mode", rel="CONTAINS")
    report = dataset(
        container(FINDINGS, mode),
        container(
            FINDINGS,
            num(DIAMETER, "2", "cm"),
            num(
                LVIDD,
                "1",
                "cm",
                by_reference(MODIFIER, 1, 1, 1),
                by_reference("INFERRED FROM", 1, 2, 1),
            ),
        ),
    )
    found = read_report(write(report, tmp_path / "r.dcm", syntax))
    assert [(one.mode, one.inferred_from) for one in found.measurements] == [
        (None, ()),
        ("M mode", ("1.2.1",)),
    ]
    assert found.warnings == ()


@pytest.mark.parametrize("path", [(1, 7), (2, 1), (1, 0), (1, 1, 1, 1)])
def test_reference_to_nowhere_is_a_warning(read: Read, path: tuple[int, ...]) -> None:
    """The value stays, its place is told."""
    report = read(dataset(num(LVIDD, "1", "cm", by_reference("INFERRED FROM", *path))))
    assert only(report).inferred_from == ()
    assert [(found.code, found.place) for found in report.warnings] == [("by_reference", "1.1.1")]


def test_value_that_refers_to_itself_ends(read: Read) -> None:
    """References are followed once."""
    report = read(dataset(num(LVIDD, "1", "cm", by_reference(PROPERTY, 1, 1))))
    assert only(report).properties[0].value == "1"
