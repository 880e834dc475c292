"""Overlay planes (PS3.3 C.9.2): what a device drew beside the picture, of one bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gdtbridge.pictures.arrays import Bytes
from gdtbridge.pictures.opened_object import OpenedObject

MAX_PLANE: Final = 16 * 1024 * 1024
"""Bytes of Overlay Data."""
WHITE: Final = 255

_GROUPS: Final = range(0x6000, 0x6020, 2)
_DATA, _ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST = 0x3000, 0x10, 0x11, 0x15, 0x50, 0x51

_Mask = NDArray[np.bool_]


def has_overlays(source: OpenedObject) -> bool:
    """Return whether an overlay has a plane of its own; bits within the pixels are not drawn."""
    return any(True for _ in _planes(source))


def draw_overlays(picture: Bytes, source: OpenedObject, frame: int) -> Bytes:
    """Return a picture (rows, columns, perhaps colours) with the overlays of a frame in white."""
    for group in _planes(source):
        mask = _mask(source, group, frame, (picture.shape[0], picture.shape[1]))
        if mask is not None:
            picture = picture.copy()
            picture[mask] = WHITE
    return picture


def _planes(source: OpenedObject) -> Iterator[int]:
    return (group << 16 for group in _GROUPS if (group << 16 | _DATA) in source.dataset)


def _mask(source: OpenedObject, group: int, frame: int, shape: tuple[int, int]) -> _Mask | None:
    """Return where a plane is set for a frame; None where it says nothing of it, or is cut off."""
    rows, columns = (_number(source, group | one) for one in (_ROWS, _COLUMNS))
    first, frames = _number(source, group | _FIRST, 1), _number(source, group | _FRAMES, 1)
    place = 0 if frames == 1 and group | _FIRST not in source.dataset else frame - first
    if min(rows, columns) < 1 or not 0 <= place < frames:
        return None
    data = source.big_value(group | _DATA, MAX_PLANE) or b""
    start, bits = place * rows * columns, rows * columns
    if len(data) * 8 < start + bits:
        return None
    words = np.frombuffer(data[start // 8 : (start + bits + 7) // 8 + 1], np.uint8)
    if not source.dataset.original_encoding[1]:
        words = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").view(np.uint8)
        words = words[start // 8 :]
    plane = np.unpackbits(words, bitorder="little")[start % 8 :][:bits].reshape(rows, columns)
    return _placed(plane.astype(np.bool_), _origin(source, group), shape)


def _placed(plane: _Mask, origin: tuple[int, int], shape: tuple[int, int]) -> _Mask:
    """Return a plane whose first pixel is at an origin (from 0) cut to a picture."""
    mask = np.zeros(shape, np.bool_)
    top, left = max(origin[0], 0), max(origin[1], 0)
    part = plane[top - origin[0] :, left - origin[1] :][: shape[0] - top, : shape[1] - left]
    if part.size and top < shape[0] and left < shape[1]:
        mask[top : top + part.shape[0], left : left + part.shape[1]] = part
    return mask


def _origin(source: OpenedObject, group: int) -> tuple[int, int]:
    """Return row and column of the first pixel, from 0; Overlay Origin counts from 1."""
    if group | _ORIGIN not in source.dataset:
        return 0, 0
    row, column = source.dataset[group | _ORIGIN].value
    return int(row) - 1, int(column) - 1


def _number(source: OpenedObject, tag: int, default: int = 0) -> int:
    if tag not in source.dataset:
        return default
    return int(source.dataset[tag].value or default)
