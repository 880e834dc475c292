"""Datasets as immutable values.

A pydicom ``Dataset`` decodes its elements when they are first looked at, so two threads must not
share one, and reading a value may warn with the value in the text. An :data:`Item` is read once,
from the raw bytes, with our own tolerant decoding; it can be shared, compared and matched, and a
fresh ``Dataset`` is built from it for every answer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, cast

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.valuerep import PersonName

from gdtbridge.dataset.text import (
    SpecificCharacterSet,
    TextDecoder,
    character_set_for,
    one_line,
    plain_text,
)

SPECIFIC_CHARACTER_SET = 0x00080005

PARAGRAPHS = frozenset({"LT", "ST", "UT", "UR"})
"""Text VRs in which a backslash is a character, not a separator (PS3.5 6.2)."""

TEXTS = PARAGRAPHS | {
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UC", "UI",
}  # fmt: skip

CHARSET_DEPENDENT = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs that (0008,0005) speaks about (PS3.5 6.1.2.3)."""

PLAIN = "latin-1"
"""The other text VRs are ASCII; this codec keeps whatever illegal byte a file has in them."""

MAXIMUM_DEPTH = 8
"""Levels of sequences: more than any worklist needs."""

UNREADABLE = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""Everything pydicom was seen to raise on a broken dataset."""


@dataclass(frozen=True, slots=True)
class Element:
    """One data element: texts, sequence items or an opaque value, whichever its VR has."""

    VR: str
    texts: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    other: object = None

    @property
    def is_empty(self) -> bool:
        """Whether the value is unknown (zero length)."""
        return not (self.texts or self.items) and self.other in (None, b"", ())


Item: TypeAlias = Mapping[int, Element]
"""A dataset or sequence item: elements by tag."""

NOTHING: Item = {}


@lru_cache(maxsize=4096)
def tag_of(keyword: str) -> int:
    """Return the tag of a DICOM keyword."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise LookupError(keyword)
    return tag


def text_element(keyword: str, text: str) -> tuple[int, Element]:
    """Return tag and element of one text value, an empty ``text`` being zero length."""
    tag = tag_of(keyword)
    return tag, Element(vr_of(tag), texts=(text,) if text else ())


def values_element(keyword: str, texts: Iterable[str]) -> tuple[int, Element]:
    """Return tag and element of several text values, empty ones being none."""
    tag = tag_of(keyword)
    return tag, Element(vr_of(tag), texts=tuple(filter(None, texts)))


def sequence_element(keyword: str, *items: Item) -> tuple[int, Element]:
    """Return tag and element of a sequence."""
    return tag_of(keyword), Element("SQ", items=items)


def text_of(item: Item, keyword: str) -> str:
    """Return the first value of a text attribute, empty when it is absent or unknown."""
    element = item.get(tag_of(keyword))
    return element.texts[0] if element is not None and element.texts else ""


def texts_of(item: Item, keyword: str) -> tuple[str, ...]:
    """Return the values of a text attribute, none when it is absent or unknown."""
    element = item.get(tag_of(keyword))
    return element.texts if element is not None else ()


def items_of(item: Item, keyword: str) -> tuple[Item, ...]:
    """Return the items of a sequence attribute."""
    element = item.get(tag_of(keyword))
    return element.items if element is not None else ()


@lru_cache(maxsize=4096)
def vr_of(tag: int) -> str:
    """Return the VR of the dictionary, the first where it names several, ``UN`` when unknown."""
    try:
        return dictionary_VR(tag)[:2]
    except KeyError:
        return "LO" if is_private_creator(tag) else "UN"


def is_private_creator(tag: int) -> bool:
    """Return whether an element of that tag reserves a block of private ones (PS3.5 7.8.1)."""
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def item_from(
    dataset: Dataset, text: TextDecoder | None = None, levels: int = MAXIMUM_DEPTH
) -> Item:
    """Return the immutable form of ``dataset``; an element that cannot be read is left out.

    ``text`` decodes the texts where the dataset names no character set itself. Sequences nested
    deeper than ``levels`` are read as empty.
    """
    text = _own_decoder(dataset) or text or TextDecoder()
    elements: dict[int, Element] = {}
    for tag in sorted(dataset.keys()):
        try:
            elements[int(tag)] = _element(dataset, int(tag), text, levels)
        except UNREADABLE:
            continue
    return elements


