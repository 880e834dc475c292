"""The catalogue: its table is right, and a measurement is called what it is or nothing."""

from __future__ import annotations

import re
import tomllib
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from hashlib import sha256
from itertools import chain, combinations, groupby
from pathlib import Path
from typing import NamedTuple

import pytest
from pydicom.sr._concepts_dict import concepts

from gdtbridge.catalogue.catalogue import (
    APPENDING,
    HASHED,
    MARKS,
    Catalogue,
    CatalogueEntry,
    short_name,
    standard,
)
from gdtbridge.catalogue.modifiers import contradicting_sides
from gdtbridge.catalogue.names import readable
from gdtbridge.catalogue.page import catalogue_to_json, catalogue_to_markdown
from gdtbridge.catalogue.rows import (
    NAME_LENGTH,
    NEUTRAL,
    CatalogueError,
    CatalogueRow,
    ModifierChoice,
    built_in,
    choices_of,
    terms,
)
from gdtbridge.sr import Measurement, ReportError, read_report
from gdtbridge.sr.codes import ModifierRole
from gdtbridge.sr.identity import LONGEST_ID
from gdtbridge.tsv import table
from tests.conftest import PROJECT

SEEN_IN_REPORTS = ("99GEMS:", "99EN:", "EN:", "SONOSCAPE:")
NOT_IN_PYDICOM = {
    # Codes of the templates themselves: PS3.16 TID 5002, 5012-5016, 5201; PS3.17 Annex I
    "LN:8302-2": "Patient Height",
    "LN:29463-7": "Patient Weight",
    "LN:11996-6": "Gravida",
    "LN:11977-6": "Para",
    "LN:11612-9": "Aborta",
    "LN:33065-4": "Ectopic Pregnancies",
    "LN:11631-9": "Gross Body Movement",
    "LN:11634-3": "Biophysical Profile Sum Score",
    "LN:11632-7": "Fetal Breathing",
    "LN:11635-0": "Fetal Tone",
    "LN:11633-5": "Fetal Heart Reactivity",
    "LN:11630-1": "Amniotic Fluid Volume",
    "LN:11793-7": "Follicle Diameter",
    "LN:11879-4": "Number of follicles in right ovary",
    "LN:11880-2": "Number of follicles in left ovary",
    "LN:11842-2": "Uterus Length",
    "LN:11865-3": "Uterus Width",
    "LN:11859-6": "Uterus Height",
    "LN:33192-6": "Uterus Volume",
    "LN:11840-6": "Left Ovary Length",
    "LN:11829-9": "Left Ovary Width",
    "LN:11857-0": "Left Ovary Height",
    "LN:12164-0": "Left Ovary Volume",
    "LN:11841-4": "Right Ovary Length",
    "LN:11830-7": "Right Ovary Width",
    "LN:11858-8": "Right Ovary Height",
    "LN:12165-7": "Right Ovary Volume",
    # Codes one maker sends, with the names it gives them
    "LN:1726-7": "Peak Systolic Velocity",
    "LN:8741-1": "Left Ventricular Cardiac Output",
    "LN:78185-6": "Mitral valve medial annulus Tissue velocity.E-wave.max",
    "LN:18024-0": "Left atrial Diameter anterior-posterior systole by US.M-mode",
    "LN:11635-5": "Fetal Heart Reactivity",
    # SNOMED CT
    "SCT:64163001": "Structure of head of pancreas",
    "SCT:40133006": "Structure of body of pancreas",
    "SCT:73239005": "Structure of tail of pancreas",
}
GENERIC = {
    # What means nothing without the site
    "SCT:81827009": "Diameter",
    "SCT:410668003": "Length",
    "SCT:103355008": "Width",
    "SCT:118565006": "Volume",
    "DCM:121207": "Height",
    "LN:59089-3": "Thickness",
    "SCT:399027007": "Cardiovascular Orifice Diameter",
    "SCT:399367004": "Cardiovascular Orifice Area",
    "LN:11726-7": "Peak Systolic Velocity",
    "LN:20355-4": "Peak Blood Velocity",
    "LN:11653-3": "End Diastolic Velocity",
    "LN:20354-7": "Velocity Time Integral",
    "LN:20247-3": "Peak Gradient",
    "LN:20256-4": "Mean Gradient",
    "LN:59133-9": "Peak Tissue Velocity",
}
FLOWING = {"LN:11726-7", "LN:20355-4", "LN:20354-7", "LN:20247-3", "LN:20256-4", "LN:20280-4"}
CARDIAC = {"MV", "AV", "TV", "PV", "LVOT", "RVOT"}


