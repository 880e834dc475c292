"""Stored grey values to shades of a screen (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from gdtbridge.pictures.arrays import Bytes, Integers
from gdtbridge.pictures.model import NotRenderable

_Shades = NDArray[np.float64]


def grey_table(dataset: Dataset, low: int, high: int) -> Bytes:
    """Return the shade (0 black, 255 white) of each stored value from ``low`` to ``high``.

    Rescale or Modality LUT first, then the first VOI LUT or window. Without one, values of at most
    8 bits show as they are, others from the darkest to the brightest.
    """
    if high - low > 65535:
        raise NotRenderable("Das Bild hat über 16 Bit. / The image has more than 16 bits.")
    stored: Integers = np.arange(low, high + 1, dtype=np.int32)
    shades = _shades(dataset, stored)
    if _is_inverse(dataset):
        shades = 1 - shades
    return np.rint(np.clip(shades, 0, 1) * 255).astype(np.uint8)


def to_grey(values: Integers, dataset: Dataset) -> Bytes:
    """Return the picture of the stored values."""
    low = int(values.min())
    table = grey_table(dataset, low, int(values.max()))
    return table[values.astype(np.int32) - low]


def _shades(dataset: Dataset, stored: Integers) -> _Shades:
    """Return shades from 0 to 1."""
    values = apply_modality_lut(stored, dataset)
    if dataset.get("VOILUTSequence"):
        table = apply_voi(values.astype(np.int32), dataset)
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        return table.astype(np.float64) / ((1 << bits) - 1)
    shades = values.astype(np.float64)
    window = _window(dataset)
    if window is not None:
        return _windowed(shades, *window, str(dataset.get("VOILUTFunction") or "LINEAR"))
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    if bits <= 8 and stored[0] >= 0 and np.array_equal(values, stored):
        return shades / ((1 << bits) - 1)
    low, high = float(shades.min()), float(shades.max())
    return (shades - low) / (high - low or 1.0)


def _window(dataset: Dataset) -> tuple[float, float] | None:
    """Return the first window's centre and width; None without a usable one."""
    centre, width = (_first(dataset.get(name)) for name in ("WindowCenter", "WindowWidth"))
    return None if centre is None or width is None or width < 1 else (centre, width)


def _first(value: object) -> float | None:
    """Return the first value of a DS of one value or many."""
    if isinstance(value, (list, tuple)) or (
        hasattr(value, "__iter__") and not isinstance(value, str)
    ):
        value = next(iter(value), None)
    return None if value is None or value == "" else float(str(value))


def _windowed(values: _Shades, centre: float, width: float, function: str) -> _Shades:
    """Apply a window (PS3.3 C.11.2.1.2.1, C.11.2.1.3)."""
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
