"""Random archives and random queries: the bridge finds what DCMTK's ``dcmqrscp`` finds.

Both have the same objects. Where they differ on purpose, the table of the documentation has a row,
and the row has a test here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword

from gdtbridge.retrieve.attributes import QueryLevel, unique_keys
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.settings import load_settings
from tests.tools.elements import US_IMAGE, element, part10
from tests.tools.practice import Practice
from tests.tools.qrscp import Answers, QueryArchive, decoded, encoded, qrscp, query_of

pytestmark = [pytest.mark.peer]

PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_STUDY = "1.2.840.10008.5.1.4.1.2.3.1"
Values: TypeAlias = Mapping[str, str]
"""What an object says, or a query asks, by keyword."""
Row: TypeAlias = tuple[tuple[str, str], ...]
"""An answer: its values by keyword, in order."""
CODECS = {"": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}
PATH = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
COUNTED = {
    QueryLevel.PATIENT: {
        "NumberOfPatientRelatedStudies": "StudyInstanceUID",
        "NumberOfPatientRelatedSeries": "SeriesInstanceUID",
        "NumberOfPatientRelatedInstances": "SOPInstanceUID",
    },
    QueryLevel.STUDY: {
        "NumberOfStudyRelatedSeries": "SeriesInstanceUID",
        "NumberOfStudyRelatedInstances": "SOPInstanceUID",
        "ModalitiesInStudy": "Modality",
    },
    QueryLevel.SERIES: {"NumberOfSeriesRelatedInstances": "SOPInstanceUID"},
}
"""What dcmqrscp does not count, and of what it is the number, or the list."""
SEEING = Viewer(sees_held=True)


def listed(values: set[str]) -> object:
    """Return values as pydicom has those of an element."""
    return sorted(values) if len(values) > 1 else next(iter(values))


def dataset_of(values: Values) -> bytes:
    """Return what an object says, encoded; texts in its own character set."""
    codec = CODECS[values.get("SpecificCharacterSet", "")]
    rows = sorted((tag_for_keyword(word) or 0, word) for word in values)
    return b"".join(
        element(tag, dictionary_VR(tag).encode(), values[word].encode(codec)) for tag, word in rows
    )


@dataclass
class Twins:
    """The bridge and ``dcmqrscp`` with the same objects."""

    theirs: QueryArchive
    ours: Practice = field(init=False)

    def fill(self, folder: Path, objects: Sequence[Values]) -> None:
        """Let both have these objects and no others; ours are new below ``folder``."""
        self.ours = Practice(folder, load_settings(environ={}))
        for old in self.theirs.folder.glob("*.dcm"):
            old.unlink()
        files = []
        for number, values in enumerate(objects):
            dataset, uid = dataset_of(values), values["SOPInstanceUID"]
            self.ours.send_dataset(dataset, SOPInstanceUID=uid)
            path = self.theirs.folder / f"{number}.dcm"
            files.append(part10(path, dataset, sop_uid=uid))
        self.theirs.fill(files)
        self.ours.wait()

    def ask(self, model: str, keys: Values) -> tuple[list[Row] | int, list[Row] | int]:
        """Return what both answer, ours first: rows of the keys asked for, or a failure."""
        query = query_of(keys)
        (theirs,) = self.theirs.find(model, [query])
        return rows(self.our_answers(query), keys), rows(theirs, keys)

    def compare(self, model: str, asked: Sequence[Values]) -> None:
        """Let both answer the same to each of some queries."""
        made = [query_of(keys) for keys in asked]
        for keys, query, theirs in zip(asked, made, self.theirs.find(model, made), strict=True):
            ours = self.our_answers(query)
            assert rows(ours, keys) == rows(theirs, keys), (model, keys)

    def count(self, objects: Sequence[Values]) -> None:
        """Compare numbers and modalities with those of dcmqrscp's objects, series by series."""
        series = {tuple(one[word] for word in PATH[:3]) for one in objects}
        asked = [dict(zip(PATH, one, strict=False)) for one in sorted(series)]
        images = [
            query_of({"QueryRetrieveLevel": "IMAGE", **one, "SOPInstanceUID": "", "Modality": ""})
            for one in asked
        ]
        answers = self.theirs.find(PATIENT_ROOT, images)
        seen = [one for answer in answers for one in answer.datasets]
        assert len(seen) == len(objects)
        for level, counts in COUNTED.items():
            (unique,) = unique_keys(level)
            keys = {"QueryRetrieveLevel": level, unique: "", **dict.fromkeys(counts, "")}
            for ours in self.our_answers(query_of(keys)).datasets:
                theirs = [one for one in seen if one[unique] == ours[unique]]
                for word, below in counts.items():
                    found = {str(one[below].value) for one in theirs}
                    told = ours[word].value
                    assert told == (len(found) if isinstance(told, int) else listed(found)), word

    def our_answers(self, query: Dataset) -> Answers:
        """Return what the bridge answers, as it would on the wire."""
        try:
            found = list(self.ours.core.finder.find(decoded(encoded(query)), viewer=SEEING))
        except QueryRefused:
            return Answers(0xA900, ())
        return Answers(0, tuple(decoded(encoded(match.dataset)) for match in found))