def measured(concept: str, /, *, unit: str = "mm", **modifiers: str) -> Measurement:
    """Return a measurement of that normalised identity."""
    scheme, _, code = concept.partition(":")
    return Measurement(
        id="DERIVEDAAAAAAAA",
        name="Device's name",
        value=Decimal(1),
        unit=unit,
        code=code,
        scheme=scheme,
        identity=(concept, *(f"{role}={key}" for role, key in modifiers.items())),
        fetus=modifiers.get("fetus", "").removeprefix("=").upper() or None,
        label=modifiers.get("label", "").removeprefix("=") or None,
        method="Device's method" if {"method", "equation"} & modifiers.keys() else None,
    )


def called(concept: str, /, **modifiers: str) -> str | None:
    """Return the id the catalogue gives."""
    entry = standard().look_up(measured(concept, **modifiers))
    return entry.id if entry is not None else None


def meanings(code: str) -> set[str]:
    """Return what pydicom's tables call a code."""
    scheme, _, value = code.partition(":")
    return {
        str(known[value][0])
        for name, keywords in concepts.items()
        if name.upper() == scheme
        for known in keywords.values()
        if isinstance(known, dict) and value in known
    }


def says(code: str, meaning: str) -> bool:
    """Return whether the code means that, as far as anybody can tell."""
    if "=" in code:
        return code == code.casefold()
    if code in NOT_IN_PYDICOM:
        return meaning == NOT_IN_PYDICOM[code] and not meanings(code)
    return code.startswith(SEEN_IN_REPORTS) or meaning in meanings(code)


GROUPS = sorted({row.group for row in built_in()})


def rows_of(group: str) -> list[CatalogueRow]:
    """Return the rows of one group."""
    return [row for row in built_in() if row.group == group]


@pytest.mark.parametrize("group", GROUPS)
def test_every_code_is_real_and_means_what_the_table_says(group: str) -> None:
    """A code that stands for something else would put a value under a wrong name."""
    for row in rows_of(group):
        assert says(row.concept, row.meaning), row


def test_every_term_is_real_and_means_what_the_table_says() -> None:
    """The same for what modifiers say."""
    for term, code, meaning, _ in table("catalogue/terms.tsv"):
        assert says(code, meaning), term


def test_it_is_large_enough_to_be_useful() -> None:
    """Echo, vessels, abdomen, thyroid, pregnancy and gynaecology are covered."""
    groups = {row.group for row in built_in()}
    assert len({row.id for row in built_in()}) >= 300
    assert {"Mitralklappe", "Beinarterien", "Nieren", "Schilddrüse", "Fetale Biometrie"} <= groups
    assert {"Ovarien", "Uterus", "Leber", "LV-Strain"} <= groups


def context_groups() -> dict[str, set[str]]:
    """Return the codes of each context group (``CID 12201``) of PS3.16."""
    found: dict[str, set[str]] = {}
    for scheme, keywords in concepts.items():
        for known in keywords.values():
            for code, (_, groups) in known.items() if isinstance(known, dict) else ():
                for number in groups:
                    found.setdefault(f"CID {number}", set()).add(f"{scheme.upper()}:{code}")
    return found


def test_every_coding_says_where_it_is_from() -> None:
    """A context group that has the code, a template, or where it was seen."""
    groups = context_groups()
    for row in built_in():
        assert row.source, row
        if row.source.startswith("CID "):
            assert row.concept in groups[row.source], row


def test_every_measurement_has_a_coding_and_one_line() -> None:
    """An id in ``codings.tsv`` that ``measurements.tsv`` lacks would be refused at the start."""
    ids = [cells[0] for cells in table("catalogue/measurements.tsv")]
    assert len(ids) == len(set(ids))
    assert set(ids) == {cells[0] for cells in table("catalogue/codings.tsv")}


def test_one_name_belongs_to_one_id() -> None:
    """Two values of a record are never called the same while they are different things."""
    seen: dict[str, str] = {}
    for row in built_in():
        assert seen.setdefault(row.name, row.id) == row.id


def test_a_code_belongs_to_one_term() -> None:
    """Otherwise it would depend on chance which word is appended."""
    codes = [code for _, code, _, _ in table("catalogue/terms.tsv")]
    assert len(codes) == len(set(codes))


def test_no_term_looks_like_what_is_made_of_a_text() -> None:
    """``B`` is both sides, ``FB`` is fetus B, and nothing else is."""
    for term in terms().words:
        assert not term.startswith(HASHED)
    appended = set().union(*(c.appended for row in built_in() for c in row.choices.values()))
    for mark in MARKS.values():
        assert not [term for term in appended if re.fullmatch(mark + "[A-Z1-9]{1,3}", term)]


