"""Texts of devices: every path that reads text reads the same."""

from __future__ import annotations

import struct
from codecs import lookup
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import decode_bytes, python_encoding
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from gdtbridge.dataset.header import read_header
from gdtbridge.dataset.text import (
    SpecificCharacterSet,
    TextDecoder,
    character_set_for,
    one_line,
)
from gdtbridge.dicom.identifier import decode_dataset
from gdtbridge.pictures.opened_object import open_object
from gdtbridge.pictures.titles import image_title
from gdtbridge.sr import read_report
from tests.report_page.conftest import sheet_of_file
from tests.tools.elements import EXPLICIT, IMPLICIT, element, identification, item, part10
from worklist import AnswerCharset, MatchPolicy, WorklistFolder
from worklist.item import item_from, text_of

LABEL, NAME = 0x00080005, 0x00100010

TEXTS = [
    # Specific Character Set, bytes, text
    ("", b"Mueller^Hans", "Mueller^Hans"),
    ("", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    ("", "Müller^Jörg".encode(), "Müller^Jörg"),
    ("", "Müller „Jo“".encode("cp1252"), "Müller „Jo“"),
    ("ISO_IR 6", "Weiß".encode("latin-1"), "Weiß"),
    ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    ("ISO_IR 100", "Müller^Jörg".encode(), "Müller^Jörg"),
    ("ISO_IR 100", "D\u2019Or \u2013 Groß €".encode("cp1252"), "D\u2019Or \u2013 Groß €"),
    ("ISO-IR 100", "Müller".encode("latin-1"), "Müller"),
    ("ISO_IR_100", "Müller".encode(), "Müller"),
    ("iso ir 100", "Müller".encode("latin-1"), "Müller"),
    ("ISO8859-1", "Müller".encode("latin-1"), "Müller"),
    ("ISO 2022 IR 100", "Größe".encode("latin-1"), "Größe"),
    ("ISO_IR 101", "Łódź^Šárka".encode("iso8859_2"), "Łódź^Šárka"),
    ("ISO_IR 101", "Łódź^Šárka".encode(), "Łódź^Šárka"),
    ("ISO_IR 101", "Łódź^Šárka".encode("cp1250"), "Łódź^Šárka"),
    ("ISO_IR 148", "Çelik^Gülşen".encode("iso8859_9"), "Çelik^Gülşen"),
    ("ISO_IR 203", "5 €".encode("iso8859_15"), "5 €"),
    ("ISO_IR 144", "Иванов^Пётр".encode("iso8859_5"), "Иванов^Пётр"),
    ("ISO_IR 126", "Παπάς".encode("iso8859_7"), "Παπάς"),
    ("ISO_IR 192", "Łukasz^Żak".encode(), "Łukasz^Żak"),
    ("ISO_IR 192", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    ("ISO IR 192", "Øre^Åse".encode(), "Øre^Åse"),
    ("UTF-8", "Øre^Åse".encode(), "Øre^Åse"),
    ("GB18030", "Weiß^左室".encode("gb18030"), "Weiß^左室"),
    ("GBK", "左室".encode("gbk"), "左室"),
    ("GB18030", b"M\xff\xffller", "Mÿÿller"),
    ("ISO_IR 999", "Müller".encode(), "Müller"),
    ("KLINGON", "Müller".encode("latin-1"), "Müller"),
    ("\\ISO 2022 IR 100", "Größe".encode("latin-1"), "Größe"),
    ("\\ISO 2022 IR 100", b"\x1b-AGr\xf6\xdfe", "Größe"),
    ("ISO 2022 IR 6\\ISO 2022 IR 100", b"M\x1b-A\xfcller", "Müller"),
    ("\\ISO 2022 IR 144", b"\x1b-L\xb8\xd2\xd0\xdd^J\xf6rg", "Иван^Jörg"),
    ("", b"\x1b-AGr\xf6\xdfe", "Größe"),
    (
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B",
        "Yamada^Tarou=山田^太郎",
    ),
    ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    (
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde=\x1b$B;3ED\x1b(J",
        "ﾔﾏﾀﾞ=山田",
    ),
    (
        "\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7",
        "Hong^Gildong=洪^吉洞",
    ),
    ("\\ISO 2022 IR 58", b"Zhang=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1", "Zhang=张^小"),
    ("ISO_IR 100", b"M\xfcl\x00ler\r\nHans", "Mül ler Hans"),
    ("ISO_IR 192", "Mül\u202eler\u2028x\x1b[0m".encode(), "Mül ler x [0m"),
    ("ISO_IR 192", b" Groth \0", "Groth"),
]


def from_header(folder: Path, label: str, raw: bytes) -> str:
    """Return the name in the archive's index."""
    dataset = identification(SpecificCharacterSet=label, PatientName=raw)
    return read_header(part10(folder / "object.dcm", dataset), EXPLICIT).PatientName


def report(folder: Path, label: str, raw: bytes) -> Path:
    """Return a Structured Report of one empty container, made by a device called ``raw``."""
    head = identification(
        SpecificCharacterSet=label,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33",
        Modality="SR",
        PatientName=raw,
    )
    at = head.index(struct.pack("<HH", 0x0008, 0x1030))
    tree = element(0x0040A040, b"CS", "CONTAINER") + element(
        0x0040A730, b"SQ", item(element(0x0040A040, b"CS", "TEXT"))
    )
    return part10(
        folder / "report.dcm", head[:at] + element(0x00080070, b"LO", raw) + head[at:] + tree
    )


def from_report(folder: Path, label: str, raw: bytes) -> str:
    """Return the name in a report."""
    return read_report(report(folder, label, raw)).patient_name


def from_report_page(folder: Path, label: str, raw: bytes) -> str:
    """Return the device on a report's page."""
    sheet = sheet_of_file(report(folder, label, raw))
    return next(fact.text for facts in sheet.facts for fact in facts if fact.word == "Gerät")


def from_query(folder: Path, label: str, raw: bytes) -> str:
    """Return the name a C-FIND identifier asks for."""
    identifier = element(LABEL, b"CS", label, ts=IMPLICIT) + element(NAME, b"PN", raw, ts=IMPLICIT)
    query = decode_dataset(identifier, ImplicitVRLittleEndian)
    return text_of(item_from(query), "PatientName")


def from_foreign_file(folder: Path, label: str, raw: bytes) -> str:
    """Return the name in the answer made of another program's ``.wl`` file."""
    step = b"".join(
        element(tag, vr, value)
        for tag, vr, value in (
            (0x00080060, b"CS", "US"),
            (0x00400001, b"AE", "US01"),
            (0x00400002, b"DA", "20240115"),
            (0x00400003, b"TM", "103015"),
        )
    )
    dataset = (
        identification(SpecificCharacterSet=label, PatientName=raw)
        + element(0x00400100, b"SQ", item(step))
        + element(0x00401001, b"SH", "P1")
    )
    worklist = WorklistFolder(folder / "worklist")
    part10(worklist.path / "foreign.wl", dataset)
    worklist.refresh()
    (match,) = worklist.find(Dataset(), policy=MatchPolicy(charset=AnswerCharset.UTF_8))
    return str(match.dataset.PatientName)


def from_picture(folder: Path, label: str, raw: bytes) -> str:
    """Return the title of a picture."""
    dataset = identification(SpecificCharacterSet=label, StudyDescription=raw, PatientName="N^N")
    with open_object(part10(folder / "image.dcm", dataset)) as source:
        return image_title(source.dataset)


PATHS = [
    from_header,
    from_report,
    from_report_page,
    from_query,
    from_foreign_file,
    from_picture,
]


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, which the service silences
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("label", "raw", "text"), TEXTS)
def test_every_path_reads_the_same_text(
    tmp_path: Path, path: Callable[[Path, str, bytes], str], label: str, raw: bytes, text: str
) -> None:
    """Archive, reports, pages, worklist and pictures know a person by the same letters."""
    assert path(tmp_path, label, raw) == text


@given(label=st.binary(max_size=30), raw=st.binary(max_size=60))
def test_decoding_never_fails(label: bytes, raw: bytes) -> None:
    """Any bytes under any label give one line a person can see."""
    text = TextDecoder(label)(raw)
    assert one_line(text) == text
    assert not any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in text)
    assert text.encode().decode() == text  # no lone surrogates


WELL_FORMED = [b"\x1b-L\xd0", b"\x1b$B;3\x1b(B", b"\x1b$)C\xfb\xf3", b"a", b"^", b"="]


@given(parts=st.lists(st.sampled_from(WELL_FORMED)))
def test_code_extensions_are_read_as_the_library_reads_them(parts: list[bytes]) -> None:
    """Of text that switches character sets pydicom's reading is ours."""
    raw = b"".join(parts)
    terms = ["ISO 2022 IR 6", "ISO 2022 IR 144", "ISO 2022 IR 87", "ISO 2022 IR 149"]
    theirs = decode_bytes(raw, [python_encoding[term] for term in terms], {ord("^"), ord("=")})
    assert TextDecoder("\\".join(terms).encode()).as_sent(raw) == theirs


def test_texts_are_cut_where_asked() -> None:
    """A reader of names need not carry a novel; no letter is halved."""
    assert TextDecoder(b"ISO_IR 192", longest=512)(b"x" * 5000) == "x" * 512
    assert TextDecoder(b"ISO_IR 192", longest=3)("äöüß".encode()) == "äöü"


def test_paragraphs_keep_their_lines() -> None:
    """A text that is not for one line is decoded and nothing more."""
    assert TextDecoder(b"ISO_IR 100").as_sent(b"gr\xfcn\r\n blau ") == "grün\r\n blau "


@pytest.mark.parametrize(
    ("texts", "character_set"),
    [
        ([], SpecificCharacterSet.ASCII),
        (["abc"], SpecificCharacterSet.ASCII),
        (["abc", "ß"], SpecificCharacterSet.LATIN_1),
        (["5 €"], SpecificCharacterSet.UTF_8),
        (["ß", "Ж"], SpecificCharacterSet.UTF_8),
    ],
)
def test_the_smallest_character_set(texts: list[str], character_set: SpecificCharacterSet) -> None:
    """ASCII, else Latin-1, else UTF-8; what is written is read back."""
    assert character_set_for(texts) is character_set
    decode = TextDecoder(character_set.value.encode())
    assert [decode(text.encode(character_set.codec)) for text in texts] == texts


@pytest.mark.parametrize(
    ("label", "sets"),
    [
        ("", []),
        ("ISO_IR 100", ["ISO_IR 100"]),
        ("iso-ir 100", ["ISO_IR 100"]),
        ("ISO 2022 IR 100", ["ISO_IR 100"]),
        ("ISO 2022 IR 6\\ISO 2022 IR 100", ["ISO_IR 100", ""]),
        ("\\ISO 2022 IR 101\\ISO 2022 IR 100", ["ISO_IR 101", "ISO_IR 100"]),
        ("ISO_IR 6", [""]),
        ("ISO_IR 100\\ISO_IR 192", ["ISO_IR 192", "ISO_IR 100"]),
        ("utf-8", ["ISO_IR 192"]),
        ("GB18030", ["GB18030"]),
        ("\\ISO 2022 IR 87", []),
        ("ISO 2022 IR 58", []),
        ("nonsense", []),
    ],
)
def test_the_sets_a_device_reads(label: str, sets: list[str]) -> None:
    """Of the sets a query names we answer in those we write, however they are spelled."""
    asked = SpecificCharacterSet.asked(label.split("\\"))
    assert [charset.value for charset in asked] == sets


@pytest.mark.parametrize("charset", SpecificCharacterSet)
def test_the_library_writes_what_we_say(charset: SpecificCharacterSet) -> None:
    """The library writes each set by the codec we ask before."""
    theirs = lookup(python_encoding[charset.value]).name
    expected = "iso8859-1" if charset is SpecificCharacterSet.ASCII else lookup(charset.codec).name
    assert theirs == expected
