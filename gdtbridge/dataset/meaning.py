"""When two files hold the same object: compared by meaning, not by bytes.

A device sends an object again in another transfer syntax, with other padding, with or without group
lengths, with other forms of sequence lengths (PS3.5 7.5) or in another character set, and it is the
same object. Anything else is another content: an element that is there and empty in one and absent
in the other, elements in another order, another number of values.

- Texts are compared decoded and without what is padding in their VR; numbers as texts (DS, IS) or
  bytes in little endian. Empty components at the end of a name mean nothing (PS3.5 6.2.1.1).
- Elements outside of the dictionary are compared as `comparable.unknown_value` says: a private
  sequence is known by its first item where no VR tells it.
- Compressing and decompressing changes the pixels and what describes them (`CODING`). That is
  compared where both objects are coded in the same way, and left out where they are not.
- A length that lies is part of the meaning: a damaged object equals none that is whole.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol

from gdtbridge.dataset.comparable import (
    TEXT_VRS,
    UNKNOWN_VRS,
    dictionary_vr,
    little_endian,
    text_value,
    unknown_value,
)
from gdtbridge.dataset.encoding import UNDEFINED
from gdtbridge.dataset.inflate import InflatedStream
from gdtbridge.dataset.part10 import read_file_meta
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import TextDecoder
from gdtbridge.dataset.walker import DatasetStream, DatasetWalker, OpenLevel

NATIVE: Final = "native"
"""The form of pixels that are not encapsulated (PS3.5 8.1.1)."""

CODING: Final = frozenset(
    {
        0x00082111,  # Derivation Description (PS3.3 C.12.4.1.1, tells of lossy compression)
        0x00089215,  # Derivation Code Sequence (PS3.3 C.12.4.1.1)
        0x00280004,  # Photometric Interpretation (PS3.5 8.2, PS3.3 C.7.6.3.1.2)
        0x00280006,  # Planar Configuration (PS3.5 8.2, PS3.3 C.7.6.3.1.3)
        0x00280100,  # Bits Allocated (PS3.5 8.2)
        0x00280101,  # Bits Stored (PS3.5 8.2)
        0x00280102,  # High Bit (PS3.5 8.2)
        0x00280103,  # Pixel Representation (PS3.5 8.2)
        0x00280106,  # Smallest Image Pixel Value (PS3.3 C.7.6.3, of the pixels as they are)
        0x00280107,  # Largest Image Pixel Value (PS3.3 C.7.6.3)
        0x00282110,  # Lossy Image Compression (PS3.3 C.7.6.1.1.5)
        0x00282112,  # Lossy Image Compression Ratio (PS3.3 C.7.6.1.1.5.2)
        0x00282114,  # Lossy Image Compression Method (PS3.3 C.7.6.1.1.5.1)
        0x7FE00010,  # Pixel Data (PS3.5 8.2, A.4)
    }
)
"""Elements that say how the pixels are coded: they change when an image is compressed."""

NOT_COUNTED: Final = frozenset(
    {
        0x00080001,  # Length to End (PS3.6, retired: how long the encoded dataset is)
        0x00080005,  # Specific Character Set (PS3.3 C.12.1.1.2: the texts are compared decoded)
        0x7FE00001,  # Extended Offset Table (PS3.3 C.7.6.3.1.8: where frames lie)
        0x7FE00002,  # Extended Offset Table Lengths (PS3.3 C.7.6.3.1.8)
        0x7FE00003,  # Encapsulated Pixel Data Value Total Length (PS3.3 C.7.6.3)
        0xFFFCFFFC,  # Data Set Trailing Padding (PS3.10 7.2)
    }
)
"""Elements that say how the dataset is encoded and nothing of the object."""

_PIXEL_DATA: Final = 0x7FE00010
_GROUP_OF_ITEMS: Final = 0xFFFE
_FIRST_ITEM: Final = b"\xfe\xff\x00\xe0"
_MOST_INFLATED: Final = 1024 * 1024 * 1024
_MOST_STEPS: Final = 2_000_000
_DEEPEST: Final = 1024
_LONGEST_TEXT: Final = 256 * 1024
"""Bytes of a text that is compared decoded; a longer one is compared byte by byte."""
_PIECE: Final = 256 * 1024
"""Bytes that are read at once; no word of any VR is cut."""


@dataclass(frozen=True, slots=True)
class ObjectMeaning:
    """What one object says, as digests in hexadecimal.

    ``content`` is everything but how pixels are coded, ``coding`` is that. ``pixel_form`` is
    `NATIVE`, the transfer syntax the pixels are compressed in, or empty without pixels.
    """

    content: str
    coding: str
    pixel_form: str


def mean_the_same(one: ObjectMeaning, other: ObjectMeaning) -> bool:
    """Return whether two files hold one object."""
    if one.content != other.content:
        return False
    return one.coding == other.coding or one.pixel_form != other.pixel_form


def meaning_of(path: Path, transfer_syntax_uid: str) -> ObjectMeaning:
    """Return what the object in the Part 10 file at ``path`` means.

    One pass, in little memory. Raises `DatasetError` where the bytes are no file or go on beyond a
    limit, and `OSError`.
    """
    with path.open("rb") as file:
        read_file_meta(file)
        stream = DatasetStream.of_file(file, transfer_syntax_uid, most_inflated=_MOST_INFLATED)
        return _MeaningDigest(stream, transfer_syntax_uid).run()


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


@dataclass(slots=True)
class _DigestLevel(OpenLevel):
    """An open item or sequence: its character set, and the digest its elements go into."""

    text: TextDecoder
    digest: _Digest
    fragments: _Fragments | None = None


@dataclass(slots=True)
class _Fragments:
    """Encapsulated pixels so far (PS3.5 A.4): how many items, and bytes of them that count."""

    items: int = 0
    size: int = 0


class _MeaningDigest(DatasetWalker[_DigestLevel]):
    """Digests the dataset it walks through.

    Into a digest go: ``T`` and the tag of an element; ``=``, length and bytes of a value that is
    not empty; ``(`` and ``)`` around an item; ``!`` where a length lies. An element without value
    and a sequence without items are the same, as implicit form cannot tell them apart.
    """

    def __init__(self, stream: DatasetStream, transfer_syntax_uid: str) -> None:
        super().__init__(stream, most_steps=_MOST_STEPS, deepest=_DEEPEST)
        self._transfer_syntax_uid = transfer_syntax_uid
        self._content = blake2b(digest_size=32)
        self._coding = blake2b(digest_size=32)
        self._marks = 0  # so far in the content: where an element of the coding stands
        self._pixel_form = ""

    def run(self) -> ObjectMeaning:
        """Return what the dataset means."""
        implicit, source = self._stream.implicit, self._stream.source
        root = _DigestLevel(self._end, False, implicit, False, TextDecoder(), self._content)
        self._walk(root)
        if isinstance(source, InflatedStream) and not source.is_whole:
            self._fault()
        return ObjectMeaning(self._content.hexdigest(), self._coding.hexdigest(), self._pixel_form)

    def _element(self, level: _DigestLevel, tag: int, vr: bytes, length: int) -> None:
        if length != UNDEFINED and _says_nothing(tag, length):
            self._pass(level, tag, length)
            return
        digest = self._digest_for(level, tag, length)
        if length == UNDEFINED and (tag == _PIXEL_DATA or vr in {b"OB", b"OW"}):
            self._push_sequence(level, digest, vr, length, _Fragments())
        elif length == UNDEFINED or _is_sequence(tag, vr):
            self._push_sequence(level, digest, vr, length)
        else:
            self._take_value(level, digest, tag, vr, length)

    def _pass(self, level: _DigestLevel, tag: int, length: int) -> None:
        """Pass over what does not count; the character set holds from here on."""
        if tag == Tag.SpecificCharacterSet and length <= _LONGEST_TEXT:
            level.text = TextDecoder(self._whole(level, length))
            return
        kept = min(length, level.end - self._at)
        self._pass_over(kept)
        self._at += kept
        if kept < length:
            self._fault()

    def _digest_for(self, level: _DigestLevel, tag: int, length: int) -> _Digest:
        """Return where the element goes, with its tag and, in the coding, its place entered."""
        if tag not in CODING or level.digest is self._coding:
            self._mark(level.digest, struct.pack(">cL", b"T", tag))
            return level.digest
        if tag == _PIXEL_DATA:  # whether there are pixels is content
            self._mark(self._content, struct.pack(">cL", b"T", tag))
            if len(self._open) == 1:
                encapsulated = length == UNDEFINED
                self._pixel_form = self._transfer_syntax_uid if encapsulated else NATIVE
        self._coding.update(struct.pack(">QcL", self._marks, b"T", tag))
        return self._coding

    def _mark(self, digest: _Digest, mark: bytes) -> None:
        digest.update(mark)
        if digest is self._content:
            self._marks += 1

    # Values

    def _take_value(
        self, level: _DigestLevel, digest: _Digest, tag: int, vr: bytes, length: int
    ) -> None:
        known = dictionary_vr(tag)
        is_text = known in TEXT_VRS and (vr in TEXT_VRS or vr in UNKNOWN_VRS)
        if is_text and length <= _LONGEST_TEXT:
            raw = self._whole(level, length)
            _enter(digest, text_value(known, raw, level.text))
        elif known:
            self._take_bytes(level, digest, vr, length)
        else:
            self._take_unknown(level, digest, vr, length)

    def _take_unknown(self, level: _DigestLevel, digest: _Digest, vr: bytes, length: int) -> None:
        """Take a private element or one the dictionary lacks; without a VR it may be a sequence."""
        start = b""
        if vr in UNKNOWN_VRS and 8 <= length <= level.end - self._at:
            start = self._read(8)
            self._at += 8
            if start[:4] == _FIRST_ITEM and not self._stream.big_endian:
                sequence = self._push_sequence(level, digest, vr, length - 8)
                self._item(sequence, start)
                return
        if length > _LONGEST_TEXT:
            self._take_bytes(level, digest, vr, length - len(start), start)
            return
        raw = start + self._whole(level, length - len(start), vr)
        _enter(digest, unknown_value(vr, raw, level.text))

    def _take_bytes(
        self, level: _DigestLevel, digest: _Digest, vr: bytes, length: int, start: bytes = b""
    ) -> None:
        """Take a binary value as it is, ``start`` and ``length`` bytes more, to an even length."""
        if size := len(start) + length:
            digest.update(struct.pack(">cQ", b"=", size + size % 2) + start)
            self._digest_pieces(level, digest, length, vr)

    def _digest_pieces(
        self, level: _DigestLevel, digest: _Digest, length: int, vr: bytes = b""
    ) -> None:
        for piece in self._pieces(level, length, vr):
            digest.update(piece)
        digest.update(b"\0" * (length % 2))

    def _whole(self, level: _DigestLevel, length: int, vr: bytes = b"") -> bytes:
        """Return a short value in little endian; what there is of one that runs past the end."""
        value = self._read(min(length, level.end - self._at))
        self._at += len(value)
        if len(value) < length:
            self._fault()
        return little_endian(vr, value) if self._stream.big_endian else value

    def _pieces(self, level: _DigestLevel, length: int, vr: bytes = b"") -> Iterator[bytes]:
        """Yield a value in little endian; what there is of one that runs past the end."""
        left = min(length, level.end - self._at)
        cut = left < length
        while left > 0 and (piece := self._read(min(left, _PIECE))):
            self._at += len(piece)
            left -= len(piece)
            yield little_endian(vr, piece) if self._stream.big_endian else piece
        if cut or left:
            self._fault()

    # Sequences and items

    def _push_sequence(
        self,
        level: _DigestLevel,
        digest: _Digest,
        vr: bytes,
        length: int,
        fragments: _Fragments | None = None,
    ) -> _DigestLevel:
        undefined = length == UNDEFINED
        implicit = level.implicit or vr == b"UN"  # PS3.5 6.2.2
        inner = _DigestLevel(level.end, undefined, implicit, True, level.text, digest, fragments)
        self._push(inner, length)
        return inner

    def _begin_item(self, level: _DigestLevel, length: int) -> None:
        if level.fragments is not None:
            self._take_fragment(level, level.fragments, length)
            return
        self._mark(level.digest, b"(")
        undefined = length == UNDEFINED
        inner = _DigestLevel(level.end, undefined, level.implicit, False, level.text, level.digest)
        self._push(inner, length)

    def _take_fragment(self, level: _DigestLevel, fragments: _Fragments, length: int) -> None:
        """Take an item of encapsulated pixels; where one ends and the next begins means nothing."""
        fragments.items += 1
        start = b""
        if fragments.items == 1:
            start = self._read(min(4, length, level.end - self._at))
            self._at += len(start)
            if not start.strip(b"\0") and length % 4 == 0:  # Basic Offset Table (PS3.5 A.4)
                self._pass(level, 0, length - len(start))
                return
        fragments.size += length + length % 2
        level.digest.update(start)
        self._digest_pieces(level, level.digest, length - len(start))

    def _close(self) -> None:
        level = self._open.pop()
        if level.fragments is not None:
            level.digest.update(struct.pack(">cQ", b"F", level.fragments.size))
        elif not level.is_sequence and self._open:
            self._mark(level.digest, b")")

    # What is wrong with the dataset

    def _no_item(self, level: _DigestLevel, start: bytes) -> None:
        self._fault()
        level.digest.update(start)
        self._digest_pieces(level, level.digest, level.end - self._at)

    def _left_over(self, rest: bytes) -> None:
        if len(self._open) > 1 or rest.strip(b"\0 "):
            self._fault()
            self._content.update(rest)

    def _fault(self, needed: int = 0) -> None:  # noqa: ARG002 - damaged is damaged
        self._mark(self._content, b"!")

    def _ended_early(self) -> None:
        self._fault()


def _says_nothing(tag: int, length: int) -> bool:
    """Return whether an element is no part of the meaning.

    A group length has four bytes (PS3.5 7.2). A delimiter that no open item needs has no value,
    nor has tag 0, as which NULs behind the dataset are read.
    """
    if tag & 0xFFFF == 0:
        return length == (4 if tag else 0)
    return tag in NOT_COUNTED or (tag >> 16 == _GROUP_OF_ITEMS and length == 0)


def _is_sequence(tag: int, vr: bytes) -> bool:
    return vr == b"SQ" or (vr in UNKNOWN_VRS and dictionary_vr(tag) == b"SQ")


def _enter(digest: _Digest, value: bytes) -> None:
    """Enter a value; an empty one is its tag alone."""
    if value:
        digest.update(struct.pack(">cQ", b"=", len(value)) + value)
