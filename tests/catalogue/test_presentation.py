"""Measurements as the chart gets them: named, converted exactly, rounded, and told apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.chart_value import FETAL_GROUPS, ChartValue
from gdtbridge.catalogue.presentation import OTHERS, present, present_all
from gdtbridge.catalogue.repeats import in_order
from gdtbridge.catalogue.rows import maxima, terms
from gdtbridge.sr import Measurement, Report, read_report
from gdtbridge.tsv import table
from tests.conftest import PROJECT
from tests.sr import builder as b

Read = Callable[[Dataset], Report]
ECHO = PROJECT / "samples" / "sr" / "echo.dcm"

LVIDD = "LN:29436-3"
EF = "LN:18043-0"
PERCENTILE = "DCM:125012"
AGE = "LN:18185-9"
HC_AC = "LN:11947-9"


def measured(concept: str, value: str, unit: str, unit_code: str | None = None) -> Measurement:
    """Return a measurement without modifiers; the unit's code is the unit unless given."""
    scheme, _, code = concept.partition(":")
    return Measurement(
        id="DERIVEDAAAAAAAA",
        name="Device's name",
        value=Decimal(value),
        unit=unit,
        code=code,
        scheme=scheme,
        unit_code=unit if unit_code is None else unit_code,
        identity=(concept,),
    )


def shown(concept: str, value: str, unit: str, unit_code: str | None = None) -> ChartValue:
    """Return how the chart gets a value."""
    return present(measured(concept, value, unit, unit_code), standard())


@pytest.mark.parametrize(
    ("concept", "value", "unit", "code", "chart"),
    [
        (LVIDD, "4.2141821355915", "cm", None, "42.1 mm"),
        (LVIDD, "42.141821355915", "mm", None, "42.1 mm"),
        (LVIDD, "0.042141821355915", "m", None, "42.1 mm"),
        (EF, "59.8", "%", None, "60 %"),
        (EF, "0.598", "", "1", "60 %"),
        (EF, "0.598", "", "{ratio}", "60 %"),
        (HC_AC, "1.06", "", "1", "1.06"),
        (HC_AC, "1.06", "", "", "1.06"),
        (HC_AC, "106", "%", None, "1.06"),
        (PERCENTILE, "63", "%", None, "63"),
        (PERCENTILE, "63", "%tile", None, "63"),
        (PERCENTILE, "63", "", "1", "63"),
        (AGE, "33.2", "wk", None, "232 Tage"),
        ("LN:18087-7", "0.1682", "kg", None, "168 g"),
        ("LN:80023-5", "95.04", "g/m2", None, "95 g/m2"),
        ("LN:8867-4", "68", "{H.B.}/min", None, "68 1/min"),
        ("LN:18034-9", "900", "mmHg/s", None, "900 mmHg/s"),
        ("LN:79997-3", "48.24", "ml/m²", None, "48 ml/m2"),
        ("LN:18037-2", "0.87", "m/sec", None, "87.0 cm/s"),
        ("LN:18038-0", "1.275", "", "{ratio}", "1.28"),
        # nothing that was measured becomes a zero
        ("LN:79964-3", "0.004", "m/s", None, "0.004 m/s"),
        ("LN:79964-3", "-0.00004", "m/s", None, "-0.00004 m/s"),
        ("LN:79964-3", "0.00000004", "m/s", None, "0.000000 m/s"),
        ("LN:79964-3", "0", "m/s", None, "0.00 m/s"),
        ("LN:79964-3", "-0.0", "m/s", None, "0.00 m/s"),
    ],
)
def test_the_chart_has_the_catalogues_unit(
    concept: str, value: str, unit: str, code: str | None, chart: str
) -> None:
    """Whatever unit the device was set to, the chart has one, rounded as the catalogue says."""
    one = shown(concept, value, unit, code)
    assert f"{one.value:f} {one.unit}".rstrip() == chart
    assert not one.warning


