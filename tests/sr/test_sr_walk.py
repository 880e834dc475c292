"""The walk: which items are results, and what their ancestors say about them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report, ReportLimitError, content
from tests.sr.builder import (
    CYCLE,
    DERIVATION,
    DIAMETER,
    FINDINGS,
    FLOW,
    GROUP,
    LATERALITY,
    LEFT,
    LEFT_VENTRICLE,
    LVIDD,
    MEAN,
    MEAN_CHOSEN,
    METHOD,
    MODE,
    MODIFIER,
    PROPERTY,
    RIGHT,
    SELECTION,
    SITE,
    TOPOGRAPHY,
    TWO_D,
    code,
    container,
    dataset,
    echo_section,
    empty_num,
    measured,
    node,
    num,
    reference,
    text,
)

Read = Callable[[Dataset], Report]


def references(keyword: str, *uids: str) -> Dataset:
    """Return an item whose sequence names these UIDs of documents."""
    document = Dataset()
    document.ReferencedSOPSequence = []
    for value in uids:
        one = Dataset()
        one.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
        one.ReferencedSOPInstanceUID = value
        document.ReferencedSOPSequence.append(one)
    study = Dataset()
    study.StudyInstanceUID = "2.25.12"
    setattr(study, keyword, [document])
    return study


def requests(*accessions: str) -> list[Dataset]:
    """Return a Referenced Request Sequence."""
    items = []
    for number in accessions:
        item = Dataset()
        item.AccessionNumber = number
        items.append(item)
    return items


MITRAL = "SRT|T-35300|Mitral Valve"
CAROTID = "SRT|T-45100|Common Carotid Artery"
NECK = "SRT|T-45005|Artery of neck"
FETUS = "LN|11951-1|Fetus ID"


def test_report_of_one_value_is_read_whole(read: Read) -> None:
    """What the header says and the one measurement arrive as sent."""
    report = read(dataset(echo_section(num(LVIDD, "4.80", "cm"))))
    assert report.sop_class_uid == "1.2.840.10008.5.1.4.1.1.88.33"
    assert (report.sop_uid, report.study_uid, report.template) == ("2.25.11", "2.25.12", "5200")
    assert (report.patient_id, report.manufacturer) == ("4711", "ACME")
    assert (report.completion, report.content_time) == ("PARTIAL", "2024-01-15T10:30:15")
    assert (report.patient_name, report.patient_birth_date) == ("", "")
    assert (report.accession_number, report.model, report.predecessors) == ("", "", ())
    (one,) = report.measurements
    assert (one.name, str(one.value), one.unit) == (LVIDD.split("|")[2], "4.80", "cm")
    assert (one.code, one.scheme) == ("29436-3", "LN")
    assert (one.site, one.mode, one.laterality) == ("Left Ventricle", "2D mode", None)
    assert report.warnings == ()
    assert report.is_whole


def test_header_tells_whose_report_it_is(read: Read) -> None:
    """Patient, device, order and what the report replaces are there to be compared."""
    report = dataset(
        num(LVIDD, "1", "cm"),
        PatientName="Müller^Jörg^^",
        PatientBirthDate="19581224",
        AccessionNumber="ACC1",
        ManufacturerModelName="S50",
    )
    report.PredecessorDocumentsSequence = [
        references("ReferencedSeriesSequence", "2.25.7", "2.25.8"),
        references("ReferencedSeriesSequence", "2.25.9"),
    ]
    found = read(report)
    assert (found.patient_name, found.patient_birth_date) == ("Müller^Jörg", "19581224")
    assert (found.accession_number, found.model) == ("ACC1", "S50")
    assert found.predecessors == ("2.25.7", "2.25.8", "2.25.9")


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [
        ("", ("A1",), "A1"),
        ("", ("A1", "A1"), "A1"),
        ("", ("A1", "A2"), ""),
        ("", ("", "A2"), "A2"),
        ("A0", ("A1",), "A0"),
        ("", (), ""),
    ],
)
def test_accession_number_may_be_in_the_request(
    read: Read, own: str, asked: tuple[str, ...], expected: str
) -> None:
    """Of one request its number is taken where the report has none; between two none is chosen."""
    report = dataset(num(LVIDD, "1", "cm"), AccessionNumber=own)
    report.ReferencedRequestSequence = requests(*asked)
    assert read(report).accession_number == expected


def test_modifier_on_the_value_overrides_the_container(read: Read) -> None:
    """A site on the NUM wins over the one of the section."""
    report = read(dataset(echo_section(num(DIAMETER, "1", "cm", code(SITE, MITRAL)))))
    assert report.measurements[0].site == "Mitral Valve"


def test_sibling_container_inherits_nothing_from_its_sibling(read: Read) -> None:
    """A mode ends with the group that names it."""
    report = read(
        dataset(
            container(
                FINDINGS,
                container(GROUP, code(MODE, TWO_D), num(DIAMETER, "1", "cm")),
                container(GROUP, num(DIAMETER, "2", "cm")),
            )
        )
    )
    assert [one.mode for one in report.measurements] == ["2D mode", None]


def test_modifier_behind_the_values_counts_too(read: Read) -> None:
    """The order of siblings does not matter for what a container says."""
    report = read(dataset(container(FINDINGS, num(LVIDD, "1", "cm"), code(LATERALITY, LEFT))))
    assert report.measurements[0].laterality == "Left"


@pytest.mark.parametrize("relation", [MODIFIER, PROPERTY, "HAS ACQ CONTEXT", "HAS OBS CONTEXT"])
def test_modifier_counts_by_any_relationship(read: Read, relation: str) -> None:
    """Canon sends Selection Status by HAS CONCEPT MOD, GE by HAS PROPERTIES."""
    number = num(LVIDD, "1", "cm", code(SELECTION, MEAN_CHOSEN, rel=relation))
    assert read(dataset(number)).measurements[0].selection == "Mean value chosen"


def test_every_kind_of_modifier_has_its_field(read: Read) -> None:
    """Method, derivation, phase, flow, view, stage and the rest are told apart."""
    number = num(
        LVIDD,
        "1",
        "cm",
        code(METHOD, "DCM|125209|Teichholz"),
        code(DERIVATION, MEAN),
        code(CYCLE, "SRT|F-32020|Systole"),
        code("SRT|R-40899|Respiratory Cycle Point", "SRT|F-20010|Expiration"),
        code(FLOW, "SRT|R-42047|Antegrade Flow"),
        code("DCM|111031|Image View", "SRT|G-A19C|Apical four chamber"),
        code(TOPOGRAPHY, "SRT|G-A119|Distal"),
        code("LN|18139-6|Stage", "DCM|127001|Baseline", rel="HAS ACQ CONTEXT"),
        text("DCM|125203|Acquisition Protocol", "Bruce", rel=MODIFIER),
        text("DCM|125309|Short Label", "LVIDD", rel=MODIFIER),
    )
    one = read(dataset(number)).measurements[0]
    assert (one.method, one.derivation) == ("Teichholz", "Mean")
    assert (one.phase, one.flow) == ("Systole, Expiration", "Antegrade Flow")
    assert (one.view, one.topography) == ("Apical four chamber", "Distal")
    assert (one.stage, one.protocol, one.label) == ("Baseline", "Bruce", "LVIDD")


def test_snomed_ct_modifiers_are_the_same_as_snomed_rt(read: Read) -> None:
    """Newer devices write 363698007 where older ones wrote G-C0E3."""
    site = code("SCT|363698007|Finding Site", "SCT|87878005|Left Ventricle")
    new = read(dataset(container(FINDINGS, site, num(LVIDD, "1", "cm"))))
    old = read(dataset(container(FINDINGS, code(SITE, LEFT_VENTRICLE), num(LVIDD, "1", "cm"))))
    assert new.measurements[0].site == "Left Ventricle"
    assert new.measurements[0].id == old.measurements[0].id


def test_anatomical_container_is_the_site_and_keeps_the_side(read: Read) -> None:
    """Vascular reports write side above and the vessel as the container (PS3.16 TID 5103)."""
    report = read(
        dataset(
            container(
                FINDINGS,
                code(SITE, NECK),
                code(LATERALITY, RIGHT),
                container(
                    CAROTID,
                    code(TOPOGRAPHY, "SRT|G-A119|Distal"),
                    num("LN|11726-7|Peak Systolic Velocity", "82.3", "cm/s"),
                ),
                num("LN|33868-1|ICA/CCA velocity ratio", "1.12", "1"),
            ),
            template="5100",
        )
    )
    vessel, ratio = report.measurements
    assert (vessel.site, vessel.laterality) == ("Common Carotid Artery", "Right")
    assert vessel.topography == "Distal"
    assert (ratio.site, ratio.unit, ratio.topography) == ("Artery of neck", "", None)


def test_side_written_below_the_site_is_found(read: Read) -> None:
    """TID 300 nests Laterality under Finding Site."""
    number = num(LVIDD, "1", "cm", code(SITE, MITRAL, code(LATERALITY, LEFT)))
    assert read(dataset(number)).measurements[0].laterality == "Left"


def test_new_site_forgets_where_in_the_old_one(read: Read) -> None:
    """A topographical modifier belongs to the site it was written with."""
    report = read(
        dataset(
            container(
                FINDINGS,
                code(SITE, NECK),
                code(TOPOGRAPHY, "SRT|G-A119|Distal"),
                num(DIAMETER, "1", "cm", code(SITE, CAROTID)),
            )
        )
    )
    assert report.measurements[0].topography is None


def test_fetus_is_inherited_from_text_context(read: Read) -> None:
    """Two fetuses have two values of everything."""
    sections = [
        container(
            "DCM|125002|Fetal Biometry",
            text(FETUS, fetus, rel="HAS OBS CONTEXT"),
            container("DCM|125005|Biometry Group", num("LN|11820-8|BPD", value, "cm")),
        )
        for fetus, value in (("A", "5.5"), ("B", "5.3"))
    ]
    report = read(dataset(*sections, template="5000"))
    assert [(one.fetus, str(one.value)) for one in report.measurements] == [
        ("A", "5.5"),
        ("B", "5.3"),
    ]
    assert len({one.id for one in report.measurements}) == 2


@pytest.mark.parametrize("relation", [PROPERTY, "INFERRED FROM", "CONTAINS", ""])
def test_number_below_a_number_is_no_result(read: Read, relation: str) -> None:
    """Normal limits and uncertainties are properties of the value above them."""
    limit = num("SRT|R-41F90|Normal Range Lower Limit", "20", "%", rel=relation)
    report = read(dataset(num("LN|11871-1|FL/AC", "22", "%", limit)))
    assert [str(one.value) for one in report.measurements] == ["22"]


@pytest.mark.parametrize("relation", ["HAS OBS CONTEXT", "INFERRED FROM", MODIFIER])
def test_number_that_is_not_contained_is_no_result(read: Read, relation: str) -> None:
    """Number of Fetuses describes the observation (HAS OBS CONTEXT)."""
    context = num("LN|11878-6|Number of Fetuses", "1", "1", rel=relation)
    assert read(dataset(container(FINDINGS, context))).measurements == ()


@pytest.mark.parametrize(
    ("broken", "warning"),
    [
        (empty_num("LN|1|x", "DCM|114006|Measurement failure"), "no_value"),
        (empty_num("LN|1|x"), "no_value"),
        (node("NUM", "LN|1|x", (), "CONTAINS"), "no_value"),
        (num("LN|1|x", "1\\2", "cm"), "several_values"),
        (num("LN|1|x", "NaN", "cm"), "bad_number"),
        (num("LN|1|x", "1,500", "cm"), "bad_number"),
        (num("LN|1|x", "", "cm"), "no_number"),
        (num("", "1", "cm"), "no_name"),
        (reference(), "by_reference"),
    ],
)
def test_broken_item_is_a_warning_and_costs_no_other(
    read: Read, broken: Dataset, warning: str
) -> None:
    """A fault is local: the values beside it are read, the warning says where it was."""
    report = read(dataset(echo_section(num(LVIDD, "4.8", "cm"), broken, num(DIAMETER, "2", "cm"))))
    assert [one.value for one in report.measurements] == [Decimal("4.8"), Decimal(2)]
    assert [(found.code, found.place) for found in report.warnings] == [(warning, "1.1.2.3")]


@pytest.mark.parametrize(
    ("odd", "unit", "warning"),
    [
        (num("LN|1|x", "1", None), "", "no_unit"),
        (num("LN|1|x", "1", "99ACME|U7|milliseconds"), "milliseconds", "foreign_unit"),
        (num("LN|1|", "1", "cm"), "cm", "no_meaning"),
    ],
)
def test_odd_item_is_kept_with_a_warning(read: Read, odd: Dataset, unit: str, warning: str) -> None:
    """What can be read without guessing is read."""
    report = read(dataset(odd))
    assert [one.unit for one in report.measurements] == [unit]
    assert [found.code for found in report.warnings] == [warning]


def test_two_values_in_one_number_are_not_chosen_from(read: Read) -> None:
    """MeasuredValueSequence with two items gives no value (PS3.3 C.18.1)."""
    item = num(LVIDD, "1", "cm")
    item.MeasuredValueSequence.append(measured("2", "cm"))
    report = read(dataset(item))
    assert report.measurements == ()
    assert [found.code for found in report.warnings] == ["several_values"]


def test_reason_of_a_missing_value_is_told(read: Read) -> None:
    """The qualifier's text comes from our table, not from the file."""
    report = read(dataset(empty_num("LN|1|x", "DCM|114006|Müller Erika")))
    assert "measurement failure" in report.warnings[0].message
    assert "Müller" not in report.warnings[0].message


