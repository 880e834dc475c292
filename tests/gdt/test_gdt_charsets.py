"""Character sets: what is written instead of what they lack, and how a file's is found."""

# ruff: noqa: RUF001 - characters that look alike are what this is about

from __future__ import annotations

import pytest

from gdtbridge.gdt.errors import GdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.charsets import CHARSETS, charset_named
from gdtbridge.gdt.text import clean
from gdtbridge.gdt.write.encoder import Encoder, split_title, wrap


@pytest.mark.parametrize(
    ("text", "ascii_", "cp437", "latin1", "latin9"),
    [
        ("Müller", "Mueller", "Müller", "Müller", "Müller"),
        ("ÄÖÜß", "AeOeUess", "ÄÖÜß", "ÄÖÜß", "ÄÖÜß"),
        ("MÜLLER-ÖZ", "MUELLER-OEZ", "MÜLLER-ÖZ", "MÜLLER-ÖZ", "MÜLLER-ÖZ"),
        ("Łukasz", "Lukasz", "Lukasz", "Lukasz", "Lukasz"),
        ("Щукин", "Shchukin", "Shchukin", "Shchukin", "Shchukin"),
        ("Erdős", "Erdos", "Erdos", "Erdos", "Erdos"),
        ("José Ñandú", "Jose Nandu", "José Ñandú", "José Ñandú", "José Ñandú"),
        ("Žižek", "Zizek", "Zizek", "Zizek", "Žižek"),
        ("Æsir Øre", "AEsir Ore", "Æsir Ore", "Æsir Øre", "Æsir Øre"),
        ("5 €", "5 EUR", "5 EUR", "5 EUR", "5 €"),
        ("µm", "um", "µm", "µm", "µm"),
        ("μm", "um", "µm", "µm", "µm"),
        ("cm³", "cm3", "cm3", "cm³", "cm³"),
        ("m²", "m2", "m²", "m²", "m²"),
        ("37 °C", "37 GradC", "37 °C", "37 °C", "37 °C"),
        ("a→b", "a->b", "a->b", "a->b", "a->b"),
        ("„gut“ – so", '"gut" - so', '"gut" - so', '"gut" - so', '"gut" - so'),
        ("½", "1/2", "½", "1/2", "1/2"),
        ("a÷b", "a/b", "a/b", "a÷b", "a÷b"),
        ("ǘ", "u", "ü", "ü", "ü"),
        ("ﬁn", "fin", "fin", "fin", "fin"),
        ("李", "?", "?", "?", "?"),
        ("\ud800x", "?x", "?x", "?x", "?x"),
        ("Mu\u0308ller", "Mueller", "Müller", "Müller", "Müller"),
    ],
)
def test_what_a_set_lacks_is_transliterated(
    text: str, ascii_: str, cp437: str, latin1: str, latin9: str
) -> None:
    """Letters keep their base, umlauts get an e only where there are none, signs are spelled."""
    expected = {"ascii": ascii_, "cp437": cp437, "iso8859-1": latin1, "iso8859-15": latin9}
    names = [name for name in CHARSETS if name != "utf-8"]
    assert {name: Encoder(charset_named(name)).text("3101", text) for name in names} == expected


@pytest.mark.parametrize(
    ("text", "losses"),
    [
        ("Müller", ()),
        ("μm", ()),
        (" Meyer\0", ()),
        ("Łukasz", ("3101 transliterated",)),
        ("李", ("3101 replaced",)),
        ("Mey\r\ner", ("3101 control-characters",)),
        ("Ł\t李", ("3101 control-characters", "3101 transliterated", "3101 replaced")),
    ],
)
def test_losses_name_field_and_kind(text: str, losses: tuple[str, ...]) -> None:
    """Every loss is reported once, and without the content."""
    encoder = Encoder(charset_named("iso8859-1"))
    encoder.text("3101", text)
    encoder.text("3101", text)
    assert encoder.losses == losses


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb", "a b"),
        ("a \r\n\t b", "a b"),
        ("a\x00\x1b[31mb\x7f", "a [31mb"),
        ("a\x85b\u2028c\u2029d", "a b c d"),
        ("a\u202eb\u2066c\ufeff", "a b c"),
        ("a  b", "a  b"),
        ("a  b\nc", "a  b c"),
        ("a\u00a0b\u2003c", "a b c"),
        (" \r\n \0", ""),
    ],
)
def test_controls_become_one_space(text: str, cleaned: str) -> None:
    """Line ends, controls, escapes and bidirectional marks have no place in a line."""
    assert clean(text)[0] == cleaned


