"""Samples to red, green and blue (PS3.3 C.7.6.3.1.2): labels, evidence against labels, palettes."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from gdtbridge.dataset.jpeg import LABELS, JpegColours
from gdtbridge.pictures.arrays import Bytes, Integers
from gdtbridge.pictures.looking import PictureProblem
from gdtbridge.pictures.model import NotRenderable

GREY: Final = 8
"""How far the samples of a grey pixel may lie apart after lossy compression."""

ENOUGH: Final = 120
"""Pixels of the shorter side that are looked at; of more only every second, third or so."""

MOST: Final = 0.5
FEW: Final = 0.1


def labelled(photometric: str) -> JpegColours:
    """Return the kind of colours of a Photometric Interpretation; raise `NotRenderable`."""
    try:
        return LABELS[photometric]
    except KeyError:
        raise NotRenderable(
            "Diese Farbdarstellung wird nicht unterstützt. / Unsupported kind of colours.",
            PictureProblem.COLOURS,
        ) from None


def believed(said: JpegColours, samples: Bytes) -> JpegColours:
    """Return the kind of colours the samples have, against the label where the label is wrong.

    Devices and gateways mislabel colours (SonoScape's DERIVED images; JPEG decompressed on the way
    with the old label). An ultrasound screen is black and grey for the most part, and pixels that
    are grey as one kind are green or pink as the other. So the label is overruled where as said few
    pixels would be grey, and read the other way most are.
    """
    step = max(min(samples.shape[:2]) // ENOUGH, 1)
    one, two, three = (samples[::step, ::step, place] for place in range(3))
    chroma = np.maximum(_distance(two, 128), _distance(three, 128))
    spread = np.maximum(np.maximum(one, two), three) - np.minimum(np.minimum(one, two), three)
    grey = {
        JpegColours.LUMA_CHROMA: float(np.mean(chroma <= GREY)),
        JpegColours.RED_GREEN_BLUE: float(np.mean(spread <= 2 * GREY)),
    }
    (other,) = set(JpegColours) - {said}
    return other if grey[other] >= MOST and grey[said] <= FEW else said


def to_rgb(samples: Bytes, colours: JpegColours) -> Bytes:
    """Return red, green and blue; luma and chroma have full range (PS3.3 C.7.6.3.1.2, BT.601)."""
    if colours is JpegColours.RED_GREEN_BLUE:
        return samples
    rows, columns = samples.shape[:2]
    image = Image.frombytes("YCbCr", (columns, rows), samples.tobytes())
    return np.asarray(image.convert("RGB"))


def palette_to_rgb(values: Integers, dataset: Dataset) -> Bytes:
    """Return the colours of the palette (PS3.3 C.7.9), of 8 or 16 bits, segmented or not."""
    if "RedPaletteColorLookupTableData" in dataset:
        tables = [_palette(dataset, colour) for colour in ("Red", "Green", "Blue")]
        first = int(dataset.RedPaletteColorLookupTableDescriptor[1])
        index = np.clip(values.astype(np.int32) - first, 0, len(tables[0]) - 1)
        rgb = np.stack([table[index] for table in tables], axis=-1)
    else:
        rgb = apply_color_lut(values, dataset)[..., :3]
    # A palette of 16 bits holds intensities of 16 bits; some devices fill in 8 all the same.
    return (rgb >> 8 if rgb.max(initial=0) > 255 else rgb).astype(np.uint8)


def _palette(dataset: Dataset, colour: str) -> Integers:
    """Return the table of one colour; raise `NotRenderable` for a short one.

    The length of the data, not the descriptor, tells whether entries have 8 or 16 bits.
    """
    entries = int(dataset[f"{colour}PaletteColorLookupTableDescriptor"].value[0]) or 65536
    data = bytes(dataset[f"{colour}PaletteColorLookupTableData"].value)
    if not dataset.original_encoding[1]:  # big endian: the words of an OW
        data = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes()
    wide = len(data) >= 2 * entries
    table: Integers = np.frombuffer(data, "<u2" if wide else "u1")[:entries].astype(np.uint16)
    if len(table) < entries:
        raise NotRenderable("Die Farbtabelle ist zu kurz. / The colour palette is too short.")
    return table


def _distance(samples: Bytes, middle: int) -> Integers:
    distance: Integers = np.abs(samples.astype(np.int16) - middle)
    return distance