def rows(answers: Answers, keys: Values) -> list[Row] | int:
    """Return the answers as values by keyword, in no order of the archive's."""
    if answers.status:
        return answers.status
    for dataset in answers.datasets:
        dataset.decode()
    asked = [word for word in keys if word != "SpecificCharacterSet"]
    found = [
        tuple((word, str(dataset.get(word) or "").strip()) for word in asked)
        for dataset in answers.datasets
    ]
    return sorted(found)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryArchive]:
    """Return a running dcmqrscp."""
    with qrscp(tmp_path_factory.mktemp("qrscp")) as running:
        yield running


IDS = ["4711", "4712", "47110", "12 A"]
NAMES = ["Meier^Anna", "Meier^Hans", "Meier", "Maier^Hans^^Dr.", "Müller^Änne", "von der Ohe^Eva"]
BIRTHS = ["", "19510101", "19601231"]
PHYSICIANS = ["", "Arzt^Bodo", "Weiß^Ida"]
DESCRIPTIONS = ["", "Abdomen", "Schilddrüse, Kontrolle"]
DAYS = ["20240114", "20240115", "20240116", "20231231"]
TIMES = ["", "000000", "0830", "083000", "113059.5", "235959"]
ACCESSIONS = ["", "R1", "R12", "A 1"]
MODALITIES = ["US", "SR", "OT"]
NUMBERS = ["", "1", "2", "10"]


@st.composite
def archives(draw: st.DrawFn) -> list[dict[str, str]]:
    """Return the objects of up to three patients, with up to two studies and series each."""
    objects: list[dict[str, str]] = []
    for patient in draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True)):
        who = {
            "PatientID": patient,
            "PatientName": draw(st.sampled_from(NAMES)),
            "PatientBirthDate": draw(st.sampled_from(BIRTHS)),
            "PatientSex": draw(st.sampled_from(["M", "F", ""])),
        }
        for number in range(draw(st.integers(1, 2))):
            study = f"2.25.{IDS.index(patient) + 1}{number}"
            what = {
                "SpecificCharacterSet": draw(st.sampled_from(["ISO_IR 100", "ISO_IR 192"])),
                "StudyInstanceUID": study,
                "StudyDate": draw(st.sampled_from(DAYS)),
                "StudyTime": draw(st.sampled_from(TIMES)),
                "AccessionNumber": draw(st.sampled_from(ACCESSIONS)),
                "StudyID": draw(st.sampled_from(NUMBERS)),
                "StudyDescription": draw(st.sampled_from(DESCRIPTIONS)),
                "ReferringPhysicianName": draw(st.sampled_from(PHYSICIANS)),
            }
            for series in range(draw(st.integers(1, 2))):
                within = {
                    "SeriesInstanceUID": f"{study}.{series}",
                    "Modality": draw(st.sampled_from(MODALITIES)),
                    "SeriesNumber": draw(st.sampled_from(NUMBERS)),
                }
                for instance in range(draw(st.integers(1, 2))):
                    own = {
                        "SOPClassUID": US_IMAGE,
                        "SOPInstanceUID": f"{study}.{series}.{instance}",
                        "InstanceNumber": draw(st.sampled_from(NUMBERS)),
                    }
                    objects.append({**who, **what, **within, **own})
    return objects


