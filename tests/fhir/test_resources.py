"""Resources made of facts, without a service: each odd thing a device or a practice says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gdtbridge.exams.model import Claim, ClaimState, PatientExam
from gdtbridge.fhir.coding import concept, system_of
from gdtbridge.fhir.date_range import DatePrefix, range_of
from gdtbridge.fhir.ids import part_id, patient_id, uid_of
from gdtbridge.fhir.json_text import json_text
from gdtbridge.fhir.matching import matches
from gdtbridge.fhir.query import read_query
from gdtbridge.fhir.resources.diagnostic_reports import diagnostic_report_resource
from gdtbridge.fhir.resources.observation_groups import observations_of
from gdtbridge.fhir.resources.observations import ReportPart, facts_of
from gdtbridge.fhir.resources.patients import merged_resource, patient_resource
from gdtbridge.fhir.spans import has_spans, spans_of
from gdtbridge.fhir.study_part import StudyPart
from gdtbridge.fhir.succession import successions
from gdtbridge.people import Patient
from gdtbridge.retrieve.items import ListedStudy
from gdtbridge.retrieve.store import ListedObject
from gdtbridge.sr import Measurement, Report
from gdtbridge.sr.model import Code, MeasurementProperty, ReportStatement, Subject, UntoldValue

CLAIM = Claim(
    id=1, exam_id=1, patient_id="4711", patient_name="Müller^Änne", patient_birth_date="",
    patient_sex="F", accession_number="", modality="US", study_description="", study_date="",
    study_time="", instances=1, first_at=0.0, person=1, state=ClaimState.SETTLED, held_because="",
    number="4711", order_number="", word="", order_word="", of_receipt_day=False, confirmed=False,
    unmatched=False,
)  # fmt: skip
EXAM = PatientExam(
    id=1,
    study_instance_uid="2.25.1",
    patient_id="4711",
    study_date="20240115",
    claims=(CLAIM,),
)
PART = StudyPart(ListedStudy(EXAM, (), is_decided=True), (1, 0))


def listed(uid: str) -> ListedObject:
    """Return a report as the index lists it."""
    return ListedObject(1, 1, 1, uid, "", "2.25.2", "", "", "4711", {}, "")


def measured(**values: Any) -> Measurement:
    """Return a measurement as the reader gives it."""
    told = {"id": "LVIDD", "name": "Diameter", "value": Decimal("4.50"), "unit": "cm"}
    coded = {"code": "29436-3", "scheme": "LN", "unit_code": "cm", "place": "1.1"}
    return Measurement(**{**told, **coded, **values})


def told(
    *measurements: Measurement, fetal_sex: bool = False, **values: Any
) -> list[dict[str, Any]]:
    """Return the Observations of a report."""
    report = Report(
        sop_class_uid="", sop_uid="2.25.9", study_uid="2.25.1", template="5200", patient_id="4711",
        manufacturer="GE", completion=None, content_time="2024-01-15T10:30:00",
        measurements=measurements, warnings=(), **values,
    )  # fmt: skip
    return [
        fact.made()
        for fact in observations_of(ReportPart(PART, listed("2.25.9"), report, fetal_sex))
    ]


@pytest.mark.parametrize("uid", ["2.25.1", "1.2.840.10008", "9" * 64, "0.0", "1.02..3"])
def test_an_id_leads_back_to_its_uid(uid: str) -> None:
    """It is a FHIR id of at most 64 characters, and what is none leads nowhere."""
    id_ = part_id(uid, "4711")

    assert uid_of(id_) == uid
    assert len(id_) <= 64
    assert "4711" not in id_
    assert part_id(uid, "4712") != id_
    for other in ("", "x", "é", f"a{id_}", "aaaa-1"):
        assert uid_of(other) != uid


def test_a_decimal_keeps_its_digits() -> None:
    """No float comes between the device and the client."""
    (one,) = told(measured(value=Decimal("4.50")))

    assert '"value":4.50,' in json_text(one)
    assert (
        json_text({"a": [Decimal("1E+3"), True, None, 'ä"\n']})
        == '{"a":[1000,true,null,"ä\\"\\n"]}'
    )


@pytest.mark.parametrize(
    ("unit", "code", "is_ucum"),
    [
        *(("cm", "cm", True), ("/min", "{H.B.}/min", True), ("mm[Hg]", "mm[Hg]", True)),
        *(("mmHg", "mmHg", False), ("Centimeter", "Centimeter", False), ("", "{ratio}", True)),
        *(("[g/m2.7]", "[g/m2.7]", False), ("BPM", "BPM", False)),
    ],
)
def test_a_unit_is_of_ucum_only_where_it_is_written_so(
    unit: str,
    code: str,
    is_ucum: bool,  # noqa: FBT001
) -> None:
    """A word a device uses is told as a word."""
    quantity = told(measured(unit=unit, unit_code=code))[0]["valueQuantity"]

    assert ("system" in quantity) is is_ucum
    assert quantity.get("code", quantity["unit"]) == code
    assert "unit" not in told(measured(unit="", unit_code=""))[0]["valueQuantity"]


def test_what_tells_values_apart_is_told() -> None:
    """Side, mode, finding, label, child: two values of one concept never look alike."""
    identity = ("LN:29436-3", "site=SCT:64033007", "laterality=SCT:7771000", "mode=SCT:399064001")
    (one, other) = told(
        measured(site="Niere", laterality="Left", mode="2D", label="Zyste 1", identity=identity),
        measured(id="X", fetus="A", subject=Subject.FETUS, companion_of="Biparietal Diameter"),
    )

    assert one["bodySite"]["text"] == "Niere, Left"
    (site,) = one["contained"]
    assert site["locationQualifier"][0]["coding"][0]["code"] == "7771000"
    assert one["extension"][0]["valueReference"]["reference"] == f"#{site['id']}"
    parts = {part["code"]["coding"][0]["code"]: part for part in one["component"]}
    assert parts["399264008"]["valueCodeableConcept"]["text"] == "2D"
    assert parts["399264008"]["valueCodeableConcept"]["coding"][0]["code"] == "399064001"
    assert parts["125010"]["valueCodeableConcept"]["text"] == "Zyste 1"
    assert "Biparietal Diameter" in [
        part["valueCodeableConcept"]["text"] for part in other["component"]
    ]
    assert other["focus"] == [{"display": "Fetus A"}]
    assert other["subject"]["reference"] == f"Patient/{patient_id('4711')}"
    assert one["id"] != other["id"]


def test_what_is_kept_together_has_members() -> None:
    """A group says of its members what is true of all: the side of one is never another's."""
    side = {"site": "Niere", "laterality": "Left", "section": "Niere links"}
    identity = ("LN:29436-3", "site=SCT:64033007", "laterality=SCT:7771000")
    left = [
        measured(id=f"L{at}", place=f"1.2.{at}", label="Zyste 1", identity=identity, **side)
        for at in (1, 2)
    ]
    other = measured(id="R", place="1.3.1", laterality="Right", identity=identity[:2])
    mixed = [replace(other, id=f"M{at}", place=f"1.4.{at}") for at in (1, 2)]
    mixed[1] = replace(mixed[1], laterality="Left", identity=identity)
    values = told(*left, other, *mixed, measured(id="ROOT", place="1.5"))
    by_id = {one["id"]: one for one in values}
    group, apart = (one for one in values if "hasMember" in one)

    members = [by_id[one["reference"].partition("/")[2]] for one in group["hasMember"]]
    assert [one["component"] for one in members] == [group["component"]] * 2
    assert {one["contained"][0]["locationQualifier"][0]["text"] for one in members} == {"Left"}
    assert (group["contained"], group["bodySite"]) == (
        members[0]["contained"],
        members[0]["bodySite"],
    )
    assert group["code"] == {
        "coding": [
            {
                "system": system_of("DCM"),
                "code": "125007",
                "display": "Measurement Group",
            }
        ],
        "text": "Niere links",
    }
    assert not [name for name in group if name.startswith(("value", "dataAbsent"))]
    assert not {"bodySite", "contained", "extension", "component"} & set(apart)
    assert len(values) == 6 + 2