@pytest.mark.parametrize(
    ("concept", "unit", "code"),
    [
        (LVIDD, "", None),
        (LVIDD, "cm/s", None),
        (LVIDD, "ml/m2", None),
        (LVIDD, "Ellen", None),
        (EF, "", None),  # 0.6 or 60?
        (EF, "", "{percent}"),
        (EF, "ml", None),
        (PERCENTILE, "mm", None),
        (HC_AC, "cm", None),
        ("LN:80023-5", "g/m2.7", None),
        ("LN:80023-5", "g", None),
    ],
)
def test_a_unit_that_does_not_fit_is_told_and_not_converted(
    concept: str, unit: str, code: str | None
) -> None:
    """The amount stays, under an id that mixes with no other series."""
    one = shown(concept, "4.2", unit, code)
    told = "42 mm" if unit == "cm" else f"4.2 {unit}"
    assert f"{one.value} {one.unit}" == told
    assert (one.id == "DERIVEDAAAAAAAA") is (unit != "Ellen")
    assert one.id.startswith("DERIVED")
    assert "nicht umgerechnet" in one.warning
    assert one.warning in one.remarks
    assert one.known


@pytest.mark.parametrize("concept", [EF, "LN:11871-1"])
@pytest.mark.parametrize("code", ["1", "{ratio}"])
def test_a_percentage_that_calls_itself_a_ratio_is_not_multiplied(concept: str, code: str) -> None:
    """Nobody's ejection fraction is 5980 percent: the number stays, and a remark says why."""
    one = shown(concept, "59.8", "", code)
    assert (one.value, one.unit) == (Decimal("59.8"), "")
    assert "nicht umgerechnet" in one.warning


@given(st.decimals(min_value=1, max_value=400, places=9, allow_nan=False))
def test_the_same_length_is_the_same_value_in_every_unit(millimetres: Decimal) -> None:
    """An exam sent in cm and in mm gives the same chart."""
    values = {
        shown(LVIDD, f"{millimetres.scaleb(power):f}", unit).value
        for unit, power in (("mm", 0), ("cm", -1), ("m", -3))
    }
    assert len(values) == 1


@pytest.mark.parametrize(
    ("value", "unit", "remark"),
    [
        ("4.2141821355915", "cm", ("Gerät: 4,21418 cm",)),
        ("42.1000022888184", "mm", ()),
        ("42.1", "mm", ()),
        ("42", "mm", ()),
    ],
)
def test_what_the_device_wrote_stays_beside_what_differs(
    value: str, unit: str, remark: tuple[str, ...]
) -> None:
    """Number and unit of the device are a remark where the unit is another, without float noise."""
    assert shown(LVIDD, value, unit).remarks == remark


def test_a_gestational_age_is_told_in_weeks_too() -> None:
    """German practices count weeks and days."""
    assert "SSW: 33+1" in shown(AGE, "232", "d").remarks
    assert shown(AGE, "232", "d").spoken == ("33+1", "SSW")


def test_what_is_not_in_the_catalogue_has_the_name_of_its_device() -> None:
    """Its own name and id, the unit of its dimension, and it comes last."""
    one = shown("99X:1", "4.2141821355915", "cm")
    assert (one.id, one.name, one.unit) == ("DERIVEDAAAAAAAA", "Device's name", "mm")
    assert (one.value, one.remarks[0]) == (Decimal("42.14"), "Gerät: 4,21418 cm")
    assert (one.known, one.group) == (False, OTHERS)
    assert one.order > max(entry.order for entry in [shown("LN:11634-3", "10", "1")])


def test_what_the_device_chose_has_the_plain_id() -> None:
    """The others have the id and their number, and say which of how many they are."""
    first, chosen, third = (
        replace(measured(LVIDD, value, "mm"), place=f"1.1.{value}") for value in ("40", "41", "42")
    )
    chosen = replace(chosen, precedence=0)
    results = present_all([first, chosen, third], standard())
    assert [(one.id, one.name[-9:], one.remarks[-1]) for one in results] == [
        ("LVIDD0R1", "(1 von 3)", "Wiederholung: 1 von 3"),
        ("LVIDD", "h (LVIDd)", "Wiederholung: 2 von 3"),
        ("LVIDD0R3", "(3 von 3)", "Wiederholung: 3 von 3"),
    ]
    assert [str(one.value) for one in results] == ["40.0", "41.0", "42.0"]