@cache
def codes_of_terms() -> dict[str, str]:
    """Return a code a device may send for each term, where there is one a text else."""
    known = sorted(terms().by_code.items(), key=lambda pair: "==" not in pair[0])
    return {term: "=" * ("==" in code) + code.rpartition("==")[2] for code, term in known}


def options(role: str, choice: ModifierChoice) -> Iterator[tuple[str | None, str]]:
    """Yield a code (None for absent) for each way the choice offers, and the term it appends."""
    codes = codes_of_terms()
    if choice.absent or choice.anything:
        yield None, ""
    for term in sorted(choice.silent):
        yield codes[term], ""
    for term in sorted(choice.appended):
        yield codes[term], term
    if choice.anything_appended:
        yield ("=b", MARKS[role] + "B") if role in MARKS else (f"X:{role}", OPEN[role])


OPEN = {
    # What is appended for a code nobody knows: a change would tear a practice's series apart
    role: f"9{b32encode(sha256(f'{role}=X:{role}'.encode()).digest())[:5].decode()}"
    for role in ("method", "equation", "site", "of")
}


def variants(row: CatalogueRow) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Yield modifiers the row wants and what it appends: each option once, then the last of all."""
    offered = {role: list(options(role, choice)) for role, choice in row.choices.items()}
    first = {role: choices[0] for role, choices in offered.items()}
    picks = [first | {role: one} for role, choices in offered.items() for one in choices]
    picks += [first, {role: choices[-1] for role, choices in offered.items()}]
    for picked in picks:
        yield (
            {role: code for role, (code, _) in picked.items() if code is not None},
            [picked[role][1] for role in APPENDING if role in picked and picked[role][1]],
        )


class Found(NamedTuple):
    """What the catalogue has for one variant of a row."""

    row: CatalogueRow
    modifiers: dict[str, str]
    appended: list[str]
    entry: CatalogueEntry | None


@cache
def found_of(group: str) -> list[Found]:
    """Return what is found of all variants of a group's rows; several tests look at them."""
    return [
        Found(row, modifiers, appended, standard().look_up(measured(row.concept, **modifiers)))
        for row in rows_of(group)
        for modifiers, appended in variants(row)
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_every_row_is_found_by_what_it_asks_for(group: str) -> None:
    """No row is hidden by another, and its id says which modifiers it was found with."""
    for row, modifiers, appended, entry in found_of(group):
        made = "0".join([row.id, *appended])
        assert (entry.id if entry is not None else None) == (
            made if len(made) <= LONGEST_ID else None
        ), (row, modifiers)


@pytest.mark.law
def test_ids_built_of_parts_differ_wherever_the_parts_do() -> None:
    """Appending makes no id of two rows alike, and none looks like an id made of a hash."""
    names: dict[str, str] = {}
    for *_, entry in chain.from_iterable(map(found_of, GROUPS)):
        if entry is None:
            continue  # too long to be written
        assert names.setdefault(entry.id, entry.name) == entry.name
        assert len(entry.id) <= 8 or re.search(r"[0189]", entry.id[-8:])


@pytest.mark.law
def test_names_fit_field_8411_with_one_modifier_appended() -> None:
    """A side or a method still fits; the writer continues what is longer in the remarks."""
    for _, _, appended, entry in chain.from_iterable(map(found_of, GROUPS)):
        if len(appended) < 2 and "Device's" not in (entry.name if entry else ""):
            assert entry is not None
            assert len(entry.name) <= NAME_LENGTH, entry.name


def overlap(first: ModifierChoice, second: ModifierChoice) -> bool:
    """Return whether one modifier can be what both want, an appended anything left out."""
    if (first.absent or first.anything) and (second.absent or second.anything):
        return True
    named = (first.silent | first.appended) - NEUTRAL, (second.silent | second.appended) - NEUTRAL
    if first.anything or second.anything:
        return bool(named[0] | named[1])
    return bool(named[0] & named[1])


def test_no_measurement_fits_two_rows_alike() -> None:
    """Of rows of one code at most one can be meant, so that nothing hangs on their order."""
    by_concept: dict[str, list[CatalogueRow]] = {}
    for row in built_in():
        by_concept.setdefault(row.concept, []).append(row)
    unnamed = ModifierChoice(absent=True)
    for rows in by_concept.values():
        for first, second in combinations(rows, 2):
            roles = first.choices.keys() | second.choices.keys()
            both = all(
                overlap(first.choices.get(role, unnamed), second.choices.get(role, unnamed))
                for role in roles
            )
            assert not both, (first.id, second.id, first.where, second.where)


def test_generic_codes_want_their_site() -> None:
    """A diameter is nobody's until the site is named; flow in the heart has a direction."""
    for row in built_in():
        wanted = ["site"] if row.concept in GENERIC else []
        if row.concept in FLOWING and row.choices["site"].silent & CARDIAC:
            wanted.append("flow")
        for role in wanted:
            assert not row.choices[role].absent, row
            assert not row.choices[role].anything, row


LV, MV, AV = "SCT:87878005", "SCT:91134007", "SCT:34202007"
TWO_D, M_MODE, PW, CW = "SCT:399064001", "SCT:399155008", "SCT:261199008", "SCT:261198000"
ANTEGRADE, REGURGITANT = "SCT:263677008", "SCT:397417004"
LEFT, RIGHT, UNILATERAL = "SCT:7771000", "SCT:24028007", "SCT:66459002"


@pytest.mark.parametrize(
    ("concept", "modifiers", "id_"),
    [
        ("LN:29436-3", {"site": LV, "mode": TWO_D}, "LVIDD"),
        ("LN:29436-3", {"site": LV, "mode": M_MODE}, "LVIDD0MM"),
        ("LN:29436-3", {}, "LVIDD"),
        ("LN:80007-8", {"label": "=lvidd"}, "LVIDD"),
        ("LN:80008-6", {}, "LVIDD0MM"),
        ("LN:18043-0", {"site": LV, "mode": TWO_D, "method": "DCM:125207"}, "LVEF0BP"),
        ("LN:79991-6", {}, "LVEF0BP"),
        ("LN:11726-7", {"site": AV, "mode": CW, "flow": ANTEGRADE}, "AOVMAX"),
        ("LN:11726-7", {"site": AV, "mode": PW, "flow": ANTEGRADE}, "AOVMAX0PW"),
        ("LN:11726-7", {"site": AV, "mode": CW, "flow": REGURGITANT}, "ARVMAX"),
        ("LN:11726-7", {"site": "SCT:86117002", "laterality": LEFT}, "ICAPSV0L"),
        ("LN:11726-7", {"site": "SCT:86117002", "laterality": RIGHT}, "ICAPSV0R"),
        ("SCT:410668003", {"site": "SCT:64033007", "laterality": RIGHT}, "RENL0R"),
        ("SCT:410668003", {"site": "SCT:10200004", "laterality": UNILATERAL}, "LIVL"),
        ("LN:11820-8", {"fetus": "=a"}, "BPD0FA"),
        ("LN:11820-8", {"fetus": "=2"}, "BPD0F2"),
        ("LN:11820-8", {}, "BPD"),
        ("LN:11726-7", {"site": "SCT:17232002"}, "MCAPSV"),
        ("LN:11726-7", {"site": AV, "flow": ANTEGRADE}, "AOVMAX"),
        ("LN:29436-3", {"site": LV, "short_label": "=lvidd"}, "LVIDD"),
        ("LN:29436-3", {"site": LV, "mod": "DCM:125305=DCM:125311"}, "LVIDD"),
        ("LN:29436-3", {"site": LV, "mod": "DCM:125306=DCM:125316"}, "LVIDD"),
        ("SCT:399023006", {"site": "SCT:53085002", "method": "DCM:125218"}, "RVSP"),
        # what is told apart in id and name
        ("LN:18043-0", {"site": LV, "stage": "SCT:128975004"}, "LVEF0REST"),
        ("LN:18043-0", {"site": LV, "stage": "SCT:434161005"}, "LVEF0PEAK"),
        ("LN:29436-3", {"site": LV, "derivation": "SCT:255605001"}, "LVIDD0MIN"),
        ("LN:18185-9", {"of": "LN:11820-8", "derivation": "SCT:386136009"}, "GA0OBPD0STD"),
        ("SCT:397413000", {"site": "SCT:7832008"}, "AOABD"),
        ("SCT:397413000", {"site": "SCT:28205006"}, "AOABD0AOINFR"),
        ("SCT:397413000", {"site": "SCT:1918003"}, "AOABD0AOSUPR"),
        ("LN:11726-7", {"site": "SCT:85234005", "flow": ANTEGRADE}, "VERTPSV"),
        ("LN:11726-7", {"site": "SCT:85234005", "flow": "SCT:312004007"}, "VERTPSV0RETRO"),
        ("LN:11726-7", {"site": "SCT:32764006", "flow": "SCT:312004007"}, "PORTV0RETRO"),
        ("LN:11726-7", {"site": "SCT:32062004", "topography": "SCT:103342007"}, "CCAPSV0MID"),
        ("LN:12144-2", {"site": "SCT:86117002", "laterality": RIGHT}, "ICASD0R"),
        ("LN:11726-7", {"site": "SCT:17232002", "fetus": "=a"}, "FMCAPSV0FA"),
        ("LN:11726-7", {"site": "SCT:17232002", "fetus": "=ohne nummer"}, "FMCAPSV"),
        ("LN:29436-3", {"site": LV, "fetus": "=a"}, "LVIDD0FA"),
        ("LN:29436-3", {"site": LV, "fetus": "=ohne nummer"}, "LVIDD0CHILD"),
        ("LN:59133-9", {"site": "SCT:399086000", "mode": "SCT:439858009"}, "TVLAT"),
        # 2D and M-mode each
        ("LN:80032-6", {}, "LVPWD"),
        ("LN:80031-8", {}, "LVPWD0MM"),
        ("LN:80010-2", {}, "LVIDDI0MM"),
        # sides within a code, as a text, beside a code that says none
        ("SCT:410668003", {"site": "SCT:18639004"}, "RENL0L"),
        ("SCT:410668003", {"site": "SCT:9846003", "laterality": UNILATERAL}, "RENL0R"),
        ("SCT:410668003", {"site": "SCT:64033007", "laterality": "=lt."}, "RENL0L"),
        ("SCT:410668003", {"site": "SCT:64033007", "laterality": "=re"}, "RENL0R"),
        # stages by number and by text
        ("LN:18043-0", {"stage": "=4"}, "LVEF0Z4"),
        ("LN:18043-0", {"stage": "=baseline"}, "LVEF0REST"),
        ("LN:18043-0", {"stage": "=baseline 1"}, "LVEF0REST"),
        ("SCT:410668003", {"site": "SCT:64033007", "laterality": "=gauche"}, "RENL0L"),
        # before and after voiding
        ("SCT:118565006", {"site": "SCT:89837001"}, "BLAV"),
        ("SCT:118565006", {"site": "SCT:89837001", "stage": "DCM:109134"}, "BLAPREV"),
        ("SCT:118565006", {"site": "SCT:89837001", "stage": "DCM:109135"}, "RESTHARN"),
        ("SCT:118565006", {"site": "SCT:89837001", "label": "=post void"}, "RESTHARN"),
        ("SCT:410668003", {"site": "SCT:89837001", "label": "=post-void"}, "BLAL0VOIDPO"),
        # of a kidney's thickness and its parenchyma's
        ("LN:59089-3", {"site": "SCT:64033007", "laterality": LEFT}, "RENTH0L"),
        ("LN:59089-3", {"site": "SCT:64033007", "label": "=cortex"}, "RENCORT"),
    ],
)
def test_a_measurement_is_called_by_what_it_is(
    concept: str, modifiers: dict[str, str], id_: str
) -> None:
    """The same measurement has one id whichever of its codes the device uses."""
    assert called(concept, **modifiers) == id_


@pytest.mark.parametrize(
    ("concept", "modifiers"),
    [
        ("LN:29436-3", {"site": "SCT:53085002", "mode": TWO_D}),  # another site
        ("LN:29436-3", {"site": LV, "mode": TWO_D, "laterality": LEFT}),
        ("LN:29436-3", {"site": LV, "topography": "SCT:46053002"}),
        ("LN:29436-3", {"site": LV, "label": "=mine"}),
        ("LN:29436-3", {"site": LV, "mod": "DCM:125306=DCM:125313"}),  # indexed
        ("LN:29436-3", {"site": LV, "what nobody knows yet": "SCT:1"}),
        ("LN:11726-7", {"site": AV, "mode": CW}),  # which way?
        ("LN:11726-7", {"mode": CW, "flow": ANTEGRADE}),  # where?
        ("SCT:81827009", {"mode": TWO_D}),
        ("SCT:81827009", {"site": "SCT:15825003", "mode": TWO_D}),  # which part of the aorta?
        ("LN:29436-4", {}),
        ("SRT:29436-3", {}),
    ],
)
def test_a_modifier_that_changes_the_meaning_is_never_passed_over(
    concept: str, modifiers: dict[str, str]
) -> None:
    """What the catalogue does not know exactly it does not name."""
    assert called(concept, **modifiers) is None


def test_a_measurement_without_identity_is_unknown() -> None:
    """Nothing is concluded from names."""
    one = Measurement("X", "LVIDd", Decimal(1), "mm", "29436-3", "LN")
    assert standard().look_up(one) is None


def test_a_makers_own_code_is_read_by_its_words() -> None:
    """Only where the code itself is nobody's; what the standard defines means what it means."""
    segment = "left ventricle basal anterior segment"
    private = replace(
        measured("99GEMS:GEU-106-0002", unit="%", site="99GEMS:GEU-106-1000"), site=segment
    )
    entry = standard().look_up(private)
    assert entry is not None
    assert entry.id == "SLSBA"
    left = replace(measured("SCT:410668003", site="99X:1"), site="Left kidney")
    assert [one.id for one in (standard().look_up(left),) if one] == ["RENL0L"]
    wall = replace(measured("99X:7", unit="1"), name="Relative  Wall Thickness")
    assert [one.id for one in (standard().look_up(wall),) if one] == ["RWT"]
    assert standard().look_up(replace(measured("LN:1-1"), name="Relative Wall Thickness")) is None


def test_a_lobe_of_the_liver_has_no_other_side() -> None:
    """Left and right are sides of what there are two of."""
    lobe = replace(measured("SCT:410668003", site="99X:1"), site="Left lobe of liver")
    assert standard().look_up(lobe) is None
    assert contradicting_sides(replace(lobe, other_side="Right")) == ()


@pytest.mark.parametrize(
    ("site", "side", "around", "sides"),
    [
        ("SCT:64033007", RIGHT, "Left", ("L", "R")),
        ("SCT:64033007", RIGHT, "li", ("L", "R")),
        ("SCT:64033007", RIGHT, None, ()),
        ("SCT:18639004", RIGHT, None, ("L", "R")),
        ("SCT:18639004", LEFT, None, ()),
        ("SCT:64033007", f"{RIGHT}+{LEFT.partition(':')[2]}", None, ("R", "L")),
    ],
)
def test_contradicting_sides_are_seen(
    site: str, side: str, around: str | None, sides: tuple[str, ...]
) -> None:
    """Whether the other side stands around the value, within the organ's code or beside it."""
    one = measured("SCT:410668003", site=site, laterality=side)
    assert contradicting_sides(replace(one, other_side=around)) == sides


@pytest.mark.parametrize(
    ("equation", "name", "whole"),
    [
        ("Hadlock 1985", "Schätzgewicht (EFW), Hadlock 1985, Fetus B", True),
        (
            "EFW by AC, BPD, FL, HC, Hadlock 1985 Table",
            "EFW, Hadlock 1985 Table (AC, BPD, FL, HC), Fetus B",
            True,
        ),
        (
            "by AC, BPD, FL, HC, Hadlock 1985 Table of the clinic",
            "EFW, by AC, BPD, FL, HC, Hadlock 1985 Table of t..., Fetus B",
            False,
        ),
    ],
)
def test_a_long_name_is_cut_before_what_tells_values_apart(
    equation: str, name: str, *, whole: bool
) -> None:
    """First the short name, then the equation is cut; the remark then has it whole."""
    one = replace(measured("LN:11727-5", equation="DCM:1", fetus="=b"), method=equation)
    entry = standard().look_up(one)
    assert entry is not None
    assert entry.name == name
    assert entry.tail == ", Fetus B"
    assert ("equation" not in entry.untold) == whole


def test_what_an_age_was_derived_from_is_said_once() -> None:
    """``Gestationsalter, FL, FL, Hadlock 1984`` says the femur twice."""
    one = replace(
        measured("LN:18185-9", of="LN:11963-6", equation="X:1"), method="FL, Hadlock 1984"
    )
    entry = standard().look_up(one)
    assert entry is not None
    assert entry.name == "Gestationsalter, FL, Hadlock 1984"


def test_a_short_name_stands_for_one_measurement() -> None:
    """PHT is of many valves, so that it never stands for one of them."""
    shorts: dict[str, set[str]] = {}
    for row in built_in():
        if short_name(row) != row.name:
            shorts.setdefault(short_name(row), set()).add(row.name)
    assert shorts["LV-EF"] == {"LV-Ejektionsfraktion (EF)"}
    assert "PHT" not in shorts
    assert all(len(names) == 1 for names in shorts.values())


@pytest.mark.parametrize(
    ("name", "label", "id_"),
    [
        ("Value", "Lt Ovary Vol", "OVAV0L"),
        ("Value", "Ovary Vol rechts", "OVAV0R"),
        ("Value", "PVR", "RESTHARN"),
        ("Right Ovarian Cyst 1 Length", None, "OVZ1L0R"),
        ("Value", "Lt Something", None),
    ],
)
def test_a_users_own_measurement_is_read_by_its_label(
    name: str, label: str | None, id_: str | None
) -> None:
    """Where the device has no name for it but Value, within containers that say nothing."""
    labelled = {"label": "=x"} if label is not None else {}
    one = replace(
        measured("99PMSBLUS:T9900-05", **labelled, **{"in": "99PMSBLUS:C1"}),
        name=name,
        label=label,
        group="User-defined concepts / Measurement",
    )
    entry = standard().look_up(one)
    assert (entry.id if entry is not None else None) == id_


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("MCR_WEIGHT_US_PERC_EFW_HADLOCK_BPD_HC_AC_FL", "EFW Hadlock BPD HC AC FL"),
        ("FL, FL, Hadlock 1984", "FL, Hadlock 1984"),
        ("EFW by AC, BPD", "EFW by AC, BPD"),
        ("EFW by AC, BPD, Hadlock 1984", "Hadlock 1984 (AC, BPD)"),
        ("LVIDd", "LVIDd"),
    ],
)
def test_device_internals_become_readable(text: str, spoken: str) -> None:
    """What a device's programmers called something is no name for a chart."""
    assert readable(text) == spoken


