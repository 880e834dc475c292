"""Habits of device families: each quirk where it belongs, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report, read_report
from gdtbridge.sr.profiles import PROFILES, DeviceQuirk, ReportOrigin, device_of
from tests.sr.builder import (
    DIAMETER,
    FINDINGS,
    LATERALITY,
    LEFT,
    LVIDD,
    RIGHT,
    code,
    container,
    dataset,
    echo_section,
    num,
    text,
    write,
)

Read = Callable[[Dataset], Report]


@pytest.mark.parametrize(
    ("manufacturer", "model", "template", "name", "quirks"),
    [
        (
            "GE Vingmed Ultrasound",
            "Vivid T8",
            "5200",
            "GE Vivid",
            {DeviceQuirk.GROUPS_ARE_SECTIONS},
        ),
        ("GE Healthcare", "LOGIQE9", "5100", "GE LOGIQ", set()),
        ("SONOSCAPE MEDICAL", "S50", "SONO1000", "SonoScape", {DeviceQuirk.MINUS_ONE}),
        ("Philips Medical Systems", "EPIQ 7C", "5100", "Philips", set()),
        ("CANON_MEC", "CUS-X100G", "5000", "Canon/Toshiba", set()),
        ("SAMSUNG MEDISON CO., LTD.", "HS40", "5000", "Samsung", set()),
        ("SIEMENS", "ACUSON", "5000", "Siemens", set()),
        ("Mindray", "DC-7", "5000", "Mindray", set()),
        ("ACME", "", "5300", "", {DeviceQuirk.GROUPS_ARE_SECTIONS}),
        ("", "", None, "", set()),
    ],
)
def test_device_has_its_quirks(
    manufacturer: str, model: str, template: str | None, name: str, quirks: set[DeviceQuirk]
) -> None:
    """Words of manufacturer and model and the template decide; rows add up."""
    device = device_of(ReportOrigin(manufacturer, model, template))
    assert (device.name, set(device.quirks)) == (name, quirks)


@pytest.mark.parametrize(
    ("origin", "name", "quirks"),
    [
        (
            ReportOrigin("GEMS", codes=frozenset({"43128", "x"})),
            "GE, old layout",
            {DeviceQuirk.SITE_AND_SIDE_AS_TEXT, DeviceQuirk.WRITTEN_TWICE},
        ),
        (
            ReportOrigin(codes=frozenset({"T9900-04"})),
            "Philips, user-defined",
            {DeviceQuirk.SIDE_IN_LABEL},
        ),
        (ReportOrigin("GE Medical Systems", "LOGIQ 7"), "GE LOGIQ", set()),
        (ReportOrigin(title=("DCM", "125200")), "", {DeviceQuirk.GROUPS_ARE_SECTIONS}),
        (ReportOrigin(title=("DCM", "125200"), template="1500"), "", set()),
    ],
)
def test_codes_and_title_say_more_than_the_maker(
    origin: ReportOrigin, name: str, quirks: set[DeviceQuirk]
) -> None:
    """A maker's name is spelled in many ways; the layout of a report is in its codes."""
    device = device_of(origin)
    assert (device.name, set(device.quirks)) == (name, quirks)


def test_every_profile_cites_its_evidence_and_is_documented(project: Path) -> None:
    """The page lists the rows there are, with their quirks."""
    assert all(row.evidence for row in PROFILES)
    page = (project / "docs" / "reference" / "measurements.md").read_text(encoding="utf-8")
    table = page.split("## Device families")[1].split("## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]*) \|", table, re.MULTILINE)[1:]
    assert {(name, tuple(re.findall(r"`(\w+)`", quirks))) for name, quirks in rows} == {
        (row.name, tuple(sorted(row.quirks))) for row in PROFILES
    }


def labelled(label: str, *more: Dataset, maker: str = "Philips Medical Systems") -> Dataset:
    """Return a user-defined measurement as Philips writes it."""
    row = container(
        "99PMSBLUS|T9900-02|Measurement",
        text("99PMSBLUS|T9900-04|Label", label),
        *more,
        num("99PMSBLUS|T9900-05|Value", "1.2", "cm"),
    )
    concepts = container("99PMSBLUS|T9900-01|User-defined concepts", row)
    return dataset(concepts, template="5100", Manufacturer=maker)


@pytest.mark.parametrize(
    ("label", "side"),
    [
        ("Lt Kidney", "Left"),
        ("RT. kidney", "Right"),
        ("Left lobe", "Left"),
        ("right ovary", "Right"),
        ("Ltx Kidney", None),
        ("Lt", None),
        ("Kidney Lt", None),
        ("Kidney", None),
    ],
)
def test_philips_hides_the_side_in_the_label(read: Read, label: str, side: str | None) -> None:
    """A first word that says the side is the side; the label stays as it was typed."""
    (one,) = read(labelled(label)).measurements
    assert (one.laterality, one.label) == (side, label)


def test_coded_side_of_philips_stands(read: Read) -> None:
    """What is coded is not overridden by what is typed."""
    (one,) = read(labelled("Lt Kidney", code(LATERALITY, RIGHT))).measurements
    assert one.laterality == "Right"