def test_what_was_measured_last_has_the_plain_id_where_none_was_chosen(read: Read) -> None:
    """By its time if all have one, also where the device coded the measurement in two ways."""
    lvidd, in_2d = "LN|29436-3|LVIDd", "LN|80007-8|LVIDd 2D"
    beats = [b.num(lvidd, "41", "mm"), b.num(in_2d, "40", "mm"), b.num(lvidd, "42", "mm")]
    in_the_tree = present_all(read(b.dataset(b.echo_section(*beats))).measurements, standard())
    assert {one.id: str(one.value) for one in in_the_tree} == {
        "LVIDD0R1": "41.0",
        "LVIDD0R2": "40.0",
        "LVIDD": "42.0",
    }
    for beat, second in zip(beats, (3, 1, 2), strict=True):
        beat.ObservationDateTime = f"2024011510300{second}"
    by_time = present_all(read(b.dataset(b.echo_section(*beats))).measurements, standard())
    assert {one.id: str(one.value) for one in by_time} == {
        "LVIDD0R1": "40.0",
        "LVIDD0R2": "42.0",
        "LVIDD": "41.0",
    }


def test_of_many_repeats_every_one_has_an_id(read: Read) -> None:
    """Ids of the catalogue have no 0 but between their parts, so the tenth has another."""
    beats = [b.num("LN|29436-3|LVIDd", f"4.{at:02}", "cm") for at in range(12)]
    shown = present_all(read(b.dataset(b.echo_section(*beats))).measurements, standard())
    assert len({one.id for one in shown}) == 12
    assert [one.id[:8] for one in shown[:9]] == [f"LVIDD0R{at}" for at in range(1, 10)]
    assert shown[11].id == "LVIDD"


PSV, MEAN_OF = "LN|11726-7|PSV", b.code(b.DERIVATION, b.MEAN)


def carotid(*velocities: Dataset) -> Dataset:
    """Return velocities of one internal carotid artery."""
    vessels = (b.container("SRT|T-45300|ICA", velocity) for velocity in velocities)
    neck = b.code(b.SITE, "SRT|T-45005|Artery of neck")
    side = b.code(b.LATERALITY, b.LEFT)
    return b.dataset(b.container(b.FINDINGS, neck, side, *vessels), template="5100")


def test_the_maximum_is_told_besides_where_the_catalogue_says_so(read: Read) -> None:
    """Of velocities in a stenosis, where the device sent several and chose none."""
    velocities = [b.num(PSV, value, "cm/s") for value in ("92", "312", "305")]
    distal = b.num(PSV, "80", "cm/s", b.code(b.TOPOGRAPHY, "SRT|G-A119|Distal"))
    measurements = read(carotid(velocities[0], distal, *velocities[1:])).measurements
    shown = in_order(present_all(measurements, standard()))
    assert [(one.id, one.name[-9:], str(one.value)) for one in shown] == [
        ("ICAPSV0L", "SV, links", "305.0"),
        ("ICAPSV0L0R1", "(1 von 3)", "92.0"),
        ("ICAPSV0L0R2", "(2 von 3)", "312.0"),
        ("ICAPSV0L0MAX", ", Maximum", "312.0"),
        ("ICAPSV0DIST0L", "al, links", "80.0"),
    ]
    assert shown[3].remarks[-1] == "größter von 3 Werten"


@pytest.mark.parametrize(
    "report",
    [
        carotid(b.num(PSV, "92", "cm/s")),
        carotid(b.num(PSV, "92", "cm/s", MEAN_OF), b.num(PSV, "93", "cm/s")),
        b.dataset(b.echo_section(*(b.num(b.LVIDD, value, "mm") for value in ("48", "51")))),
    ],
    ids=["one value", "a mean among them", "a length"],
)
def test_nothing_is_told_besides_elsewhere(read: Read, report: Dataset) -> None:
    """A single value is its own maximum, and what the device chose stands."""
    shown = present_all(read(report).measurements, standard())
    assert [one.besides for one in shown] == [None] * len(shown)


