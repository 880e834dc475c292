"""Statistics, counts, settings and doses: told as what they are or left out with a reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report
from gdtbridge.sr.codes import AVERAGES, SPREADS, STATISTICS
from gdtbridge.sr.derivations import DerivationKind, derivation_kind
from gdtbridge.sr.model import Code
from gdtbridge.sr.no_results import is_other_report, rule_of
from gdtbridge.sr.plain_words import plain_words
from gdtbridge.tsv import table
from tests.sr.builder import (
    DERIVATION,
    FINDINGS,
    LVIDD,
    MODIFIER,
    code,
    container,
    dataset,
    echo_section,
    num,
    text,
)

Read = Callable[[Dataset], Report]
ELASTICITY = "DCM|110830|Elasticity"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Average", DerivationKind.VALUE),
        ("Mittelwert", DerivationKind.VALUE),
        ("Median", DerivationKind.VALUE),
        ("Max.", DerivationKind.EXTREME),
        ("IQR", DerivationKind.SPREAD),
        ("IQR/Med", DerivationKind.SPREAD),
        ("Interquartile Range", DerivationKind.SPREAD),
        ("Quartilsabstand", DerivationKind.SPREAD),
        ("Intervalle interquartile", DerivationKind.SPREAD),
        ("Rango intercuart\u00edlico", DerivationKind.SPREAD),
        ("Std. Dev.", DerivationKind.SPREAD),
        ("SD", DerivationKind.SPREAD),
        ("\u00c9cart-type", DerivationKind.SPREAD),
        ("Desviaci\u00f3n est\u00e1ndar", DerivationKind.SPREAD),
        ("Varianz", DerivationKind.SPREAD),
        ("CV", DerivationKind.SPREAD),
        ("Coefficient of variation", DerivationKind.SPREAD),
        ("n", DerivationKind.COUNT),
        ("Number of Measurements", DerivationKind.COUNT),
        ("Anzahl Messungen", DerivationKind.COUNT),
        ("Success Rate", DerivationKind.COUNT),
        ("Estimated", None),
        ("Calculated", None),
        ("User defined", None),
        ("medial", None),
        ("", None),
    ],
)
def test_words_of_a_derivation(said: str, kind: DerivationKind | None) -> None:
    """A private code counts by its meaning, a text by itself, in the languages of devices."""
    assert derivation_kind(Code("X1", "99ACME", said)) is kind or not said
    assert derivation_kind(Code("", "", said)) is kind


def test_the_table_of_derivations_and_the_codes_agree() -> None:
    """What is a statistic in identities is one in the table."""
    kinds = {
        tuple(row[0].split(":")): DerivationKind(row[1]) for row in table("sr/derivations.tsv")
    }
    assert {one for one, kind in kinds.items() if kind is DerivationKind.VALUE} == AVERAGES
    assert kinds.keys() - AVERAGES == STATISTICS
    spread = {DerivationKind.SPREAD, DerivationKind.COUNT}
    assert {one for one, kind in kinds.items() if kind in spread} == SPREADS


@pytest.mark.parametrize(
    "spread",
    [
        code(DERIVATION, "99ACME|IQR|IQR"),
        code(DERIVATION, "IBSI|WR0O|Intensity Histogram Interquartile Range"),
        text(DERIVATION, "Interquartile Range", MODIFIER),
        code("99ACME|K1|Statistic", "99ACME|S1|IQR"),
    ],
)
def test_spread_is_never_the_value(read: Read, spread: Dataset) -> None:
    """Wherever the device says it, a spread has an id of its own and is no repeat."""
    report = read(
        dataset(
            container(
                FINDINGS, num(ELASTICITY, "1.2", "kPa", spread), num(ELASTICITY, "6.1", "kPa")
            )
        )
    )
    spread_one, value = report.measurements
    assert spread_one.id != value.id
    assert (value.repeats, spread_one.repeats) == (1, 1)
    assert "derivation=IBSI:WR0O" in spread_one.identity
    (alone,) = read(dataset(container(FINDINGS, num(ELASTICITY, "6.4", "kPa")))).measurements
    assert value.id == alone.id


@pytest.mark.parametrize("label", ["n", "N", "SD", "Std", "Var", "Count", "Average", "Max"])
def test_label_that_may_be_a_name_changes_nothing(read: Read, label: str) -> None:
    """What a user typed is a name unless it unmistakably says a spread."""
    item = num(LVIDD, "48", "mm", text("99GEMS|GEU-1005-5|Label", label, MODIFIER))
    (one,) = read(dataset(echo_section(item))).measurements
    assert (one.label, one.derivation) == (label, None)


def test_average_in_words_stands(read: Read) -> None:
    """A private mean is a mean: the readings beside it are not told."""
    mean = num(LVIDD, "48", "mm", code(DERIVATION, "99ACME|A|Avg."))
    report = read(dataset(echo_section(num(LVIDD, "47", "mm"), mean, num(LVIDD, "49", "mm"))))
    assert [str(one.value) for one in report.measurements] == ["48"]


@pytest.mark.parametrize(
    ("name", "unit", "rule"),
    [
        ("Mechanical Index", "", "setting"),
        ("MI", "", "setting"),
        ("Thermal Index (Soft Tissue)", "", "setting"),
        ("Frame Rate", "Hz", "setting"),
        ("Transmit Frequency", "MHz", "setting"),
        ("Probe", "MHz", "setting"),
        ("Scan depth", "cm", "setting"),
        ("2D Gain", "dB", "setting"),
        ("PRF", "kHz", "setting"),
        ("Number of valid measurements", "", "count"),
        ("Success rate", "%", "count"),
        ("Skin dose", "mGy", "other_report"),
        ("MI", "m/s", ""),
        ("n", "mm", ""),
        ("Depth", "cm", ""),
        ("Lesion depth", "cm", ""),
        ("Mitral Index", "", ""),
        ("Number of Fetuses", "", ""),
        ("Peak systolic frequency", "kHz", ""),
    ],
)
def test_settings_and_counts_are_known_by_their_names(name: str, unit: str, rule: str) -> None:
    """What is unmistakable is left out; a depth may be a finding."""
    assert rule_of(Code("X", "99ACME", name), unit) == rule


def test_names_of_the_catalogue_are_no_settings() -> None:
    """A concept the catalogue has is a measurement, whatever a device calls it."""
    assert rule_of(Code("18043-0", "LN", "MI"), "%") == ""


@pytest.mark.parametrize(
    ("sop_class", "template", "title"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.67", None, "DCM|1|x"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "10011", "DCM|1|x"),
        ("1.2.840.10008.5.1.4.1.1.88.33", None, "DCM|113701|X-Ray Radiation Dose Report"),
    ],
)
def test_report_of_another_kind_has_no_values(
    read: Read, sop_class: str, template: str | None, title: str
) -> None:
    """A dose report is known by class, template or title; each number has its reason."""
    scheme, value, meaning = title.split("|")
    assert is_other_report(sop_class, template, Code(value, scheme, meaning))
    other = dataset(
        container(FINDINGS, num("LN|1|Length", "4", "cm")), template=template, SOPClassUID=sop_class
    )
    other.ConceptNameCodeSequence[0].CodingSchemeDesignator = scheme
    other.ConceptNameCodeSequence[0].CodeValue = value
    report = read(other)
    assert report.measurements == ()
    assert [one.rule for one in report.untold] == ["other_report"]
    assert [one.code for one in report.warnings] == ["other_report"]


def test_words_are_compared_plainly() -> None:
    """Case, accents, umlauts and punctuation do not count."""
    assert plain_words(" \u00c9cart-Type (Größe) ") == "ecart type groesse"