def test_a_group_of_what_a_later_report_tells_counts_no_more() -> None:
    """As its members; one that has some left leads to those alone."""
    pair = [measured(id=name, place=f"1.2.{at}") for at, name in enumerate("AB", start=1)]
    first = report_of("2.25.91", *pair)
    for told_again, status, members in ((pair, "entered-in-error", 2), (pair[:1], "final", 1)):
        later = report_of("2.25.92", *told_again)
        found = successions({"2.25.91": first, "2.25.92": later})["2.25.91"]
        *_, group = observations_of(ReportPart(PART, listed("2.25.91"), first, succession=found))
        made = group.made()
        assert (made["status"], len(made["hasMember"])) == (status, members)
        assert group.counts is (status == "final")


def test_what_is_said_of_a_value_stands_with_it() -> None:
    """Normal range in the unit it was sent with, else in words; score, readings, sources."""
    low = MeasurementProperty("Normal Range Lower Limit", "3.6", "cm", "R-41F90", "SRT")
    high = MeasurementProperty("Upper", "56.0", "mm", "371933006", "SCT")
    bare = MeasurementProperty("Upper", "5.6", "", "371933006", "SCT")
    more = (
        MeasurementProperty("Normality", "Above", "", "121402", "DCM"),
        MeasurementProperty("Population", "Frauen", "", "121405", "DCM"),
        MeasurementProperty("Authority", "ASE", "", "121408", "DCM"),
        MeasurementProperty("Z", "-1.50", "", "121416", "DCM"),
        MeasurementProperty("Significance", "p<0.1", "", "121403", "DCM"),
    )
    plain = measured(properties=(low, high, *more), repeat=2, repeats=3)
    words = measured(id="B", place="1.2", properties=(low, bare), inferred_from=("1.1", "1.9"))
    one, other = told(plain, words)

    (range_,) = one["referenceRange"]
    assert (str(range_["low"]["value"]), range_["low"]["code"]) == ("3.6", "cm")
    assert (str(range_["high"]["value"]), range_["high"]["code"]) == ("56.0", "mm")
    assert (range_["appliesTo"], range_["text"]) == ([{"text": "Frauen"}], "ASE")
    assert one["interpretation"] == [{"text": "Above"}]
    assert [
        part.get("valueString") or str(part["valueQuantity"]["value"]) for part in one["component"]
    ] == [
        *("-1.50", "p<0.1"),
    ]
    assert "2/3" in one["note"][0]["text"]
    assert other["referenceRange"] == [{"low": range_["low"], "text": "Upper: 5.6"}]
    assert other["derivedFrom"][0]["reference"] == f"Observation/{one['id']}"
    assert len(other["derivedFrom"]) == 1


