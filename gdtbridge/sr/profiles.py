"""Habits of device families that no rule of the standard covers, as a table.

A row applies where its conditions hold; the quirks of all rows that apply add up. A profile never
guesses: a quirk reads what a family of devices is known to write, each row says where that is known
from. What a report means follows its codes, template and title: a maker's name is spelled in many
ways, and other makers build the same software in. Families without quirks are listed because it was
checked that the general rules are enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.sr.codes import Concept


class DeviceQuirk(StrEnum):
    """A habit of a device family that reading respects."""

    MINUS_ONE = "minus_one"
    """Exactly -1 says that nothing was measured."""
    SIDE_IN_LABEL = "side_in_label"
    """The side is the first word of the user's label (``Lt Kidney``) where it is not coded."""
    SITE_AND_SIDE_AS_TEXT = "site_and_side_as_text"
    """Texts 43130 (``Side=Left``) and 43133 beside the value say side and site."""
    WRITTEN_TWICE = "written_twice"
    """Whole containers come twice, equal to the last digit."""
    GROUPS_ARE_SECTIONS = "groups_are_sections"
    """Groups only carry modifiers: values of one identity belong together wherever they are."""


@dataclass(frozen=True, slots=True)
class ReportOrigin:
    """What a report says of where it is from: maker, model, template, title, private concepts."""

    manufacturer: str = ""
    model: str = ""
    template: str | None = None
    title: Concept = ("", "")
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """A row of conditions (an empty condition always holds), quirks, and their evidence.

    ``manufacturers`` and ``models`` are parts of the words in the file, in lower case; one has to
    be found. ``titles`` are those of reports that may lack their template. ``codes`` are values of
    private concepts (schemes ``99…``): where one stands the row applies, whoever made the device.
    """

    name: str
    manufacturers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    templates: frozenset[str] = frozenset()
    titles: frozenset[Concept] = frozenset()
    codes: frozenset[str] = frozenset()
    quirks: frozenset[DeviceQuirk] = frozenset()
    evidence: str = ""

    def applies(self, report: ReportOrigin) -> bool:
        """Return whether the row is about this report."""
        if self.codes:
            return not self.codes.isdisjoint(report.codes)
        if self.templates and (report.template or report.title not in self.titles):
            return report.template in self.templates
        return _any_in(self.manufacturers, report.manufacturer.casefold()) and _any_in(
            self.models, report.model.casefold()
        )


def _any_in(parts: tuple[str, ...], text: str) -> bool:
    return not parts or any(part in text for part in parts)


GE: Final = ("ge healthcare", "ge medical", "ge vingmed", "ge ultrasound", "ge parallel")

PROFILES: Final[tuple[DeviceProfile, ...]] = (
    DeviceProfile(
        "Echo",
        templates=frozenset({"5200", "5300"}),
        titles=frozenset({("DCM", "125200")}),  # Adult Echocardiography Procedure Report
        quirks=frozenset({DeviceQuirk.GROUPS_ARE_SECTIONS}),
        evidence="PS3.16 TID 5203: a group names image mode and protocol; PS3.17 CCCC: TID 5300 "
        "has no groups",
    ),
    DeviceProfile(
        "SonoScape",
        manufacturers=("sonoscape",),
        quirks=frozenset({DeviceQuirk.MINUS_ONE}),
        evidence="orthanc-gdt (restworklist.py) reads only values above -1 and rows with result "
        "number -1; templates SONO1000 and SONO10000",
    ),
    DeviceProfile(
        "GE Vivid",
        manufacturers=GE,
        models=("vivid", "echopac"),
        evidence="dcmtogdt: chosen values come with and without Selection Status, one per beat; "
        "names in 99GEMS; the rules of repeats cover it",
    ),
    DeviceProfile(
        "GE LOGIQ",
        manufacturers=GE,
        models=("logiq",),
        evidence="LOGIQ E9 R6 report: (6005,xx10) GE_GROUP holds <MEASUREMENT> with resultNo -1 as "
        "average; abdomen as TID 5100 with the organ as container, labels in GEU-1005-5",
    ),
    DeviceProfile(
        "GE, old layout",
        codes=frozenset({"43128", "43130", "43133"}),
        quirks=frozenset({DeviceQuirk.SITE_AND_SIDE_AS_TEXT, DeviceQuirk.WRITTEN_TWICE}),
        evidence="vghks-dicom-sr (dicom-sr-ge.rb): 43128 value, 43130 'Side=', 43133 site, equal "
        "rows skipped",
    ),
    DeviceProfile(
        "Philips",
        manufacturers=("philips",),
        evidence="conformance statements: TID 5000, 5100, 5200",
    ),
    DeviceProfile(
        "Philips, user-defined",
        codes=frozenset({"T9900-04"}),
        quirks=frozenset({DeviceQuirk.SIDE_IN_LABEL}),
        evidence="vghks-dicom-sr (dicom-sr-philips.rb, format-result.rb): label in T9900-04, side "
        "as 'Lt'/'Rt' before it",
    ),
    DeviceProfile(
        "Canon/Toshiba",
        manufacturers=("canon", "toshiba"),
        evidence="Xario 100G report: Selection Status as HAS CONCEPT MOD, equations in TSBus",
    ),
    DeviceProfile(
        "Samsung",
        manufacturers=("samsung", "medison"),
        evidence="French importer of obstetric reports: private containers 99001-xx and 99005-xx "
        "with the side inside; containers with private names tell values apart",
    ),
    DeviceProfile(
        "Mindray",
        manufacturers=("mindray",),
        evidence="conformance statements DC-7, ZS3: TID 5000 and 5200; no report seen",
    ),
    DeviceProfile(
        "Siemens",
        manufacturers=("siemens",),
        evidence="conformance statements: TID 5000, 5100, 5200; no report seen",
    ),
)


@dataclass(frozen=True, slots=True)
class DeviceHabits:
    """Names and quirks of the device families that apply to one report."""

    name: str = ""
    quirks: frozenset[DeviceQuirk] = frozenset()


def device_of(report: ReportOrigin) -> DeviceHabits:
    """Return the habits that apply to a report."""
    rows = [row for row in PROFILES if row.applies(report)]
    return DeviceHabits(
        name=", ".join(row.name for row in rows if not row.templates),
        quirks=frozenset(quirk for row in rows for quirk in row.quirks),
    )