def test_warnings_are_bounded(read: Read) -> None:
    """A report of faults says so once more and stops."""
    report = read(dataset(container(FINDINGS, *(empty_num("LN|1|x") for _ in range(300)))))
    assert len(report.warnings) == 201
    assert report.warnings[-1].code == "more_warnings"


def test_control_characters_never_arrive(read: Read) -> None:
    """A name with a line break becomes one line, an escape sequence loses its escape."""
    number = num("99X|1|a\r\n01030004712\x1b[31m", "1", "cm")
    report = read(dataset(number, PatientID="47\n11"))
    assert report.measurements[0].name == "a 01030004712 [31m"
    assert report.patient_id == "47 11"


def test_too_many_values_are_refused_whole(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report is never shortened silently."""
    monkeypatch.setattr(content, "MAX_FINDINGS", 2)
    numbers = [num(LVIDD, str(value), "cm") for value in (4, 5, 6)]
    assert len(read(dataset(*numbers[:2])).measurements) == 2
    with pytest.raises(ReportLimitError):
        read(dataset(*numbers))


def test_several_modifiers_of_one_kind_are_joined(read: Read) -> None:
    """Two topographical modifiers both count; a flood of them does not swell the text."""
    places = [code(TOPOGRAPHY, f"SRT|G-{number}|place {number}") for number in range(9)]
    (one,) = read(dataset(num(LVIDD, "1", "cm", *places[:2]))).measurements
    assert one.topography == "place 0, place 1"
    (many,) = read(dataset(num(LVIDD, "1", "cm", *places))).measurements
    assert many.topography == "place 0, place 1, place 2, place 3"


def test_number_shows_itself_without_a_value_type(read: Read) -> None:
    """An item with a measured value is a NUM, whatever it forgot to say."""
    item = num(LVIDD, "4.8", "cm")
    del item.ValueType
    assert len(read(dataset(item)).measurements) == 1


def test_a_circumstance_in_a_biometry_group_is_not_what_it_measures(read: Read) -> None:
    """A gestational age belongs to the measured value beside it, not to a room temperature."""
    age = num("LN|18185-9|Gestational Age", "225", "d")
    warm = num("99NEW|4|Room Temperature", "21", "Cel", rel="HAS ACQ CONTEXT")
    report = dataset(container("DCM|125005|Biometry Group", warm, age), template="5000")
    (one,) = read(report).measurements
    assert (one.name, one.companion_of) == ("Gestational Age", None)