def uids(*ends: str) -> list[str]:
    """Return UIDs of archives, a list of two, one that is nowhere."""
    there = [f"2.25.{study}{end}" for study in ("10", "11", "20", "30") for end in ends]
    return [*there, f"{there[0]}\\{there[-1]}", f"2.25.9\\{there[1]}", "2.25.9", "", ""]


KEYS: dict[QueryLevel, dict[str, list[str]]] = {
    QueryLevel.PATIENT: {
        "PatientID": [*IDS, "471?", "47*", "*A", "9", ""],
        "PatientName": [*NAMES, "Meier*", "M?ier*", "*Hans*", "M*", "*", "Nobody", ""],
        "PatientBirthDate": ["19510101", "19000101-", "-19550101", "19520101-19601231", ""],
        "PatientSex": ["M", "F", "O", "?", ""],
    },
    QueryLevel.STUDY: {
        "StudyInstanceUID": uids(""),
        "StudyDate": [*DAYS, "20240114-20240115", "-20240114", "20240115-", ""],
        "StudyTime": ["083000", "0830", "08-12", "-12", "1130-", "2200-0600", ""],
        "AccessionNumber": ["R1", "R*", "R?", "A 1", "a 1", ""],
        "StudyID": ["1", "1*", "?", ""],
        "StudyDescription": ["Abdomen", "*drüse*", "abdomen", "*", ""],
        "ReferringPhysicianName": ["Arzt^Bodo", "Arzt*", "Weiß*", "*", ""],
    },
    QueryLevel.SERIES: {
        "SeriesInstanceUID": uids(".0", ".1"),
        "Modality": [*MODALITIES, "U?", "*R", "MR", ""],
        "SeriesNumber": ["1", "10", "3", ""],
    },
    QueryLevel.IMAGE: {
        "SOPInstanceUID": uids(".0.0", ".1.1"),
        "InstanceNumber": ["1", "2", "3", ""],
    },
}
"""Keys of each level, and values that are asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: its model, and its keys as both understand them."""

    model: str
    keys: dict[str, str]


MODELS = {
    PATIENT_ROOT: list(QueryLevel),
    STUDY_ROOT: list(QueryLevel)[1:],
    PATIENT_STUDY: list(QueryLevel)[:2],
}
"""The levels of each model, from the top."""


@st.composite
def queries(draw: st.DrawFn, objects: list[dict[str, str]]) -> Asked:
    """Return a query with the unique keys of the levels above, and some of its own level."""
    model = draw(st.sampled_from(list(MODELS)))
    level = draw(st.sampled_from(MODELS[model]))
    one = draw(st.sampled_from(objects))
    keys: dict[str, str] = {"QueryRetrieveLevel": level}
    for above in MODELS[model][: MODELS[model].index(level)]:
        (unique,) = unique_keys(above)
        keys[unique] = draw(st.sampled_from([one[unique]] * 40 + ["", *KEYS[above][unique]]))
    own = dict(KEYS[level])
    if model == STUDY_ROOT and level is QueryLevel.STUDY:
        own |= KEYS[QueryLevel.PATIENT]
    (unique,) = unique_keys(level)
    keys[unique] = ""
    for keyword in draw(st.lists(st.sampled_from(sorted(own)), max_size=3, unique=True)):
        keys[keyword] = draw(st.sampled_from([*[one[keyword]] * 5, *own[keyword]]))
    keys["SpecificCharacterSet"] = draw(st.sampled_from(["ISO_IR 100", "ISO_IR 192"]))
    return Asked(model, keys)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[dict[str, str]], list[Asked]]:
    """Return an archive, and queries about it."""
    objects = draw(archives())
    return objects, draw(st.lists(queries(objects), min_size=30, max_size=40))