@pytest.mark.parametrize(
    ("text", "width", "pieces"),
    [
        ("", 4, [""]),
        ("abcd", 4, ["abcd"]),
        ("ab cd", 4, ["ab", "cd"]),
        ("abcd ef", 4, ["abcd", "ef"]),
        ("abcdefgh", 4, ["abcd", "efgh"]),
        ("a bcdefgh", 4, ["a", "bcde", "fgh"]),
    ],
)
def test_wrapping_prefers_spaces(text: str, width: int, pieces: list[str]) -> None:
    """A line breaks at a space, a word only when it is longer than the line."""
    assert wrap(text, width) == pieces


def test_a_title_is_split_visibly() -> None:
    """Both parts of a long name show that there is another."""
    assert split_title("abc def", 7) == ("abc def", "")
    assert split_title("abc def ghi", 10) == ("abc def...", "...ghi")
    assert split_title("abcdefghijk", 10) == ("abcdefg...", "...hijk")


def test_written_repertoires_are_unambiguous() -> None:
    """ISO 8859-1 and code page 437 are written only where every reading of them agrees."""
    for char in CHARSETS["iso8859-1"].repertoire:
        byte = char.encode("iso8859-1")
        assert byte.decode("iso8859-15") == byte.decode("cp1252") == char
    for char in CHARSETS["cp437"].repertoire:
        assert char.encode("cp437").decode("cp850") == char
    assert set("äöüÄÖÜßé°²µ") <= CHARSETS["cp437"].repertoire & CHARSETS["iso8859-1"].repertoire


def test_an_unknown_set_is_answered_with_the_known_ones() -> None:
    """The error of a setting says what would be right."""
    with pytest.raises(GdtError, match="ascii, cp437"):
        charset_named("latin-1")


def read(text: str | bytes, codec: str, declared: str = "", default: str | None = None) -> str:
    """Return "encoding/warnings/content" of a record with that text as the patient's name."""
    content = text if isinstance(text, bytes) else text.encode(codec)
    charset = f"0109206{declared}\r\n".encode() if declared else b""
    line = b"%03d3101%s\r\n" % (len(content) + 9, content)
    data = b"01380006310\r\n" + charset + b"01330004711\r\n" + line
    (record,) = read_records(data, default_encoding=default)
    warnings = ",".join(warning.code for warning in record.warnings)
    return f"{record.encoding}/{warnings}/{record.first('3101')}"


@pytest.mark.parametrize(
    ("text", "codec", "declared", "expected"),
    [
        ("Müller", "cp437", "2", "cp437//Müller"),
        ("Müller", "cp1252", "3", "cp1252//Müller"),
        ("Mueller", "ascii", "1", "ascii//Mueller"),
        ("Mueller", "ascii", "3", "cp1252//Mueller"),
        ("Müller", "cp1252", "2", "cp1252/charset-contradicted/Müller"),
        ("Müller", "cp437", "3", "cp437/charset-contradicted/Müller"),
        ("Müller", "cp437", "1", "cp437/charset-contradicted/Müller"),
        ("Müller", "utf-8", "3", "utf-8/charset-contradicted/Müller"),
        ("Müller", "utf-8", "4", "utf-8//Müller"),
        ("Müller", "cp437", "9", "cp437/charset-unknown/Müller"),
        ("5 € – gut", "cp1252", "3", "cp1252//5 € – gut"),
        ("5 €", "iso8859-15", "3", "iso8859-15//5 €"),
        ("d´Alembert", "cp1252", "3", "cp1252//d´Alembert"),
        ("1½ Jahre", "cp1252", "3", "cp1252//1½ Jahre"),
        (b"a\x8d7", "", "3", "cp1252/undecodable/a\ufffd7"),
        (b"M\xfcl J\x81r", "", "2", "cp437//Mⁿl Jür"),
        (b"M\xfcl J\x81r", "", "3", "cp1252/undecodable/Mül J\ufffdr"),
        ("René", "cp1252", "3", "cp1252//René"),
        ("René", "cp437", "2", "cp437//René"),
    ],
)
def test_field_9206_decides_unless_the_bytes_contradict(
    text: str | bytes, codec: str, declared: str, expected: str
) -> None:
    """The declared set holds; umlauts where it has no letters are stronger."""
    assert read(text, codec, declared) == expected


@pytest.mark.parametrize("codec", ["cp437", "cp850", "cp1252", "iso8859-15", "utf-8"])
@pytest.mark.parametrize(
    "text",
    [
        *("Müller", "Jörg", "Jürgen Käßmann", "Öztürk", "Ärztliche Prüfung", "Weiß", "Groß-Gerau"),
        *("Übelhör", "Ümit", "Österreich", "Ägidius", "Straße 7", "Schloßstraße", "schön"),
        *("François", "Hélène", "Björn Åkesson", "García", "Façade", "Schilddrüse, groß"),
    ],
)
def test_undeclared_sets_are_found(text: str, codec: str) -> None:
    """German names, and common foreign ones, are read right in whatever they were written."""
    assert read(text, codec).endswith(f"/{text}")


