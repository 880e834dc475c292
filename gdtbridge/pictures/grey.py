"""Stored grey values to shades of a screen (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from gdtbridge.pictures.arrays import Bytes, Integers
from gdtbridge.pictures.looking import GreyWindow, PictureProblem
from gdtbridge.pictures.model import NotRenderable

_Shades = NDArray[np.float64]


def grey_table(
    dataset: Dataset,
    low: int,
    high: int,
    window: GreyWindow | None = None,
    ends: tuple[int, int] | None = None,
) -> Bytes:
    """Return the shade (0 black, 255 white) of each stored value from ``low`` to ``high``.

    Rescale or Modality LUT first, then ``window``, else the first VOI LUT or window. Without one,
    values of at most 8 bits show as they are, others from the darkest to the brightest, or between
    the stored values ``ends``.
    """
    if high - low > 65535:
        raise NotRenderable(
            "Das Bild hat über 16 Bit. / The image has more than 16 bits.", PictureProblem.BITS
        )
    stored: Integers = np.arange(low, high + 1, dtype=np.int32)
    shades = _shades(dataset, stored, window, ends)
    if _is_inverse(dataset):
        shades = 1 - shades
    return np.rint(np.clip(shades, 0, 1) * 255).astype(np.uint8)


def to_grey(
    values: Integers,
    dataset: Dataset,
    window: GreyWindow | None = None,
    ends: tuple[int, int] | None = None,
) -> Bytes:
    """Return the picture of the stored values; arguments as in `grey_table`."""
    low = int(values.min())
    table = grey_table(dataset, low, int(values.max()), window, ends)
    return table[values.astype(np.int32) - low]


def is_stretched(dataset: Dataset) -> bool:
    """Return whether nothing says which values are black and white."""
    bits = int(dataset.get("BitsStored") or dataset.get("BitsAllocated") or 0)
    return bits > 8 and not dataset.get("VOILUTSequence") and own_window(dataset) is None


def grey_range(dataset: Dataset) -> tuple[float, float]:
    """Return the lowest and the highest value there can be, rescaled: what windows are for."""
    bits = min(int(dataset.get("BitsStored") or dataset.BitsAllocated), 16)
    signed = int(dataset.get("PixelRepresentation") or 0) == 1
    low = -(1 << bits - 1) if signed else 0
    ends = apply_modality_lut(np.array([low, low + (1 << bits) - 1], np.int32), dataset)
    return float(ends.min()), float(ends.max())


def _shades(
    dataset: Dataset, stored: Integers, window: GreyWindow | None, ends: tuple[int, int] | None
) -> _Shades:
    """Return shades from 0 to 1."""
    values = apply_modality_lut(stored, dataset)
    if window is None and dataset.get("VOILUTSequence"):
        table = apply_voi(values.astype(np.int32), dataset)
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        return table.astype(np.float64) / ((1 << bits) - 1)
    shades = values.astype(np.float64)
    window = window or own_window(dataset)
    if window is not None:
        own_function = str(dataset.get("VOILUTFunction") or "LINEAR")
        return _windowed(shades, window, window.function or own_function)
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    if bits <= 8 and stored[0] >= 0 and np.array_equal(values, stored):
        return shades / ((1 << bits) - 1)
    if ends is not None:
        values = apply_modality_lut(np.array(ends, np.int32), dataset)
    low, high = float(values.min()), float(values.max())
    return (shades - low) / (high - low or 1.0)


def own_window(dataset: Dataset) -> GreyWindow | None:
    """Return the object's first window; None without a usable one."""
    centre, width = (_first(dataset.get(name)) for name in ("WindowCenter", "WindowWidth"))
    return None if centre is None or width is None or width < 1 else GreyWindow(centre, width)


def _first(value: object) -> float | None:
    """Return the first value of a DS of one value or many."""
    if isinstance(value, (list, tuple)) or (
        hasattr(value, "__iter__") and not isinstance(value, str)
    ):
        value = next(iter(value), None)
    return None if value is None or value == "" else float(str(value))


def _windowed(values: _Shades, window: GreyWindow, function: str) -> _Shades:
    """Apply a window (PS3.3 C.11.2.1.2.1, C.11.2.1.3)."""
    centre, width = window.centre, window.width
    match function.strip().upper():
        case "SIGMOID":
            sigmoid: _Shades = 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -60, 60)))
            return sigmoid
        case "LINEAR_EXACT":
            return (values - centre) / width + 0.5
        case _:
            return (values - (centre - 0.5)) / max(width - 1, 0.5) + 0.5


def _is_inverse(dataset: Dataset) -> bool:
    shape = str(dataset.get("PresentationLUTShape") or "")
    return dataset.PhotometricInterpretation == "MONOCHROME1" or shape == "INVERSE"