def hold(archive: QueryArchive, objects: list[dict[str, str]], asked: list[Asked]) -> None:
    """Fill both archives, and compare what they answer."""
    twins = Twins(archive)
    with TemporaryDirectory() as folder:
        twins.fill(Path(folder), objects)
        try:
            for model in MODELS:
                twins.compare(model, [one.keys for one in asked if one.model == model])
            twins.count(objects)
        finally:
            twins.ours.close()


@pytest.mark.law
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink an archive takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.large_base_example],
)
@given(case=cases())
def test_both_find_the_same(
    archive: QueryArchive, case: tuple[list[dict[str, str]], list[Asked]]
) -> None:
    """Whatever the archive and the keys, so long as those are well-formed and of no difference."""
    hold(archive, *case)


@pytest.mark.law
@pytest.mark.timeout(1800)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=cases())
def test_both_find_the_same_of_much_more(
    archive: QueryArchive, case: tuple[list[dict[str, str]], list[Asked]], *, exhaustive: bool
) -> None:
    """The same law for hundreds of archives (``--exhaustive``)."""
    if not exhaustive:
        pytest.skip("--exhaustive is not given")
    hold(archive, *case)


OBJECT = {
    "SpecificCharacterSet": "ISO_IR 100",
    "SOPClassUID": US_IMAGE,
    "PatientID": "4711",
    "PatientName": "Müller^Änne",
    "PatientBirthDate": "19581224",
    "PatientSex": "F",
    "StudyInstanceUID": "2.25.10",
    "StudyDate": "20240115",
    "StudyTime": "103015",
    "AccessionNumber": "R1",
    "StudyDescription": "Abdomen",
    "SeriesInstanceUID": "2.25.10.0",
    "Modality": "US",
    "SeriesDescription": "Leber",
    "SOPInstanceUID": "2.25.10.0.0",
}
"""The one object each difference is shown with."""
LATIN = {"SpecificCharacterSet": "ISO_IR 100"}
OF_STUDY = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": ""}
OF_SERIES = {
    "QueryRetrieveLevel": "SERIES",
    "StudyInstanceUID": "2.25.10",
    "SeriesInstanceUID": "",
}
Difference: TypeAlias = tuple[str, Values, "int | None", "int | None"]
"""Model, keys; how many answers there are here, and there; None for a failure."""
DIFFERENCES: dict[str, list[Difference]] = {
    "name in another case": [(STUDY_ROOT, OF_STUDY | LATIN | {"PatientName": "MÜLLER^ÄNNE"}, 1, 0)],
    "name with trailing carets": [
        (STUDY_ROOT, OF_STUDY | LATIN | {"PatientName": "Müller^Änne^^^"}, 1, 0),
        (STUDY_ROOT, OF_STUDY | LATIN | {"PatientName": "Müller^Änne^*"}, 1, 0),
    ],
    "name without marks": [(STUDY_ROOT, OF_STUDY | {"PatientName": "Mueller^Aenne"}, 1, 0)],
    "`?` for a letter of two bytes": [
        (
            STUDY_ROOT,
            OF_STUDY | {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "M?ller*"},
            1,
            0,
        )
    ],
    "umlaut without a character set": [(STUDY_ROOT, OF_STUDY | {"PatientName": "Müller*"}, 1, 0)],
    "several values in a key": [
        (STUDY_ROOT, OF_STUDY | {"AccessionNumber": "R2\\R1"}, 1, 0),
        (STUDY_ROOT, OF_SERIES | {"Modality": "CT\\US"}, 1, 0),
    ],
    "`*` in a UID, a date or a time": [
        (STUDY_ROOT, OF_STUDY | {"StudyInstanceUID": "*"}, 1, 0),
        (STUDY_ROOT, OF_STUDY | {"StudyDate": "*"}, 1, 0),
        (STUDY_ROOT, OF_STUDY | {"StudyTime": "*"}, 1, 0),
    ],
    "malformed date or time": [(STUDY_ROOT, OF_STUDY | {"StudyDate": "heute"}, 1, 0)],
    "hour 24": [(STUDY_ROOT, OF_STUDY | {"StudyTime": "10-24"}, 1, 0)],
    "modalities and SOP classes of a study": [
        (STUDY_ROOT, OF_STUDY | {"ModalitiesInStudy": "CT"}, 0, 1),
        (STUDY_ROOT, OF_STUDY | {"Modality": "CT"}, 0, 1),
        (STUDY_ROOT, OF_STUDY | {"SOPClassesInStudy": "1.2.3"}, 0, 1),
    ],
    "series description and others": [
        (STUDY_ROOT, OF_SERIES | {"SeriesDescription": "Milz"}, 0, 1)
    ],
    "key of a level above that is not unique": [
        (STUDY_ROOT, OF_SERIES | {"PatientName": "Meier"}, 0, 1),
        (PATIENT_ROOT, OF_STUDY | {"PatientID": "4711", "PatientName": "Meier"}, 0, 1),
    ],
    "unique key of a level above missing": [
        (PATIENT_ROOT, OF_STUDY, 1, None),
        (STUDY_ROOT, {"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": ""}, 1, None),
    ],
    "patients in Study Root": [
        (STUDY_ROOT, {"QueryRetrieveLevel": "PATIENT", "PatientID": ""}, 1, None)
    ],
    "level `INSTANCE`": [
        (STUDY_ROOT, {**OF_SERIES, "QueryRetrieveLevel": "INSTANCE", "SOPInstanceUID": ""}, 1, None)
    ],
}