def test_maxima_are_of_measurements_of_the_catalogue() -> None:
    """Each row has a reason; no term looks like the number of a repeat."""
    assert {row.id for row in standard().rows} >= maxima()
    assert all(reason for _, reason in table("catalogue/maxima.tsv"))
    assert not [term for term in terms().words if re.fullmatch(r"R[1-9]", term)]


def test_left_and_right_and_twins_never_mix(read: Read) -> None:
    """Side and child are in id and name; a kidney beside fetal sections is a child's too."""
    kidney, length = "SRT|T-71000|Kidney", "SRT|G-D7FE|Length"
    fetal = "LN|11820-8|Biparietal Diameter"
    report = b.dataset(
        *(
            b.container(kidney, b.code(b.LATERALITY, side), b.num(length, value, "cm"))
            for side, value in ((b.LEFT, "10.1"), (b.RIGHT, "11.2"))
        ),
        *(
            b.container(
                "DCM|125002|Fetal Biometry",
                b.text("LN|11951-1|Fetus ID", child, rel="HAS OBS CONTEXT"),
                b.num(fetal, value, "cm"),
            )
            for child, value in (("A", "5.5"), ("B", "5.6"))
        ),
    )
    results = present_all(read(report).measurements, standard())
    assert [(one.id, one.name, str(one.value)) for one in results] == [
        ("RENL0L0CHILD", "Niere Länge, links, Fetus", "101"),
        ("RENL0R0CHILD", "Niere Länge, rechts, Fetus", "112"),
        ("BPD0FA", "Biparietaler Durchmesser (BIP), Fetus A", "55.0"),
        ("BPD0FB", "Biparietaler Durchmesser (BIP), Fetus B", "56.0"),
    ]


def test_values_of_one_child_stand_together(read: Read) -> None:
    """Behind the mother's, child after child, each under a heading that names it."""
    lvidd = "LN|29436-3|Left Ventricle Internal End Diastolic Dimension"
    report = b.dataset(
        *(
            b.container(
                section,
                b.text("LN|11951-1|Fetus ID", child, rel="HAS OBS CONTEXT"),
                b.num(name, "12", "mm"),
            )
            for section, name in (
                ("DCM|125002|Fetal Biometry", "LN|11820-8|Biparietal Diameter"),
                (b.FINDINGS, lvidd),
                (b.FINDINGS, "99X|1|Something"),
            )
            for child in ("10", "2", "Fetus 1")
        ),
        b.container(b.FINDINGS, b.num("LN|11820-8|Biparietal Diameter", "12", "mm")),
        b.container(b.FINDINGS, b.num(lvidd, "13", "mm")),
        b.num("LN|8302-2|Patient Height", "170", "cm"),
        template="5000",
    )
    shown = sorted(present_all(read(report).measurements, standard()), key=lambda one: one.order)
    assert list(dict.fromkeys(one.heading for one in shown)) == [
        "Allgemein",
        "Fetus: Linker Ventrikel",
        "Fetale Biometrie",
        *(
            f"Fetus {child}: {group}"
            for child in ("1", "2", "10")
            for group in ("Linker Ventrikel", "Fetale Biometrie", "Weitere Messwerte")
        ),
    ]


def test_groups_of_a_pregnancy_are_groups_of_the_catalogue() -> None:
    """A heading says nothing of the only child where its group does."""
    assert {row.group for row in standard().rows} >= FETAL_GROUPS


def test_remarks_repeat_nothing_the_name_says() -> None:
    """Site, side and image mode are in the name or go without saying; a view left open is not."""
    results = present_all(read_report(ECHO).measurements, standard())
    remarks = [remark for one in results for remark in one.remarks]
    assert not [text for text in remarks if text.startswith(("Ort", "Seite", "Flussrichtung"))]
    assert [text for text in remarks if text.startswith("Ableitung")]