def test_labels_of_others_say_no_side(read: Read) -> None:
    """Lt may mean anything elsewhere; the maker's name does not matter."""
    label = text("DCM|125309|Short Label", "Lt Kidney")
    other = dataset(container(FINDINGS, num(LVIDD, "1.2", "cm", label)), Manufacturer="Philips")
    assert read(other).measurements[0].laterality is None
    assert read(labelled("Lt Kidney", maker="ACME")).measurements[0].laterality == "Left"


def test_coded_and_hidden_side_are_one_series(read: Read) -> None:
    """After an update that codes the side the id stays."""
    (hidden,) = read(labelled("Lt Kidney")).measurements
    (coded,) = read(labelled("Lt Kidney", code(LATERALITY, LEFT))).measurements
    assert hidden.id == coded.id


def old_ge(site: str, side: str, value: str) -> Dataset:
    """Return a container of GE's old layout."""
    return container(
        "99GEMS|43126|Measurement",
        num("99GEMS|43128|Value", value, "cm"),
        text("99GEMS|43130|Side", f"Side={side}"),
        text("99GEMS|43133|Site", site),
    )


OLD_GE = (
    old_ge("Kidney", "Left", "10.9"),
    old_ge("Kidney", "Right", "11.2"),
    old_ge("Kidney", "Left", "10.9"),
    old_ge("Spleen", "", "10.1"),
)


@pytest.mark.parametrize("maker", ["GE Medical Systems", "GEMS", ""])
def test_old_layout_of_ge(read: Read, maker: str) -> None:
    """Site and side are texts beside the value, containers come twice; the codes say so."""
    report = read(dataset(*OLD_GE, template=None, Manufacturer=maker))
    assert [(one.site, one.laterality, str(one.value)) for one in report.measurements] == [
        ("Kidney", "Left", "10.9"),
        ("Kidney", "Right", "11.2"),
        ("Spleen", None, "10.1"),
    ]
    assert {one.repeats for one in report.measurements} == {1}


def averages(*rows: tuple[str, str, str, str]) -> str:
    """Return GE's private XML with (result number, SI value, unit, deleted) rows."""
    body = "".join(
        f"<MEASUREMENT><parameterId>x</parameterId><resultNo>{number}</resultNo>"
        f"<valueDouble>{value}</valueDouble><displayUnit>{unit}</displayUnit>"
        f"<deleted>{deleted}</deleted></MEASUREMENT>"
        for number, value, unit, deleted in rows
    )
    return f"<![CDATA[<ROOT><Patient><lastName>M\u00fcller</lastName>{body}</Patient></ROOT>]]>"


def with_xml(xml: str, maker: str = "GE Healthcare", creator: str = "GE_GROUP") -> Dataset:
    """Return a LOGIQ report of 4.8 cm and 2 ml with this private XML."""
    report = dataset(
        container(FINDINGS, num(LVIDD, "4.8", "cm"), num("SRT|G-D705|Volume", "2", "ml")),
        template="5100",
        Manufacturer=maker,
        ManufacturerModelName="LOGIQE9",
    )
    report.add_new(0x60050010, "LO", creator)
    report.add_new(0x60051010, "UT", xml)
    return report


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("xml", "count"),
    [
        (averages(("-1", "0.048", "cm", "0"), ("-1", "0.000002", "ml", "0")), 0),
        (averages(("-1", "0.04800000001", "cm", "0")), 0),
        (averages(("-1", "0.049", "cm", "0"), ("-1", "0.05", "mm", "0")), 2),
        (averages(("0", "0.049", "cm", "0")), 0),
        (averages(("-1", "0.049", "cm", "1")), 0),
        (averages(("-1", "120", "mmHg", "0")), 0),
        (averages(("-1", "4,900", "cm", "0")), 0),
        (averages(("-1", "0.048", "cm2", "0")), 1),
        ("<ROOT><MEASUREMENT>", 0),
        ("", 0),
        (BOMB + averages(("-1", "0.049", "cm", "0"))[9:-3], 0),
    ],
)
def test_private_xml_is_a_witness(read: Read, xml: str, count: int) -> None:
    """Averages no value of the tree equals are counted; nothing else of it is used or told."""
    report = read(with_xml(xml))
    assert [str(one.value) for one in report.measurements] == ["4.8", "2"]
    told = [found for found in report.warnings if found.code == "untold_averages"]
    assert len(told) == bool(count)
    assert all(f"({count})" in found.message for found in told)


def test_private_xml_of_others_is_not_read(read: Read) -> None:
    """Another owner of the block: not our business. The maker's name does not matter."""
    xml = averages(("-1", "0.049", "cm", "0"))
    assert read(with_xml(xml, "GE Healthcare", "OTHER")).warnings == ()
    assert [one.code for one in read(with_xml(xml, "ACME")).warnings] == ["untold_averages"]


def test_real_logiq_tells_all_its_averages(corpus: Path) -> None:
    """The tree of a real report and its private XML agree."""
    path = corpus / "sr" / "ge_logiqe9_tid5100_abdomen_deid.dcm"
    if not path.is_file():
        pytest.skip("no LOGIQ report")
    assert read_report(path).warnings == ()


def test_profile_is_named(tmp_path: Path) -> None:
    """Who reads the output sees whose habits were respected."""
    report = dataset(echo_section(num(DIAMETER, "1", "cm")), Manufacturer="Philips")
    assert read_report(write(report, tmp_path / "r.dcm")).profile == "Philips"
