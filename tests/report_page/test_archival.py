"""The page is PDF/A-2b, as far as a reader of our own, qpdf, PDFBox and Little CMS can tell.

The clauses are those of ISO 19005-2:2011. What only a validator such as veraPDF can say stays
open: ``docs/reference/report-page.md``.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image, ImageCms
from reportlab.pdfgen.canvas import Canvas

from gdtbridge.report_page.archival import PdfMetadata, UnexpectedPdfError, archival
from gdtbridge.report_page.colour_profile import srgb_profile
from gdtbridge.report_page.pdf import to_pdf
from gdtbridge.report_page.sheet import ReportSheet
from tests.report_page.conftest import sheet_of_file
from tests.report_page.pdf_file import PdfFile, TrueTypeFont, operations
from tests.sr.builder import dataset, echo_section, num

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
XMP = "{http://ns.adobe.com/xap/1.0/}"
PDF = "{http://ns.adobe.com/pdf/1.3/}"
PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"

JARS = Path("/usr/share/java")
PREFLIGHT = (
    *("preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-logging"),
    *("javax.activation", "jaxb-api"),  # what Java itself once had
)

OPERATORS = {b"q", b"Q", b"cm", b"BT", b"ET", b"Tf", b"TL", b"Tm", b"Td", b"Tj", b"T*"} | {
    # Colours are those of DeviceRGB, which the output intent says the meaning of
    *(b"rg", b"RG", b"w", b"m", b"l", b"S", b"n", b"j", b"J", b"M", b"d")
}
KEYS_NO_ARCHIVE_TAKES = {
    # 6.1.12 permissions, 6.2.4 and 6.2.9 PostScript and alternates, 6.2.10 transparency, 6.3
    # annotations, 6.4 forms, 6.5 actions, 6.8 embedded files, 6.10 presentation, 6.2.5 transfer
    # functions, references to other files (6.2.9)
    *("/Perms", "/OPI", "/PS", "/Ref", "/Alternates", "/SMask", "/Group", "/BM", "/Annots"),
    *("/AcroForm", "/XFA", "/NeedsRendering", "/A", "/AA", "/OpenAction", "/JavaScript", "/JS"),
    *("/Names", "/EmbeddedFiles", "/AF", "/EF", "/PresSteps", "/TR", "/TR2", "/HTP", "/F"),
    *("/FFilter", "/FDecodeParms", "/Interpolate", "/XObject", "/ExtGState", "/Requirements"),
}


@pytest.fixture(scope="module")
def pdf(project: Path) -> bytes:
    """Return the page of the echo report."""
    return to_pdf(sheet_of_file(project / "samples/sr/echo.dcm"))


@pytest.fixture(scope="module")
def file(pdf: bytes) -> PdfFile:
    """Return it taken apart."""
    return PdfFile(pdf)


def xmp_of(file: PdfFile) -> ET.Element:
    """Return the description in the metadata stream."""
    stream = file.stream(file.catalog["/Metadata"])
    head = re.match(
        rb"<\?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"\?>", stream
    )
    assert head  # neither bytes nor encoding (6.6.2.1)
    root = ET.fromstring(stream.decode("utf-8"))
    description = root.find(f"{RDF}RDF/{RDF}Description")
    assert description is not None
    return description


def test_the_file_is_built_as_an_archive_wants_it(file: PdfFile) -> None:
    """Header with a binary comment, an identifier, no encryption (6.1.2, 6.1.3).

    That tables, lengths and line ends are right (6.1.4, 6.1.7, 6.1.9) is what taking it apart
    proves.
    """
    assert re.match(rb"%PDF-1\.[0-7]\n%[\x80-\xff]{4,}\n1 0 obj\n", file.data)
    first, second = file.trailer["/ID"]
    assert first == second
    assert len(first) == 16
    assert "/Encrypt" not in file.trailer
    assert len(file.data) < 25_000_000


def test_metadata_say_what_it_is_and_what_the_dictionary_says(file: PdfFile) -> None:
    """PDF/A-2b, and title, subject, author, tool and producer the same in both places (6.6)."""
    described = xmp_of(file)
    assert (described.findtext(f"{PDFAID}part"), described.findtext(f"{PDFAID}conformance")) == (
        "2",
        "B",
    )
    info = {key: value.decode("utf-16") for key, value in file.get(file.trailer["/Info"]).items()}
    assert info == {
        "/Title": described.findtext(f"{DC}title/{RDF}Alt/{RDF}li"),
        "/Subject": described.findtext(f"{DC}description/{RDF}Alt/{RDF}li"),
        "/Author": described.findtext(f"{DC}creator/{RDF}Seq/{RDF}li"),
        "/Creator": described.findtext(f"{XMP}CreatorTool"),
        "/Producer": described.findtext(f"{PDF}Producer"),
    }
    assert info["/Title"] == "Messwerte Echokardiographie 21.03.2024"
    assert "Wójcik" not in str(info)


def test_colours_have_a_meaning(file: PdfFile) -> None:
    """One output intent with an embedded profile of three colours (6.2.3)."""
    (intent,) = file.catalog["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/OutputConditionIdentifier"] == b"sRGB IEC61966-2.1"
    assert file.get(intent["/DestOutputProfile"])["/N"] == 3
    assert file.stream(intent["/DestOutputProfile"]) == srgb_profile()


def test_the_profile_is_srgb() -> None:
    """Little CMS reads it, and its colours are those of its own sRGB."""
    ours = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    assert "sRGB" in ImageCms.getProfileDescription(ours)
    colours = [(r, g, b) for r in range(0, 256, 51) for g in (0, 90, 255) for b in (0, 7, 200)]
    picture = Image.new("RGB", (len(colours), 1))
    picture.putdata(colours)
    shown = ImageCms.profileToProfile(picture, ours, ImageCms.createProfile("sRGB"))
    assert shown is not None
    off = [abs(a - b) for a, b in zip(shown.tobytes(), picture.tobytes(), strict=True)]
    assert max(off) <= 1


def test_nothing_an_archive_forbids(file: PdfFile) -> None:
    """No actions, forms, transparency, files, LZW; contents draw lines and letters, in RGB."""
    found = {key for one in file.dictionaries() for key in one}
    assert found.isdisjoint(KEYS_NO_ARCHIVE_TAKES)
    assert b"/LZWDecode" not in file.data
    for page in file.pages():
        used = {operator for _, operator in operations(file.stream(page["/Contents"]))}
        assert used <= OPERATORS
        assert {b"rg", b"Tj"} <= used


def fonts_of(file: PdfFile) -> dict[str, tuple[dict[str, Any], TrueTypeFont]]:
    """Return the fonts of the pages by name, each with the program that is embedded."""
    fonts = {}
    for page in file.pages():
        for name, reference in file.get(file.get(page["/Resources"])["/Font"]).items():
            font = file.get(reference)
            descriptor = file.get(font["/FontDescriptor"])
            program = TrueTypeFont.read(file.stream(descriptor["/FontFile2"]))
            fonts[name] = ({**font, "/FontDescriptor": descriptor}, program)
    return fonts


def test_fonts_are_embedded_and_whole(sheet: Callable[..., ReportSheet], file: PdfFile) -> None:
    """Each letter that is drawn has a glyph, as wide in the font as the file says (6.2.11).

    Symbolic TrueType fonts have no encoding and a single table of codes (6.2.11.6).
    """
    name = "Łódź ß µ ² Ω Жук 左心室 テスト"
    many = [num(f"99X|{at}|{name} {at}", "12.5", "mm") for at in range(150)]
    for one in (file, PdfFile(to_pdf(sheet(dataset(echo_section(*many)))))):
        fonts = fonts_of(one)
        for font, program in fonts.values():
            assert (font["/Type"], font["/Subtype"]) == ("/Font", "/TrueType")
            assert re.match(r"/[A-Z]{6}\+", font["/BaseFont"])
            assert font["/BaseFont"] == font["/FontDescriptor"]["/FontName"]
            assert font["/FontDescriptor"]["/Flags"] & 0b100100 == 0b100
            assert "/Encoding" not in font
            assert program.subtables == 1
            assert "/ToUnicode" in font
        drawn = 0
        for page in one.pages():
            current = ""
            for operands, operator in operations(one.stream(page["/Contents"])):
                if operator == b"Tf":
                    current = operands[0]
                if operator == b"Tj":
                    font, program = fonts[current]
                    for code in operands[0]:
                        glyph = program.glyphs[code]
                        assert glyph != 0
                        width = font["/Widths"][code - font["/FirstChar"]]
                        assert abs(width - program.widths[glyph]) <= 1
                        drawn += 1
        assert drawn > 500


@pytest.mark.peer
def test_qpdf_finds_nothing(pdf: bytes, tmp_path: Path) -> None:
    """Neither structure nor streams have an error."""
    if shutil.which("qpdf") is None:
        pytest.skip("qpdf is not installed")
    (tmp_path / "page.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["qpdf", "--check", tmp_path / "page.pdf"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "No syntax or stream encoding errors" in done.stdout


@pytest.mark.peer
def test_pdfbox_agrees(sheet: Callable[..., ReportSheet], tmp_path: Path) -> None:
    """PDFBox's Preflight finds nothing: the file, called PDF/A-1b, holds even what that asks.

    Preflight knows part 1 only, whose rules for all that is used here are those of part 2 or
    stricter; three fonts and several pages are looked at.
    """
    jars = [JARS / f"{name}.jar" for name in PREFLIGHT]
    if shutil.which("java") is None or not all(jar.is_file() for jar in jars):
        pytest.skip("PDFBox (libpdfbox2-java) or Java is not installed")
    many = [num(f"99X|{at}|Łódź 左心室 {at}", "12.5", "mm") for at in range(150)]
    written = to_pdf(sheet(dataset(echo_section(*many))))
    part_1 = written.replace(b"<pdfaid:part>2", b"<pdfaid:part>1")
    assert part_1 != written
    (tmp_path / "page.pdf").write_bytes(part_1.replace(b"%PDF-1.7", b"%PDF-1.4"))
    validator = "org.apache.pdfbox.preflight.Validator_A1b"
    done = subprocess.run(
        ["java", "-cp", ":".join(map(str, jars)), validator, str(tmp_path / "page.pdf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "is a valid PDF/A-1b file" in done.stdout, done.stdout + done.stderr


@pytest.mark.peer
def test_verapdf_agrees(pdf: bytes, tmp_path: Path) -> None:
    """The reference validator, where somebody has installed it: it is in no registry we know."""
    if shutil.which("verapdf") is None:
        pytest.skip("veraPDF is not installed (no package of Debian, PyPI or npm has it)")
    (tmp_path / "page.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["verapdf", "--flavour", "2b", "--format", "text", tmp_path / "page.pdf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("PASS"), done.stdout + done.stderr


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda pdf: pdf[:-20],
    "no catalog": lambda pdf: pdf.replace(b"/Type /Catalog", b"/Type /Cabinet"),
    "a length too small": lambda pdf: re.sub(rb"/Length \d", b"/Length 0", pdf),
    "no length": lambda pdf: pdf.replace(b"/Length ", b"/Extent "),
    "no information": lambda pdf: pdf.replace(b"/Info", b"/Imfo"),
    "shifted": lambda pdf: b"%" * 40 + pdf,
    "empty": lambda pdf: pdf[:0],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_file_of_reportlab_is_refused(damage: str) -> None:
    """A file that is not as expected is an error, never a damaged archive."""
    written = io.BytesIO()
    canvas = Canvas(written, invariant=1)
    canvas.drawString(10, 10, "12,5 mm")
    canvas.save()
    about = PdfMetadata(title="Messwerte", subject="")
    assert len(PdfFile(archival(written.getvalue(), about)).pages()) == 1
    with pytest.raises(UnexpectedPdfError):
        archival(DAMAGES[damage](written.getvalue()), about)