@pytest.mark.parametrize(
    ("label", "site", "remark"),
    [("=#1", "SCT:24162005", ()), ("=mpv", "=abdomen", ("Bezeichnung: MPV",))],
)
def test_a_label_is_told_once(label: str, site: str, remark: tuple[str, ...]) -> None:
    """A number is in the name; a user's own word stays beside ours."""
    concept = "LN:11793-7" if not remark else "DCM:121206"
    one = replace(
        measured(concept, "15", "mm"),
        label=label.removeprefix("=").upper(),
        identity=(concept, f"site={site}", f"label={label}"),
    )
    shown = present(one, standard())
    assert (shown.known, shown.remarks) == (True, remark)


def test_all_ids_of_a_report_differ() -> None:
    """Whatever a report holds, no value takes another's place."""
    measurements = read_report(ECHO).measurements
    results = present_all(measurements, standard())
    assert len({one.id for one in results}) == len(results) == len(measurements)


NECK = "SRT|T-45005|Artery of neck"


def test_steal_and_ordinary_flow_are_two_measurements(read: Read) -> None:
    """Which way the blood runs in a vertebral artery is the finding; it is in id and name."""
    vertebral = "SRT|T-45700|Vertebral Artery"
    psv = "LN|11726-7|Peak Systolic Velocity"
    report = b.dataset(
        *(
            b.container(
                b.FINDINGS,
                b.code(b.SITE, NECK),
                b.code(b.LATERALITY, side),
                b.container(vertebral, b.num(psv, "45", "cm/s", b.code(b.FLOW, flow))),
            )
            for side, flow in (
                (b.LEFT, "SRT|R-42E61|Retrograde Flow"),
                (b.RIGHT, "SRT|R-42047|Antegrade Flow"),
            )
        ),
        template="5100",
    )
    results = present_all(read(report).measurements, standard())
    assert [(one.id, one.name, one.remarks) for one in results] == [
        ("VERTPSV0RETRO0L", "A. vertebralis PSV, retrograd, links", ()),
        ("VERTPSV0R", "A. vertebralis PSV, rechts", ()),
    ]


def test_a_stress_echo_has_a_series_for_each_stage(read: Read) -> None:
    """Rest and stress have names of their own and never one id."""
    stage, ef = "LN|18139-6|Stage", "LN|18043-0|EF"
    report = b.dataset(
        *(
            b.container(
                b.FINDINGS,
                b.code(b.SITE, b.LEFT_VENTRICLE),
                b.container(
                    b.GROUP,
                    b.code(b.MODE, b.TWO_D),
                    b.code(stage, which, rel="HAS ACQ CONTEXT"),
                    b.num(ef, value, "%", b.code(b.METHOD, "DCM|125207|Biplane")),
                ),
            )
            for which, value in (
                ("SRT|F-01604|Resting State", "55"),
                ("SCT|434161005|Peak cardiac stress state", "68"),
                ("99X|3|Stage 3", "61"),
            )
        )
    )
    results = present_all(read(report).measurements, standard())
    assert [one.name.rpartition(", ")[2] for one in results] == [
        "in Ruhe",
        "maximale Belastung",
        "Stage 3",
    ]
    assert [one.id for one in results[:2]] == ["LVEF0BP0REST", "LVEF0BP0PEAK"]
    assert len({one.id for one in results}) == 3


def test_a_simplified_echo_is_named_by_its_codes(read: Read) -> None:
    """TID 5300: the short label says the same again and is no other measurement."""
    label, kind = "DCM|125309|Short Label", "DCM|125306|Measurement Type"
    report = b.dataset(
        b.container(
            "DCM|125302|Post-coordinated Measurements",
            b.num(
                "LN|20355-4|Peak Blood Velocity",
                "1.4",
                "m/s",
                b.text(label, "AV Vmax", rel=b.MODIFIER),
                b.code("DCM|125305|Finding Observation Type", "SCT|44324008|Hemodynamic"),
                b.code(kind, "DCM|125316|Directly measured"),
                b.code(b.SITE, "SRT|T-35400|Aortic Valve"),
                b.code(b.FLOW, "SRT|R-42047|Antegrade Flow"),
                b.code(b.MODE, "SRT|R-409E3|Doppler Continuous Wave"),
            ),
        ),
        template="5300",
    )
    (one,) = present_all(read(report).measurements, standard())
    assert (one.id, one.name, f"{one.value} {one.unit}") == (
        "AOVMAX",
        "Aortenklappe Vmax",
        "1.40 m/s",
    )
    assert "Bezeichnung: AV Vmax" in one.remarks