def test_a_number_nobody_can_read_has_no_value() -> None:
    """And a reason; what is no result at all is not told."""
    lost = UntoldValue(measured(id="", value=Decimal("NaN"), place="1.2"), "bad_number")
    none = UntoldValue(measured(id="", value=Decimal(1), place="1.3"), "count")
    (one,) = told(untold=(lost, none))

    assert "valueQuantity" not in one
    assert one["dataAbsentReason"]["coding"][0]["code"] == "error"


def test_words_dates_and_codes() -> None:
    """A statement is a string, a date or a concept; the sex of a fetus is told by setting only."""
    said = [
        ReportStatement("A", "Comment", "TEXT", "Choroid\r\nplexus", "121106", "DCM"),
        ReportStatement("B", "EDD", "DATE", "20240601", "11778-8", "LN"),
        ReportStatement("C", "Sac", "CODE", "Normal", "1", "99X", "2", "99X"),
        ReportStatement("D", "Sex", "TEXT", "m", "1", "99X", fetal_sex=True),
    ]
    values = told(statements=tuple(said))

    assert [one["id"] for one in values] == list({one["id"]: one for one in values})
    assert values[0]["valueString"] == "Choroid plexus"
    assert values[1]["valueDateTime"] == "2024-06-01"
    assert values[2]["valueCodeableConcept"]["text"] == "Normal"
    assert len(values) == 3
    assert len(told(statements=tuple(said), fetal_sex=True)) == 4


def test_codes_have_the_systems_of_fhir() -> None:
    """SNOMED RT with SNOMED CT before it; a private scheme a URI of ours, words none."""
    assert [one["code"] for one in concept(Code("M-02550", "SRT", "Diameter"))["coding"]] == [
        "81827009",
        "M-02550",
    ]
    private = system_of("99GEMS")
    assert private.startswith("urn:oid:2.25.")
    assert private == system_of(" 99GEMS") != system_of("99PMSBLUS")
    assert concept(Code("", "", "Frei getippt")) == {"text": "Frei getippt"}