@pytest.fixture(scope="module")
def one_object(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """Return both with the one object; the law's dcmqrscp has another archive by the time."""
    with qrscp(tmp_path_factory.mktemp("one")) as theirs:
        twins = Twins(theirs)
        twins.fill(tmp_path_factory.mktemp("ours"), [OBJECT])
        yield twins
        twins.ours.close()


@pytest.mark.parametrize("row", DIFFERENCES)
def test_a_difference_is_as_documented(one_object: Twins, row: str) -> None:
    """The bridge answers as its column says, and dcmqrscp as its own."""
    for model, keys, here, there in DIFFERENCES[row]:
        found = one_object.ask(model, keys)
        counts = tuple(None if isinstance(one, int) else len(one) for one in found)
        assert counts == (here, there), keys


def test_numbers_are_told_here_only(one_object: Twins) -> None:
    """How much there is of a study; dcmqrscp leaves it out."""
    ours, theirs = one_object.ask(STUDY_ROOT, OF_STUDY | {"NumberOfStudyRelatedInstances": ""})
    assert isinstance(ours, list)
    assert isinstance(theirs, list)
    assert [row[-1][1] for row in (*ours, *theirs)] == ["1", ""]


def test_every_difference_of_the_documentation_is_shown(project: Path) -> None:
    """And none is shown that it does not tell."""
    page = (project / "docs" / "reference" / "query-retrieve.md").read_text("utf-8")
    _, _, table = page.partition("## Differences from dcmqrscp")
    rows = re.findall(r"^\| (?!key \|)([^|]+?) \|", table.partition("\n## ")[0], re.MULTILINE)
    assert rows == [*DIFFERENCES, "numbers of what is below"]