def test_tracked_organs_are_named_with_their_tracking_identifier(read: Read) -> None:
    """TID 12000 and 1500 track everything; the identifier is in the name, two lesions stay two."""
    report = b.dataset(
        *(
            b.container(
                b.GROUP,
                b.text("DCM|112039|Tracking Identifier", which, rel="HAS OBS CONTEXT"),
                b.code(b.SITE, "SRT|T-62000|Liver"),
                b.num("DCM|110830|Elasticity", value, "kPa"),
            )
            for which, value in (("Site 1", "5.4"), ("Site 2", "6.1"))
        ),
        template="12000",
    )
    results = present_all(read(report).measurements, standard())
    assert [one.name for one in results] == [
        "Leber Steifigkeit (Elastographie), Site 1",
        "Leber Steifigkeit (Elastographie), Site 2",
    ]
    assert len({one.id for one in results}) == 2


@pytest.mark.parametrize(
    ("template", "fetus", "id_", "name"),
    [
        ("5000", None, "FMCAPI", "Fetale A. cerebri media PI"),
        ("5000", "A", "FMCAPI0FA", "Fetale A. cerebri media PI, Fetus A"),
        ("5100", None, "MCAPI", "A. cerebri media PI"),
    ],
)
def test_the_middle_cerebral_artery_of_an_obstetric_report_is_the_childs(
    read: Read, template: str, fetus: str | None, id_: str, name: str
) -> None:
    """Devices number the fetus only where there are several."""
    said = [b.text("LN|11951-1|Fetus ID", fetus, rel="HAS OBS CONTEXT")] if fetus else []
    report = b.dataset(
        b.container(
            b.FINDINGS,
            *said,
            b.code(b.SITE, "SRT|T-F6800|Embryonic vascular structure"),
            b.container(
                "SRT|T-45600|Middle Cerebral Artery",
                b.num("LN|12008-9|Pulsatility Index", "1.82", "1"),
            ),
        ),
        template=template,
    )
    (one,) = present_all(read(report).measurements, standard())
    assert (one.id, one.name) == (id_, name)


def test_elastography_is_told_by_its_median(read: Read) -> None:
    """The single readings are what the median is of; its deviation has a name of its own."""
    elasticity = "DCM|110830|Elasticity"
    report = b.dataset(
        b.container(
            b.FINDINGS,
            b.code(b.SITE, "SRT|T-62000|Liver"),
            *(b.num(elasticity, value, "kPa") for value in ("5.1", "6.0", "5.6")),
            b.num(elasticity, "5.6", "kPa", b.code(b.DERIVATION, "SRT|R-00319|Median")),
            b.num(elasticity, "0.4", "kPa", b.code(b.DERIVATION, "SRT|R-10047|Deviation")),
        ),
        template="5100",
    )
    results = present_all(read(report).measurements, standard())
    assert [(one.id, f"{one.value} {one.unit}") for one in results] == [
        ("LIVE", "5.6 kPa"),
        ("LIVE0STD", "0.4 kPa"),
    ]


def test_a_deviation_is_no_age() -> None:
    """A gestational age is told in weeks and days, its standard deviation is not."""
    deviation = replace(
        measured(AGE, "15", "d"), identity=(AGE, "derivation=SCT:386136009", "of=LN:11820-8")
    )
    one = present(deviation, standard())
    assert one.name == "Gestationsalter, BIP, Standardabweichung"
    assert one.remarks == ()