def test_names_birth_dates_and_merged_charts() -> None:
    """Three component groups, a month without a day, control characters, a former number."""
    (name, second, third) = patient_resource(
        Patient.from_dicom("1", "Yamada^Tarou=山田^太郎=やまだ^たろう", "19580312", "O")
    )["name"]
    assert [one["extension"][0]["valueCode"] for one in (name, second, third)] == [
        *("ABC", "IDE", "SYL"),
    ]
    assert (second["use"], second["family"], second["given"]) == ("usual", "山田", ["太郎"])
    partial = patient_resource(Patient("1", "A\x1b\nB", birth_date_as_sent="00031950"))
    assert partial["birthDate"] == "1950-03"
    assert partial["name"][0]["family"] == "A B"
    assert partial["gender"] == "unknown"
    year = patient_resource(Patient("1", birth_date_as_sent="00001950"))
    assert (year["birthDate"], "name" in year) == ("1950", False)
    whole = Patient.from_dicom("1", "Müller^Änne^Maria^Dr.^jun.", date(1958, 3, 12), "F")
    (official,) = patient_resource(whole, ["7"], "https://x.example")["name"]
    assert official["given"] == ["Änne", "Maria"]
    assert official["prefix"] == ["Dr."]
    merged = merged_resource("7", "1")
    assert (merged["active"], merged["link"][0]["type"]) == (False, "replaced-by")


@pytest.mark.parametrize(
    ("said", "prefix", "wanted", "fits"),
    [
        ("2024-01-15", "eq", "2024", True),
        ("2024", "eq", "2024-01-15", False),
        ("2024-01-15T10:30:00+01:00", "eq", "2024-01-15T09:30:00Z", True),
        ("2024-01-15T10:30:00+01:00", "gt", "2024-01-15T10:30:00+01:00", False),
        ("2024-02-29", "ge", "2024-02", True),
        ("2024-02-29", "sa", "2024-02-28", True),
        ("2024-12", "lt", "2025", True),
        ("2024-12", "le", "2024-12-31", True),
        ("2024-12", "eb", "2025-01-01", True),
        ("2024-12", "ne", "2024-12", False),
    ],
)
def test_dates_are_compared_as_the_times_they_cover(
    said: str,
    prefix: str,
    wanted: str,
    fits: bool,  # noqa: FBT001
) -> None:
    """R4 3.1.1.4.5, whatever the precision."""
    time, other = range_of(said), range_of(wanted)

    assert time is not None
    assert other is not None
    assert time.fits(DatePrefix(prefix), other) is fits


@pytest.mark.parametrize("text", ["", "24", "2024-13", "2024-02-30", "2024-01-01T25:00", "x2024"])
def test_what_is_no_date_covers_nothing(text: str) -> None:
    """Nothing is guessed."""
    assert range_of(text) is None


def test_no_two_parts_of_a_study_have_one_id() -> None:
    """A person of whom nothing is decided is not the chart whose number is the person's place."""
    held = replace(CLAIM, id=2, person=1, state=ClaimState.HELD, number="")
    waits = ListedStudy(replace(EXAM, person=1, claims=(held,)), (), is_decided=False)
    chart = ListedStudy(replace(EXAM, patient_id="1"), (), is_decided=True)
    other = ListedStudy(replace(EXAM, study_instance_uid="2.25.2"), (), is_decided=True)

    assert StudyPart(waits, (1, 0)).id != StudyPart(chart, (1, 1)).id
    assert PART.report_id("2.25.9") != StudyPart(other, (2, 0)).report_id("2.25.9")
    assert StudyPart(chart, (1, 1), decided="4711").id == PART.id


def report_of(uid: str, *measurements: Measurement, **values: Any) -> Report:
    """Return a report with some values."""
    return Report(
        sop_class_uid="", sop_uid=uid, study_uid="2.25.1", template="5200", patient_id="4711",
        manufacturer="GE", completion=None, content_time=None, measurements=measurements,
        warnings=(), **values,
    )  # fmt: skip


def standings(*reports: Report) -> dict[str, tuple[str, dict[str, str], list[str]]]:
    """Return of each report its status, that of each value, and what it replaces."""
    found = {}
    told = successions({one.sop_uid: one for one in reports})
    for one in reports:
        part = ReportPart(PART, listed(one.sop_uid), one, succession=told[one.sop_uid])
        whole = diagnostic_report_resource(part, "")
        values = {
            str(value.get("valueQuantity", {}).get("value")): value["status"]
            for value in (fact.made() for fact in facts_of(part))
        }
        replaced = [each["valueReference"]["reference"] for each in whole.get("extension", ())]
        found[one.sop_uid] = whole["status"], values, replaced
        counts = [fact.id for fact in facts_of(part) if fact.counts]
        assert [each["reference"].partition("/")[2] for each in whole.get("result", ())] == counts
    return found