def _own_decoder(dataset: Dataset) -> TextDecoder | None:
    if SPECIFIC_CHARACTER_SET not in dataset:
        return None
    try:
        label = _element(dataset, SPECIFIC_CHARACTER_SET, TextDecoder(), 0)
    except UNREADABLE:
        return None
    return TextDecoder("\\".join(label.texts).encode(PLAIN)) if label.texts else None


def _element(dataset: Dataset, tag: int, text: TextDecoder, levels: int) -> Element:
    element = cast("DataElement | RawDataElement", dataset.get_item(Tag(tag)))
    VR = str(element.VR or "UN")  # noqa: N806
    if VR == "UN" or len(VR) != 2:
        VR = vr_of(tag)  # noqa: N806
    if VR == "SQ":
        return Element(VR, items=tuple(_items(dataset, tag, text, levels)))
    if VR not in TEXTS:
        return Element(VR, other=_opaque(dataset[Tag(tag)].value))
    if isinstance(element, RawDataElement):
        return Element(VR, texts=text_values(VR, element.value or b"", text))
    told = _joined(element.value)
    if VR not in CHARSET_DEPENDENT:
        told = plain_text(told.encode(PLAIN, errors="replace"))
    return Element(VR, texts=_split(VR, told))


def text_values(VR: str, raw: bytes, text: TextDecoder) -> tuple[str, ...]:  # noqa: N803
    """Return the values of the bytes of a text element, without padding; none for a blank one."""
    return _split(VR, text.as_sent(raw) if VR in CHARSET_DEPENDENT else plain_text(raw))


def _items(dataset: Dataset, tag: int, text: TextDecoder, levels: int) -> Iterator[Item]:
    value = dataset[Tag(tag)].value
    if levels <= 0 or not isinstance(value, Sequence):
        return
    for item in value:
        yield item_from(item, text, levels - 1)


def _opaque(value: object) -> object:
    if isinstance(value, bytes | int | float | str) or value is None:
        return value
    return tuple(value) if isinstance(value, list) else b""


def _joined(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str | PersonName):
        return str(value)
    if isinstance(value, bytes):
        return TextDecoder().as_sent(value)
    if isinstance(value, Iterable):
        return "\\".join(str(part) for part in value)
    return str(value)


def _split(VR: str, text: str) -> tuple[str, ...]:  # noqa: N803
    """Return the values of ``text`` without padding; none at all for a blank element."""
    if VR in PARAGRAPHS:
        values: tuple[str, ...] = (text.rstrip(" \0"),)
    else:
        values = tuple(one_line(value) for value in text.split("\\"))
    return values if any(values) else ()


def dataset_from(item: Item, charset: SpecificCharacterSet | None = None) -> Dataset:
    """Return a fresh dataset that says what ``item`` says, in the smallest set unless one is given.

    ``charset`` must have every text of the item.
    """
    if charset is None:
        charset = character_set_for(
            text for _, element in charset_dependent(item) for text in element.texts
        )
    dataset = _built(item)
    if charset is not SpecificCharacterSet.ASCII:
        dataset.add(_data_element(SPECIFIC_CHARACTER_SET, "CS", charset.value))
    return dataset


def charset_dependent(item: Item) -> Iterator[tuple[int, Element]]:
    """Yield tag and element of what (0008,0005) speaks about, those within sequences too."""
    for tag, element in item.items():
        if element.VR in CHARSET_DEPENDENT:
            yield tag, element
        for nested in element.items:
            yield from charset_dependent(nested)


def _built(item: Item) -> Dataset:
    dataset = Dataset()
    for tag, element in sorted(item.items(), key=_by_tag):
        if tag != SPECIFIC_CHARACTER_SET:
            dataset.add(_data_element(tag, element.VR, _value(element)))
    return dataset


def _by_tag(pair: tuple[int, Element]) -> int:
    return pair[0]


def _value(element: Element) -> object:
    if element.VR == "SQ":
        return Sequence(_built(nested) for nested in element.items)
    if element.VR not in TEXTS:
        return list(element.other) if isinstance(element.other, tuple) else element.other
    if element.VR == "PN":
        names = [PersonName(text, validation_mode=config.IGNORE) for text in element.texts]
        return names if len(names) > 1 else next(iter(names), "")
    return list(element.texts) if len(element.texts) > 1 else "".join(element.texts)


def _data_element(tag: int, VR: str, value: object) -> DataElement:  # noqa: N803
    """Return an element that takes any value: a foreign one must never stop an answer."""
    return DataElement(
        Tag(tag), VR, value, already_converted=VR != "SQ", validation_mode=config.IGNORE
    )
