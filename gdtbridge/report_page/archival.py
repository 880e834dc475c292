"""What a PDF of ReportLab lacks to be one for an archive: PDF/A-2b (ISO 19005-2:2011).

ReportLab embeds the fonts and uses nothing an archive forbids. Here the file gets the rest: XMP
metadata with the same texts as the information dictionary (6.6), an output intent with a colour
profile (6.2.3), a line end before each ``endstream`` (6.1.7.1), and an identifier made of its
content (6.1.3). No dates: the same content is the same file.

Only files as ReportLab writes them are read: one cross-reference table, no object streams.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from gdtbridge.report_page.colour_profile import CONDITION, srgb_profile

_HEADER: Final = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_ENTRY: Final = re.compile(rb"(\d{10}) \d{5} n")
_STREAM: Final = re.compile(rb"/Length (\d+)[^>]*>>\s*stream\n")
_CATALOG: Final = b"/Type /Catalog"

_XMP: Final = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>B</pdfaid:conformance>
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<xmp:CreatorTool>{creator}</xmp:CreatorTool>
<pdf:Producer>{producer}</pdf:Producer>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


class UnexpectedPdfError(ValueError):
    """The PDF is not written as ReportLab writes one."""


@dataclass(frozen=True, slots=True)
class PdfMetadata:
    """What the file says of itself: one line each, no patient."""

    title: str
    subject: str
    author: str = "gdtbridge"
    creator: str = "gdtbridge"
    producer: str = "ReportLab"

    def texts(self) -> dict[str, str]:
        """Return the texts by their names."""
        names = ("title", "subject", "author", "creator", "producer")
        return {name: getattr(self, name) for name in names}


def archival(pdf: bytes, metadata: PdfMetadata) -> bytes:
    """Return a PDF of ReportLab as PDF/A-2b; raise `UnexpectedPdfError` for any other."""
    objects, trailer = _read(pdf)
    root, info = (_reference(trailer, name) for name in (b"Root", b"Info"))
    if _CATALOG not in objects[root]:
        raise UnexpectedPdfError("no catalog")
    first = max(objects) + 1
    added = (
        b"/Metadata %d 0 R /OutputIntents [ << /Type /OutputIntent /S /GTS_PDFA1 "
        b"/OutputConditionIdentifier (%s) /Info (%s) /DestOutputProfile %d 0 R >> ] "
    ) % (first, CONDITION.encode(), CONDITION.encode(), first + 1)
    objects[root] = objects[root].replace(_CATALOG, added + _CATALOG)
    objects[info] = _information(metadata)
    objects[first] = _stream(b"/Type /Metadata /Subtype /XML", _xmp(metadata))
    objects[first + 1] = _stream(b"/N 3", srgb_profile())
    return _written(objects, root, info)


# --- reading -------------------------------------------------------------------------------------


def _read(pdf: bytes) -> tuple[dict[int, bytes], bytes]:
    """Return the objects by number, what stands between ``obj`` and ``endobj``, and the trailer."""
    found = re.search(rb"startxref\s+(\d+)\s+%%EOF\s*\Z", pdf)
    if found is None:
        raise UnexpectedPdfError("no end")
    table = int(found[1])
    entries, _, trailer = pdf[table:].partition(b"trailer")
    starts = [int(one) for one in _ENTRY.findall(entries)]
    ends = dict(zip(sorted(starts), [*sorted(starts)[1:], table], strict=True))
    objects = {
        number: _object(pdf[start : ends[start]], number)
        for number, start in enumerate(starts, start=1)
    }
    return objects, trailer


def _object(data: bytes, number: int) -> bytes:
    head, tail = b"%d 0 obj" % number, b"endobj"
    data = data.strip()
    if not (data.startswith(head) and data.endswith(tail)):
        raise UnexpectedPdfError("objects are not where the table says")
    return _ended(data[len(head) : -len(tail)].strip())


def _ended(content: bytes) -> bytes:
    """Return an object's content; a stream's data is followed by a line end, as ISO 19005 asks."""
    if not content.endswith(b"endstream"):
        return content
    found = _STREAM.search(content)
    if found is None:
        raise UnexpectedPdfError("a stream without a length")
    end = found.end() + int(found[1])
    if content[end:].strip() != b"endstream":
        raise UnexpectedPdfError("a stream's length is wrong")
    return content[:end] + b"\nendstream"


def _reference(trailer: bytes, name: bytes) -> int:
    found = re.search(rb"/%s (\d+) 0 R" % name, trailer)
    if found is None:
        raise UnexpectedPdfError("the trailer lacks a name")
    return int(found[1])


# --- writing -------------------------------------------------------------------------------------


def _information(metadata: PdfMetadata) -> bytes:
    """Return the information dictionary; its texts are UTF-16 (ISO 32000-1, 7.9.2.2)."""
    entries = b"".join(
        b"/%s <%s>\n" % (name.title().encode(), f"\ufeff{text}".encode("utf-16-be").hex().encode())
        for name, text in metadata.texts().items()
    )
    return b"<<\n" + entries + b">>"


def _xmp(metadata: PdfMetadata) -> bytes:
    texts = {name: escape(text) for name, text in metadata.texts().items()}
    return _XMP.format(**texts).encode("utf-8")


def _stream(entries: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def _written(objects: dict[int, bytes], root: int, info: int) -> bytes:
    pieces, place, table = [_HEADER], len(_HEADER), []
    for number, content in sorted(objects.items()):
        pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        table.append(b"%010d 00000 n \n" % place)
        place += len(pieces[-1])
    body = b"".join(pieces)
    own = hashlib.sha256(body).hexdigest()[:32].encode()
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n" % (len(table) + 1)
        + b"".join(table)
        + b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R " % (len(table) + 1, root, info)
        + b"/ID [ <%s> <%s> ] >>\nstartxref\n%d\n%%%%EOF\n" % (own, own, place)
    )