@pytest.mark.parametrize(
    ("role", "texts"), [("fetus", ["=a", "=fetus a", "=fetus  a"]), ("label", ["=#1", "=1"])]
)
def test_spellings_of_one_number_are_one(role: str, texts: list[str]) -> None:
    """``Fetus A`` and ``A`` are the same child, ``#1`` and ``1`` the same follicle."""
    concept = "LN:11820-8" if role == "fetus" else "LN:11793-7"
    assert len({called(concept, **{role: text}) for text in texts}) == 1


def test_names_of_any_kind_stay_apart() -> None:
    """Where a fetus or a label is called by words, the id is made of them and still differs."""
    texts = [f"=fetus {word}" for word in ("links", "rechts", "10", "1", "a", "b", "a b", "0")]
    ids = [called("LN:11820-8", fetus=text) for text in texts]
    assert len(set(ids)) == len(texts)


def test_an_own_row_adds_a_coding() -> None:
    """A practice names what its device sends under private codes."""
    catalogue = Catalogue.load(
        [
            {"id": "LIVL", "concept": "SONOSCAPE:ABD_LIVER_L", "where": "mode=2D"},
            {
                "id": "KNOTEN",
                "name": "Schilddrüsenknoten 1 Länge",
                "unit": "mm",
                "decimals": "0",
                "group": "Schilddrüse",
                "concept": "sonoscape:THY_NOD7_L",
                "where": "mode=2D",
            },
        ]
    )
    liver = catalogue.look_up(measured("SONOSCAPE:ABD_LIVER_L", mode="=2d"))
    node = catalogue.look_up(measured("SONOSCAPE:THY_NOD7_L", mode="=2d"))
    assert liver is not None
    assert (liver.id, liver.name, liver.unit) == ("LIVL", "Leber Länge", "mm")
    assert node is not None
    assert (node.id, node.group, node.decimals) == ("KNOTEN", "Schilddrüse", 0)
    assert standard().look_up(measured("SONOSCAPE:THY_NOD7_L", mode="=2d")) is None