@pytest.mark.parametrize("codec", ["cp437", "cp850", "cp1252", "iso8859-15"])
@pytest.mark.parametrize(
    "text", ["37 °C", "12 ± 3 mm", "5 µg", "KOF 1,9 m²", "60 ml/min/1,73m²", "3 cm² groß"]
)
def test_units_tell_the_set_too(text: str, codec: str) -> None:
    """A degree, a micro, a square: in the other family they are letters where no letter can be."""
    assert read(text, codec).endswith(f"/{text}")


@pytest.mark.parametrize("declared", ["", "2"])
@pytest.mark.parametrize(
    "text", ["45 cm³", "nach § 218", "Ø 12 mm", "3 × 4 mm", "Sørensen", "JOSÉ LÓPEZ"]
)
def test_code_page_850_is_told_by_what_437_lacks(text: str, declared: str) -> None:
    """Programs declare code page 437, or nothing, and write 850."""
    assert read(text, "cp850", declared).split("/")[0::2] == ["cp850", text]


@pytest.mark.parametrize("text", ["α-Blocker ≤ 5 mm", "π ≈ 3", "x ≥ √2", "Σ = 12"])
def test_declared_code_page_437_keeps_its_mathematics(text: str) -> None:
    """Greek letters and signs are no reason to take the record for code page 850."""
    assert read(text, "cp437", "2") == f"cp437//{text}"


@pytest.mark.parametrize("declared", ["", "2"])
@pytest.mark.parametrize("text", ["────────mmHg", "┌──────┐", "│ Müller │ ───────", "═════ Jörg"])
def test_ruled_lines_are_of_code_page_437(text: str, declared: str) -> None:
    """Tables that DOS programs draw are no row of capital umlauts."""
    assert read(text, "cp437", declared) == f"cp437//{text}"


@pytest.mark.parametrize("declared", ["", "3"])
def test_utf8_with_a_character_cut_off_stays_utf8(declared: str) -> None:
    """A writer that counts bytes cuts within a character; the rest of the record is not garbled."""
    found = read("Müller, Jürgen Ä".encode()[:-1], "", declared)
    codes = "charset-contradicted" if declared else "charset-utf-8"
    assert found == f"utf-8/{codes},undecodable/Müller, Jürgen \ufffd"


@pytest.mark.parametrize("text", ["mit Spaß“", "im MENÜ”", "KÖ–", "Maß²"])
def test_an_umlaut_before_a_sign_is_not_utf8(text: str) -> None:
    """Two bytes that could be a letter of Syriac are an umlaut and a quotation mark."""
    assert read(text, "cp1252") == f"cp1252//{text}"


def test_controls_of_iso_8859_are_the_punctuation_of_cp1252() -> None:
    """A setting of ISO 8859 does not make quotation marks unreadable."""
    assert read("„gut“ – Öl", "cp1252", default="iso8859-1") == "cp1252//„gut“ – Öl"


@pytest.mark.parametrize("codec", ["cp437", "cp1252"])
def test_the_setting_decides_what_bytes_cannot(codec: str) -> None:
    """A lone accent is ambiguous; the practice's setting is not."""
    assert read("Balázs", codec, default=codec) == f"{codec}//Balázs"
    assert read("Ölm", codec, default=codec) == f"{codec}//Ölm"


def test_umlauts_outweigh_a_wrong_setting() -> None:
    """Where letters become drawings, the setting is not for this file."""
    assert read("Müller", "cp437", default="iso8859-15") == "cp437//Müller"
    assert read("ärztlich", "cp1252", default="cp437") == "cp1252//ärztlich"
    assert read("Müller", "utf-8", default="cp437") == "utf-8/charset-utf-8/Müller"


def test_an_uncertain_guess_says_so() -> None:
    """When only statistics speak, a warning says it."""
    assert "charset-guessed" in read("Balázs", "cp1252")
    assert "charset-guessed" in read("Suárez", "cp1252")


def test_a_byte_order_mark_is_utf8() -> None:
    """The mark is no part of the first line, whose length stays right."""
    data = b"\xef\xbb\xbf01380006310\r\n01330004711\r\n0163101M\xc3\xbcller\r\n"
    (record,) = read_records(data)
    assert record.encoding == "utf-8"
    assert record.first("3101") == "Müller"
    assert [warning.code for warning in record.warnings] == ["byte-order-mark", "charset-utf-8"]
