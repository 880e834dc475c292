"""From contents to the bytes of records: the one interpreter of the dialects' tables.

Every content passes :class:`~gdtbridge.gdt.write.encoder.Encoder`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.read.charset_detection import evidence, is_utf8
from gdtbridge.gdt.tables.charsets import charset_named
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.options import ValueForm
from gdtbridge.gdt.tables.rows import LENGTHS, TITLES, ContentSource, FieldRow, RecordLayout
from gdtbridge.gdt.write.assembly import Field, announced, counted, size, without_empty_objects
from gdtbridge.gdt.write.decimal_text import plain_decimal
from gdtbridge.gdt.write.encoder import Encoder, Loss, split_title
from gdtbridge.gdt.write.field_contents import LINK_TEXT, Contents, attachment_contents
from gdtbridge.gdt.write.fitting import ContentFitter
from gdtbridge.gdt.write.results import Attachment, GdtFile, TestValue, TextResult
from gdtbridge.gdt.write.value_columns import ValueCell, in_columns

_RESERVE: Final = 60
"""Bytes kept free in a record for the lines 6226 that are counted only at its end."""


@dataclass(frozen=True, slots=True)
class RecordContents:
    """The contents of one file: those that stand once, values and attachments."""

    contents: Contents
    values: tuple[TestValue | TextResult, ...] = ()
    attachments: tuple[Attachment, ...] = ()


def render(
    dialect: Dialect, layout: RecordLayout, page: RecordContents, encoding: str | None
) -> GdtFile:
    """Return the file.

    Should the bytes of a record happen to look like UTF-8 (one whose only special characters are a
    "Ã©", say), a reader may take them for that; such a file is written in ASCII characters.
    """
    charset = charset_named(encoding or dialect.options.encoding)
    writer = _RecordWriter(dialect, layout, Encoder(charset))
    records = writer.records(page)
    if not charset.universal and any(map(_reads_as_utf8, records)):
        writer = _RecordWriter(dialect, layout, Encoder(replace(charset, repertoire=frozenset())))
        records = writer.records(page)
    return GdtFile(b"".join(records), writer.encoder.losses)


def _reads_as_utf8(record: bytes) -> bool:
    """Return whether a reader takes the record for UTF-8."""
    return not record.isascii() and is_utf8(evidence(record.split(b"\r\n")))


@dataclass(frozen=True, slots=True)
class _ValueBlock:
    """The fields of one value: its lines as a finding and as text, its group; all their bytes."""

    finding: list[Field]
    text: list[Field]
    group: list[Field]
    size: int


class _RecordWriter:
    """Writes records of one layout; what they have in common is encoded once."""

    def __init__(self, dialect: Dialect, layout: RecordLayout, encoder: Encoder) -> None:
        self.dialect = dialect
        self.options = dialect.options
        self.layout = layout
        self.encoder = encoder
        self.fitter = ContentFitter(dialect, encoder)
        digits = layout.length_digits
        self.longest = None if digits is None else 10**digits - 1

    def records(self, page: RecordContents) -> list[bytes]:
        """Return the records: one, or more where the values exceed what 8100 can state."""
        contents = {
            **page.contents,
            ContentSource.CHARSET: (self.encoder.charset.code,),
            **{source: ("0" * digits,) for source, digits in LENGTHS.items()},
            ContentSource.OBJECT_LINES: ("000",),
            ContentSource.RECORD_LINES: ("000000",),
        }
        head, comments = self._head(contents)
        attached = self._attached(page.attachments, contents)
        start = self._fields(self.layout.each_start, contents)
        tail = self._fields((*self.layout.each_end, *self.layout.tail), contents)
        blocks = self._blocks(page.values, contents)
        room = None
        if self.longest is not None:
            reserve = _RESERVE if self.options.announce_lines else 0
            whole = (head, comments, attached, start, tail)
            room = self.longest - sum(map(self._size, whole)) - reserve
        return [
            self._record(
                [
                    *head,
                    *(field for block in packed for field in block.finding),
                    *comments,
                    *(field for block in packed for field in block.text),
                    *([] if at else attached),
                    *start,
                    *(field for block in packed for field in block.group),
                    *tail,
                ]
            )
            for at, packed in enumerate(_packed(blocks, room))
        ]

    def _head(self, contents: Contents) -> tuple[list[Field], list[Field]]:
        """Return the fields before the values' lines as a finding, and those behind them."""
        rows = self.layout.head
        sources = [row.source for row in rows]
        finding = ContentSource.FINDING_LINES
        at = sources.index(finding) + 1 if finding in sources else len(rows)
        return self._fields(rows[:at], contents), self._fields(rows[at:], contents)

    def _attached(self, attachments: Iterable[Attachment], contents: Contents) -> list[Field]:
        """Return the fields of the attachments; no two have the same name or description."""
        titles = [row for row in self.layout.attached if row.source in TITLES]
        seen: dict[ContentSource, set[str]] = {row.source: set() for row in titles}
        fields: list[Field] = []
        for one in attachments:
            own = attachment_contents(one)
            for row in titles:
                own[row.source] = (self._apart(row, own[row.source][0], seen[row.source]),)
            fields += self._fields(self.layout.attached, {**contents, **own})
        return fields

    def _apart(self, row: FieldRow, content: str, seen: set[str]) -> str:
        """Return a title as it fits, numbered where one before it is the same; enter it."""
        text = self.encoder.text(row.field, content) or LINK_TEXT
        width = self.dialect.width(row)
        title, rest = split_title(text, width)
        number = 1
        while title in seen:
            number += 1
            mark = f" ({number})"
            title = f"{split_title(text, width - len(mark))[0]}{mark}"
        if rest:
            self.encoder.lost(row.field, Loss.CUT)
        seen.add(title)
        return title

    def _size(self, fields: Iterable[Field]) -> int:
        """Return the bytes of these lines."""
        return size(fields, self.encoder.charset.size)

    def _record(self, fields: list[Field]) -> bytes:
        """Return one record as bytes, its counts and its length filled in."""
        fields = without_empty_objects(fields)
        if self.options.announce_lines:
            fields = announced(fields)
        fields = counted(fields)
        total = self._size(fields)
        if self.longest is not None and total > self.longest:
            raise GdtWriteError(
                "8100",
                "Der Satz ist zu lang für seine GDT-Version. / "
                "The record is too long for its version of GDT.",
            )
        digits = self.layout.length_digits
        return b"".join(
            self.encoder.line(field, f"{total:0{digits}}" if field == "8100" else text)
            for field, text in fields
        )

    def _fields(self, rows: Iterable[FieldRow], contents: Contents) -> list[Field]:
        """Return the fields of these rows; an empty content makes none."""
        return [
            (row.field, text)
            for row in rows
            for content in _contents_of(row, contents)
            for text in self.fitter.fitted(row, content)
        ]

    def _blocks(
        self, values: Sequence[TestValue | TextResult], contents: Contents
    ) -> list[_ValueBlock]:
        """Return the fields of all values and statements.

        Where values are no text a statement is a comment, unless they are a finding.
        """
        finding = [row for row in self.layout.head if row.source is ContentSource.FINDING_LINES]
        comment = self.layout.text or (() if finding else self.layout.stated)
        parts = (
            self._text(finding, values),
            self._text(comment, values),
            (
                self._group(value, contents) if isinstance(value, TestValue) else []
                for value in values
            ),
        )
        return [
            _ValueBlock(*fields, size=sum(map(self._size, fields)))
            for fields in zip(*parts, strict=True)
        ]

    def _text(
        self, rows: Sequence[FieldRow], values: Sequence[TestValue | TextResult]
    ) -> list[list[Field]]:
        """Return the lines of each value in the field of this row; nothing where there is none."""
        if not rows:
            return [[] for _ in values]
        (row,) = rows
        if row.source is ContentSource.STATEMENT:
            return [self._words(row.field, (), value) for value in values]
        numbers = [value for value in values if isinstance(value, TestValue)]
        lines = iter(self._columns(row.field, numbers))
        return [
            self._fields(rows, {row.source: (*heading, *next(lines))})
            if isinstance(value, TestValue)
            else self._words(row.field, heading, value)
            for heading, value in zip(self._headings(row.field, values), values, strict=True)
        ]

    def _columns(self, field: str, values: Sequence[TestValue]) -> list[tuple[str, ...]]:
        """Return the lines of each value: name, value, unit."""
        names = Counter(value.name for value in values)
        cells = [self._cell(field, value, alone=names[value.name] == 1) for value in values]
        return in_columns(cells, self.dialect.limit(field))

    def _words(
        self, field: str, heading: Sequence[str], value: TestValue | TextResult
    ) -> list[Field]:
        """Return a statement: the label before its text, remarks below; nothing for a number."""
        if isinstance(value, TestValue):
            return []
        first, *more = value.text.split("\n")
        remarks = (f"- {source}" for source in value.sources)
        lines = (*heading, f"{value.name}: {first}", *more, *remarks)
        row = FieldRow(field, ContentSource.STATEMENT)
        return self._fields((row,), {ContentSource.STATEMENT: lines})

    def _headings(
        self, field: str, values: Sequence[TestValue | TextResult]
    ) -> Iterator[tuple[str, ...]]:
        """Yield the heading above each value: the name of a group that begins there."""
        several = len({value.group for value in values}) > 1
        before = ""
        for value in values:
            begins = several and value.group != before
            yield (self.encoder.text(field, f"{value.group}:"),) if begins else ()
            before = value.group

    def _number(self, value: TestValue) -> str | None:
        """Return the value's digits with a point, None when it is no number anybody measured."""
        number = plain_decimal(value.value, self.dialect.options.numbers)
        if number is None:
            self.encoder.lost("8420", Loss.NOT_REPRESENTABLE)
        return number

    def _cell(self, field: str, value: TestValue, *, alone: bool) -> ValueCell:
        """Return the value for the columns.

        Its remarks too where nothing else carries them, or tells it from another of its name.
        """
        number = self._number(value)
        shown = f"nicht darstellbar: {value.value}" if number is None else number.replace(".", ",")
        groups = self.options.values is not ValueForm.TEXT
        remarks = () if groups and alone else value.sources
        unit = value.unit
        if value.spoken is not None:
            shown, unit = value.spoken
            said = f"{unit}: {shown}"
            remarks = tuple(one.removeprefix(said).removeprefix("; ") for one in remarks)
        return ValueCell(
            self.encoder.text(field, value.name),
            shown,
            self.encoder.text(field, unit),
            tuple(text for one in remarks if (text := self.encoder.text(field, one))),
        )

    def _signed(self, number: str | None) -> str:
        """Return a number with the dialect's decimal sign, nothing for none."""
        return (number or "").replace(".", self.options.decimal_sign)

    def _limit(self, limit: Decimal | None) -> str:
        """Return a limit of a normal range, nothing for none."""
        return "" if limit is None else self._signed(plain_decimal(limit, self.options.numbers))

    def _group(self, value: TestValue, contents: Contents) -> list[Field]:
        """Return the fields of one value."""
        number = self._number(value)
        name = self.encoder.text("8411", value.name)
        kept = len(self.encoder.text("8411", value.tail))
        title, rest = split_title(name, self.dialect.limit("8411"), kept)
        remarks = [rest, *value.sources]
        if number is None:
            remarks.insert(0, f"Wert nicht darstellbar: {value.value}")
        own = {
            ContentSource.TEST_ID: (value.test_id,),
            ContentSource.TEST_NAME: (title,),
            ContentSource.VALUE: (self._signed(number),),
            ContentSource.UNIT: (value.unit,),
            ContentSource.NORMAL_TEXT: (value.normal.text,),
            ContentSource.NORMAL_LOWER: (self._limit(value.normal.lower),),
            ContentSource.NORMAL_UPPER: (self._limit(value.normal.upper),),
            ContentSource.REMARKS: remarks,
        }
        return self._fields(self.layout.each, {**contents, **own})


def _contents_of(row: FieldRow, contents: Contents) -> Sequence[str]:
    """Return the contents of a row: its own text, what an order had in its field, or its source."""
    if row.source is ContentSource.CONSTANT:
        return (row.text,)
    said = contents[row.source]
    if row.source is ContentSource.ECHO:
        return [text.removeprefix(row.field) for text in said if text.startswith(row.field)]
    return said


def _packed(blocks: Sequence[_ValueBlock], room: int | None) -> Iterator[list[_ValueBlock]]:
    """Yield the blocks together, as many at a time as fit into ``room`` bytes."""
    packed: list[_ValueBlock] = []
    used = 0
    for block in blocks:
        if room is not None and packed and used + block.size > room:
            yield packed
            packed, used = [], 0
        packed.append(block)
        used += block.size
    yield packed