def test_an_own_row_counts_before_ours() -> None:
    """The practice decides what a coding is called."""
    row = {
        "id": "EIGEN",
        "name": "LV innen",
        "unit": "cm",
        "decimals": "1",
        "group": "Linker Ventrikel",
        "concept": "LN:29436-3",
        "where": "site=* mode=*",
    }
    entry = Catalogue.load([row]).look_up(measured("LN:29436-3", site=LV, mode=TWO_D))
    assert entry is not None
    assert (entry.id, entry.unit) == ("EIGEN", "cm")


def test_an_own_row_without_concept_changes_every_row_of_an_id() -> None:
    """Another unit or name for what the catalogue has, whatever code it comes under."""
    catalogue = Catalogue.load([{"id": "LVIDD", "unit": "cm", "decimals": "2"}])
    for concept in ("LN:29436-3", "LN:80007-8"):
        entry = catalogue.look_up(measured(concept))
        assert entry is not None
        assert (entry.unit, entry.decimals, entry.name[:2]) == ("cm", 2, "LV")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"id": "lvidd", "concept": "LN:1-1"}, "name"),
        ({"id": "NEU", "concept": "LN:1-1"}, "name"),
        ({"id": "NEU"}, "concept"),
        ({"id": "LVIDD", "where": "site=LV"}, "where"),
        ({"id": "LVIDD", "unit": "Ellen"}, "unit"),
        ({"id": "LVIDD", "decimals": "-1"}, "decimals"),
        ({"id": "LVIDD", "decimals": "7"}, "decimals"),
        ({"id": "LVIDD", "name": "x" * 61}, "name"),
        ({"id": "LVIDD", "name": " "}, "name"),
        ({"id": "LVIDD", "concept": "29436-3"}, "concept"),
        ({"id": "LVIDD", "concept": "LN:1-1", "where": "site"}, "where"),
        ({"id": "LVIDD", "concept": "LN:1-1", "where": "place=LV"}, "where"),
        ({"id": "LVIDD", "concept": "LN:1-1", "where": "site=LV site=RV"}, "where"),
        ({"id": "LVIDD", "concept": "LN:1-1", "where": "site=Herz"}, "where"),
        ({"id": "LVIDD", "concept": "LN:1-1", "unit": "cm"}, "unit"),
        (
            {
                "id": "ZULANGEID",
                "concept": "LN:1-1",
                "name": "x",
                "unit": "1",
                "decimals": "0",
                "group": "x",
            },
            "id",
        ),
    ],
)
def test_a_wrong_row_is_refused_by_name(row: dict[str, str], column: str) -> None:
    """The sentence names the row and the column, so that a practice finds it."""
    with pytest.raises(CatalogueError) as refused:
        Catalogue.load([{"id": "LVIDD", "decimals": "1"}, row])
    assert f"({row['id']})" in str(refused.value)
    assert f", {column}" in str(refused.value)