def test_what_a_later_report_tells_again_counts_once() -> None:
    """In the order in which they were made; what a later one lacks is not withdrawn."""
    spleen = measured(id="SPLEEN", value=Decimal(11))
    first = report_of("2.25.91", measured(), spleen)
    changed = report_of("2.25.92", measured(value=Decimal(5)))
    whole = report_of("2.25.93", measured(value=Decimal(5)), spleen)
    apart = report_of("2.25.95", measured(id="LIVER"))

    assert standings(first, apart, changed) == {
        "2.25.91": ("final", {"4.50": "entered-in-error", "11": "final"}, []),
        "2.25.95": ("final", {"4.50": "final"}, []),
        "2.25.92": ("amended", {"5": "amended"}, []),
    }
    every = standings(first, changed, whole)
    assert [one[0] for one in every.values()] == ["entered-in-error", "entered-in-error", "final"]
    assert every["2.25.93"][1] == {"5": "final", "11": "final"}
    assert every["2.25.93"][2] == [
        f"DiagnosticReport/{PART.report_id(uid)}" for uid in ("2.25.91", "2.25.92")
    ]
    less, more = report_of("2.25.91", measured()), report_of("2.25.94", measured(), spleen)
    assert [one[0] for one in standings(less, more).values()] == ["entered-in-error", "appended"]
    told = successions({"2.25.91": less, "2.25.94": more})["2.25.94"]
    value = next(facts_of(ReportPart(PART, listed("2.25.94"), more, succession=told))).made()
    assert value["extension"][0]["valueReference"]["reference"] == (
        f"Observation/{PART.report_id('2.25.91', 'value:LVIDD')}"
    )


def test_a_number_that_was_lost_counts_until_it_is_told() -> None:
    """By another report of the same thing."""
    lost = UntoldValue(measured(id="", value=Decimal("NaN"), place="1.2"), "bad_number")
    unread = report_of("2.25.1", untold=(lost,))
    still, told = (report_of("2.25.2", measured(identity=name)) for name in (("x",), ()))
    assert standings(unread, still)["2.25.1"][1] == {"None": "final"}
    assert standings(unread, told)["2.25.1"][:2] == (
        "entered-in-error",
        {"None": "entered-in-error"},
    )


def test_each_exam_is_in_one_span_of_a_sorted_search() -> None:
    """Also at the edges, in the future and without a date; the spans come in the order asked."""
    today = date(2026, 12, 1)
    edges = [(today - timedelta(days=days)).isoformat() for days in (0, 7, 8, 21, 5103)]
    texts = ["2031-05-01", *edges, f"{edges[1]}T00:00:00+01:00", "1850-01-01", ""]
    texts += [f"{edges[3]}T23:59:59"]
    for sorting, falls in (("-started", True), ("started", False)):
        query = read_query("ImagingStudy", [("_sort", sorting)], strict=True)
        assert has_spans(query)
        spans = list(spans_of(query, today))
        found = [
            [text for text in texts if matches({"started": text} if text else {}, one.conditions)]
            for one in spans
        ]
        assert sorted(text for span in found for text in span) == sorted(texts)
        assert found[-1] == [""]
        days = [max(text[:10] for text in span) for span in found[:-1] if span]
        assert days == sorted(days, reverse=falls)
    for kind, sorting, are_there in (
        *(("Observation", "-_lastUpdated", True), ("Observation", "_lastUpdated", False)),
        *(("Patient", "family", False), ("Observation", "-date", False)),
    ):
        assert has_spans(read_query(kind, [("_sort", sorting)], strict=True)) is are_there


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        *(("4.5", True), ("4.50", True), ("4.6", False), ("5", True), ("4.49", False)),
        *(("gt4.5", False), ("ge4.5", True), ("lt4.51", True), ("ne4.5", False), ("le4", False)),
        *(("4.5||cm", True), ("4.5||mm", False), ("4.5|http://unitsofmeasure.org|cm", True)),
        *(("4.5|http://other.example|cm", False), ("45||mm", False), ("4.4,4.5", True)),
    ],
)
def test_a_quantity_is_found_in_its_unit(asked: str, fits: bool) -> None:  # noqa: FBT001
    """Equal is what rounds to the digits that were asked for; nothing is converted."""
    (value,) = told(measured())
    query = read_query("Observation", [("value-quantity", asked)], strict=True)

    assert matches(value, query.conditions) is fits