def test_the_rows_in_the_documentation_work() -> None:
    """What a practice copies from there is accepted and does what it says."""
    page = (PROJECT / "docs" / "reference" / "measurements.md").read_text("utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    rows = tomllib.loads(example)["catalogue"]["rows"]
    catalogue = Catalogue.load([{key: str(cell) for key, cell in row.items()} for row in rows])
    entry = catalogue.look_up(measured("SONOSCAPE:ABD_LIVER_L", mode="=2d"))
    assert entry is not None
    assert entry.name == "Leber Länge"


def test_rows_come_by_group() -> None:
    """Groups stay together, a practice's own rows last in theirs and its new groups last of all."""
    own = {"name": "x", "unit": "1", "decimals": "0", "where": ""}
    rows = Catalogue.load(
        [
            {**own, "id": "ZZ1", "group": "Eigene", "concept": "L:1"},
            {**own, "id": "ZZ2", "group": "Allgemein", "concept": "L:2"},
        ]
    ).rows
    groups = [group for group, _ in groupby(row.group for row in rows)]
    assert len(groups) == len(set(groups))
    assert [row.id for row in rows if row.group == "Allgemein"][-1] == "ZZ2"
    assert rows[-1].id == "ZZ1"


def test_a_star_alone_is_for_concepts_that_say_everything() -> None:
    """It leaves open what the concept says itself, and nothing else."""
    choices = choices_of("* mode=2D")
    assert choices["site"].anything
    assert choices["mode"] == ModifierChoice(silent=frozenset({"2D"}))
    assert ModifierRole.LATERALITY not in choices


def test_the_page_has_every_row_and_term_once_in_order() -> None:
    """A line for each row, groups together, and a line for each term."""
    lines = catalogue_to_markdown(standard()).splitlines()
    cells = [line.split(" | ") for line in lines if line.startswith("| `")]
    rows, known = standard().rows, terms().words
    assert [cell[0][3:-1] for cell in cells] == [row.id for row in rows] + list(known)
    for cell, row in zip(cells, rows, strict=False):
        assert cell[1] == row.name
        assert cell[4].startswith(row.concept)
        assert [part.strip("`") for part in cell[5].rstrip("| ").split()] == row.where.split()
    groups = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert groups == [*dict.fromkeys(row.group for row in rows), "Terms"]


def test_programs_get_the_table() -> None:
    """The JSON has the columns of the table."""
    first = catalogue_to_json(standard())[0]
    assert first["id"] == "HEIGHT"
    assert first["decimals"] == 0


def coverage(folder: Path) -> tuple[int, int, list[str]]:
    """Return how many measurements of a folder's reports there are and are named, and the rest."""
    missing, total, named = [], 0, 0
    for file in sorted(folder.glob("*.dcm")):
        try:
            measurements = read_report(file).measurements
        except ReportError:
            continue
        for one in measurements:
            if one.scheme.upper() == "SONOSCAPE" or "5000_num" in file.name:
                continue  # private names, and a stress test of one code
            total += 1
            if standard().look_up(one) is None:
                missing.append(f"{file.name}: {one.name} {' '.join(one.identity)}")
            else:
                named += 1
    return named, total, missing


def test_it_knows_what_devices_send(corpus: Path) -> None:
    """Of what devices report at least nine measurements in ten have a name and a unit of ours."""
    named, total, missing = coverage(corpus / "sr")
    print(f"\n{named} of {total} measurements are in the catalogue")  # noqa: T201
    assert named >= 0.9 * total, "\n".join(missing)
