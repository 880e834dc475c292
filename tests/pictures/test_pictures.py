"""Pixels that are not compressed by a device's JPEG: every colour comes out as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from gdtbridge.pictures import NotRenderable
from tests.pictures.builder import (
    COLUMNS,
    ROWS,
    US_LOOP,
    Array,
    assert_screen,
    grey_screen,
    image,
    put_frames,
    put_pixels,
    screen,
    shown,
    ybr,
)

NATIVE = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
]


def thinned(pixels: Array) -> bytes:
    """Return luma and chroma as YBR_FULL_422, each row of whole pairs."""
    full = ybr(pixels)
    if full.shape[1] % 2:
        full = np.concatenate([full, full[:, -1:]], axis=1)
    packed = np.empty((full.shape[0], full.shape[1] // 2, 4), np.uint8)
    packed[..., 0], packed[..., 1] = full[:, ::2, 0], full[:, 1::2, 0]
    packed[..., 2:] = full[:, ::2, 1:]
    return packed.tobytes()


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda syntax: uid.UID(syntax).name)
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("planar", [0, 1])
def test_three_samples(syntax: str, photometric: str, planar: int, tmp_path: Path) -> None:
    """Colours by pixel or by plane, as RGB or YBR, in each order of bytes."""
    pixels = screen() if photometric == "RGB" else ybr(screen())
    made = image(pixels, photometric, syntax, PlanarConfiguration=planar)
    if planar:
        put_pixels(made, pixels.transpose(2, 0, 1).tobytes())
    assert_screen(shown(made, tmp_path))


@pytest.mark.parametrize(
    "forgotten", ["SamplesPerPixel", "PlanarConfiguration", "PixelRepresentation", "BitsStored"]
)
def test_forgotten_element(forgotten: str, tmp_path: Path) -> None:
    """What the rest of the object implies is not missed."""
    made = image(screen(), "RGB")
    delattr(made, forgotten)
    assert_screen(shown(made, tmp_path))


def test_colours_of_one_sample_are_no_picture(tmp_path: Path) -> None:
    """A third of the samples, shown as grey, would be a picture of nothing."""
    with pytest.raises(NotRenderable):
        shown(image(grey_screen(), "RGB"), tmp_path)


def test_bytes_in_big_endian_words(tmp_path: Path) -> None:
    """Retired big endian has 8-bit samples in words of two, swapped (PS3.5 annex D)."""
    made = image(screen(), "RGB", uid.ExplicitVRBigEndian)
    made.PixelData = np.frombuffer(made.PixelData, "<u2").astype(">u2").tobytes()
    made["PixelData"].VR = "OW"
    assert_screen(shown(made, tmp_path))


def test_thinned_out_colours(tmp_path: Path) -> None:
    """YBR_FULL_422 that is not compressed, of an even width."""
    made = image(screen(), "YBR_FULL_422")
    put_pixels(made, thinned(screen()))
    assert_screen(shown(made, tmp_path))


def test_thinned_out_colours_in_big_endian_words(tmp_path: Path) -> None:
    """Swapped bytes, as for every kind of 8-bit samples in words."""
    made = image(screen(), "YBR_FULL_422", uid.ExplicitVRBigEndian)
    made.PixelData = np.frombuffer(thinned(screen()), "<u2").astype(">u2").tobytes()
    made["PixelData"].VR = "OW"
    assert_screen(shown(made, tmp_path))


@pytest.mark.parametrize("last_pair", ["whole", "shared"])
def test_thinned_out_colours_of_an_odd_width(last_pair: str, tmp_path: Path) -> None:
    """The last pair of a row is whole, or runs on into the next row."""
    pixels = screen()[:, :-1]
    made = image(pixels, "YBR_FULL_422")
    flat = pixels.reshape(1, -1, 3)
    put_pixels(made, thinned(pixels if last_pair == "whole" else flat))
    found = shown(made, tmp_path)
    assert found.shape == (ROWS, COLUMNS - 1, 3)
    middle = found[8::16, 8:56:16].astype(int)
    assert np.abs(middle - pixels[8::16, 8:56:16]).max() <= 6


@pytest.mark.parametrize("kind", ["RGB", "YBR_FULL"])
def test_colours_called_thinned_out_that_are_not(kind: str, tmp_path: Path) -> None:
    """A gateway that decompressed the image left the old label."""
    made = image(screen() if kind == "RGB" else ybr(screen()), "YBR_FULL_422")
    assert_screen(shown(made, tmp_path))


@pytest.mark.parametrize(
    ("label", "pixels"), [("RGB", ybr(screen())), ("YBR_FULL", screen())], ids=["RGB", "YBR_FULL"]
)
def test_label_that_would_make_a_screen_without_grey_is_not_believed(
    label: str, pixels: Array, tmp_path: Path
) -> None:
    """Green or pink where a screen is black: the samples are of the other kind."""
    assert_screen(shown(image(pixels, label), tmp_path))


@pytest.mark.parametrize("label", ["RGB", "YBR_FULL"])
def test_label_is_believed_of_a_colourful_picture(label: str, tmp_path: Path) -> None:
    """A picture without grey proves nothing."""
    colours = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    colours[:, : COLUMNS // 2], colours[:, COLUMNS // 2 :] = (200, 40, 40), (40, 60, 220)
    found = shown(image(colours if label == "RGB" else ybr(colours), label), tmp_path).astype(int)
    assert np.abs(found[8, 8] - (200, 40, 40)).max() <= 6
    assert np.abs(found[8, -8] - (40, 60, 220)).max() <= 6


def test_sixteen_bits_of_each_colour(tmp_path: Path) -> None:
    """The upper eight are shown."""
    assert_screen(shown(image(screen().astype(np.uint16) * 257, "RGB"), tmp_path))


def palette(made: Dataset, width: int, *, first: int = 0, intensity: int = 1) -> Dataset:
    """Give the object a palette: entry 0 black, then the colours of `screen`, as index."""
    colours = np.unique(screen().reshape(-1, 3), axis=0)
    for number, name in enumerate(("Red", "Green", "Blue")):
        entries = colours[:, number].astype(np.uint16) * intensity
        entries = np.concatenate([entries, np.zeros(len(entries) % 2, np.uint16)])
        little = bool(made.file_meta.TransferSyntaxUID.is_little_endian)
        data = entries.astype("u1" if width == 8 else "u2").tobytes()
        if not little:
            data = np.frombuffer(data, "<u2").astype(">u2").tobytes()
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [len(entries), first, width])
        setattr(made, f"{name}PaletteColorLookupTableData", data)
    return made


def indexed(first: int = 0) -> Array:
    """Return the screen as indices into the palette of its sorted colours."""
    _, index = np.unique(screen().reshape(-1, 3), axis=0, return_inverse=True)
    return (index.reshape(ROWS, COLUMNS) + first).astype(np.uint8)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
@pytest.mark.parametrize(
    ("width", "intensity"), [(8, 1), (16, 257), (16, 1)], ids=["8 bits", "16 bits", "8 in 16"]
)
def test_palette(syntax: str, width: int, intensity: int, tmp_path: Path) -> None:
    """Entries of 8 bits, of 16, and of 8 in 16."""
    made = image(indexed(), "PALETTE COLOR", syntax)
    assert_screen(shown(palette(made, width, intensity=intensity), tmp_path))


def test_palette_that_starts_later_and_pixels_of_sixteen_bits(tmp_path: Path) -> None:
    """Values before the first mapped one get its colour."""
    pixels = indexed(first=20).astype(np.uint16)
    pixels[pixels == 20] = 3
    made = image(pixels, "PALETTE COLOR")
    assert_screen(shown(palette(made, 16, first=20, intensity=257), tmp_path))


def test_segmented_palette(tmp_path: Path) -> None:
    """Segments of PS3.3 C.7.9.2: here one of single values for each colour."""
    made = palette(image(indexed(), "PALETTE COLOR"), 16, intensity=257)
    for name in ("Red", "Green", "Blue"):
        data = made[f"{name}PaletteColorLookupTableData"].value
        count = np.array([0, len(data) // 2], np.uint16).tobytes()
        setattr(made, f"Segmented{name}PaletteColorLookupTableData", count + data)
        delattr(made, f"{name}PaletteColorLookupTableData")
    assert_screen(shown(made, tmp_path))


def test_palette_that_is_too_short_is_no_picture(tmp_path: Path) -> None:
    """Colours are not guessed."""
    made = palette(image(indexed(), "PALETTE COLOR"), 8)
    made.GreenPaletteColorLookupTableData = b"\0\0"
    with pytest.raises(NotRenderable):
        shown(made, tmp_path)


RAMP = grey_screen()
WIDE = (RAMP.astype(np.uint16) << 4) + 10


@pytest.mark.parametrize(
    ("pixels", "photometric", "elements", "wanted"),
    [
        (RAMP, "MONOCHROME2", {}, RAMP),
        (RAMP, "MONOCHROME1", {}, 255 - RAMP),
        (RAMP, "MONOCHROME1", {"PresentationLUTShape": "INVERSE"}, 255 - RAMP),
        (RAMP, "MONOCHROME2", {"PresentationLUTShape": "IDENTITY"}, RAMP),
        (RAMP, "MONOCHROME2", {"WindowCenter": "128", "WindowWidth": "256"}, RAMP),
        (RAMP, "MONOCHROME2", {"WindowCenter": "64", "WindowWidth": "2"}, (RAMP > 63) * 255),
        (RAMP, "MONOCHROME2", {"WindowCenter": ["128", "9"], "WindowWidth": ["256", "1"]}, RAMP),
        (RAMP, "MONOCHROME2", {"WindowCenter": "128", "WindowWidth": "0"}, RAMP),
        (RAMP, "MONOCHROME2", {"RescaleSlope": "1", "RescaleIntercept": "0"}, RAMP),
        (RAMP // 2, "MONOCHROME2", {"RescaleSlope": "2", "RescaleIntercept": "-9"}, RAMP),
        (RAMP >> 2, "MONOCHROME2", {"BitsStored": 6, "HighBit": 5}, RAMP),
        (WIDE, "MONOCHROME2", {}, RAMP),
        (WIDE, "MONOCHROME2", {"WindowCenter": "2058", "WindowWidth": "4096"}, RAMP),
        (WIDE, "MONOCHROME1", {"BitsStored": 12, "HighBit": 11}, 255 - RAMP),
        (WIDE.astype(np.int16) - 2048, "MONOCHROME2", {}, RAMP),
        (
            WIDE,
            "MONOCHROME2",
            {"WindowCenter": "2050", "WindowWidth": "4080", "VOILUTFunction": "LINEAR_EXACT"},
            RAMP,
        ),
    ],
)
def test_grey(
    pixels: Array, photometric: str, elements: dict[str, Any], wanted: Array, tmp_path: Path
) -> None:
    """Rescale, then window, then the sense of the scale; wide values without a window fill it."""
    found = shown(image(pixels, photometric, **elements), tmp_path)
    assert found.shape == (ROWS, COLUMNS)
    assert np.abs(found.astype(int) - wanted).max() <= 6


def test_grey_of_big_endian_words(tmp_path: Path) -> None:
    """Sixteen bits in the retired order."""
    made = image(WIDE.astype(">u2"), "MONOCHROME2", uid.ExplicitVRBigEndian)
    assert np.abs(shown(made, tmp_path).astype(int) - RAMP).max() <= 6


def test_voi_table(tmp_path: Path) -> None:
    """A VOI LUT counts before a window; here it turns the scale round."""
    item = Dataset()
    item.LUTDescriptor = [256, 0, 8]
    item.LUTData = [255 - value for value in range(256)]
    item["LUTData"].VR = "US"
    item["LUTDescriptor"].VR = "US"
    made = image(RAMP, "MONOCHROME2", VOILUTSequence=[item], WindowCenter="1", WindowWidth="1")
    assert np.abs(shown(made, tmp_path).astype(int) - (255 - RAMP)).max() <= 6


@pytest.mark.parametrize(
    ("aspect", "shape"),
    [
        ([1, 1], (48, 64)),
        ([2, 1], (96, 64)),
        ([1, 2], (48, 128)),
        ([4, 3], (64, 64)),
        ([0, 0], (48, 64)),
    ],
)
def test_pixels_become_square(aspect: list[int], shape: tuple[int, int], tmp_path: Path) -> None:
    """Distances on a workstation's screen are in proportion (height comes first)."""
    made = image(screen(), "RGB", PixelAspectRatio=aspect)
    assert shown(made, tmp_path).shape[:2] == shape


def loop(syntax: str = uid.ExplicitVRLittleEndian) -> Dataset:
    """Return a loop of four frames: the greys 50, 100, 150, 200."""
    made = image(RAMP, "MONOCHROME2", syntax, NumberOfFrames="4")
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = uid.UID(US_LOOP)
    frames = [np.full((ROWS, COLUMNS), grey, np.uint8) for grey in (50, 100, 150, 200)]
    put_pixels(made, np.stack(frames).tobytes())
    return made


@pytest.mark.parametrize(
    ("frame", "stands_for", "grey"),
    [(1, None, 50), (4, None, 200), (None, None, 100), (None, 4, 200), (None, 9, 100), (2, 4, 100)],
)
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless])
def test_frame_of_a_loop(
    frame: int | None, stands_for: int | None, grey: int, syntax: str, tmp_path: Path
) -> None:
    """The frame asked for; else the one the device says stands for the loop; else the middle."""
    made = loop()
    if stands_for is not None:
        made.RepresentativeFrameNumber = stands_for
    if syntax == uid.RLELossless:
        made.compress(syntax, encoding_plugin="pydicom")
    assert np.abs(shown(made, tmp_path, frame).astype(int) - grey).max() <= 2


@pytest.mark.parametrize("frame", [0, 5, -1])
def test_frame_that_does_not_exist(frame: int, tmp_path: Path) -> None:
    """Frames count from 1 to their number."""
    with pytest.raises(NotRenderable):
        shown(loop(), tmp_path, frame)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_rle(photometric: str, tmp_path: Path) -> None:
    """Run lengths, always by plane."""
    made = image(screen() if photometric == "RGB" else ybr(screen()), photometric)
    made.compress(uid.RLELossless, encoding_plugin="pydicom")
    assert_screen(shown(made, tmp_path))


@pytest.mark.parametrize("photometric", ["RGB", "YBR_RCT", "YBR_ICT", "YBR_FULL"])
def test_jpeg_2000(photometric: str, tmp_path: Path) -> None:
    """With the transform of the codestream, and without it."""
    lossy = photometric == "YBR_ICT"
    pixels = ybr(screen()) if photometric == "YBR_FULL" else screen()
    made = image(pixels, photometric if photometric == "YBR_FULL" else "RGB")
    if photometric.endswith("CT"):
        made.PhotometricInterpretation = photometric
    options: dict[str, Any] = {"j2k_psnr": [60]} if lossy else {}
    syntax = uid.JPEG2000 if lossy else uid.JPEG2000Lossless
    made.compress(syntax, pixels, encoding_plugin="pylibjpeg", **options)
    assert_screen(shown(made, tmp_path), tolerance=10)


def test_jpeg_2000_of_sixteen_bits(tmp_path: Path) -> None:
    """Grey of more than eight bits."""
    made = image(WIDE, "MONOCHROME2")
    made.compress(uid.JPEG2000Lossless, WIDE, encoding_plugin="pylibjpeg")
    assert np.abs(shown(made, tmp_path).astype(int) - RAMP).max() <= 6


@pytest.mark.parametrize("label", ["RGB", "YBR_RCT"])
def test_high_throughput_jpeg_2000(label: str, tmp_path: Path) -> None:
    """The screen as OpenJPH compressed it: nothing we have writes this syntax."""
    made = image(screen(), label)
    stream = Path(__file__).with_name("screen.jhc").read_bytes()
    put_frames(made, [stream], uid.HTJ2KLossless)
    assert_screen(shown(made, tmp_path))


@pytest.mark.parametrize("name", ["SC_rgb_jls_lossy_line.dcm", "SC_rgb_jls_lossy_sample.dcm"])
def test_jpeg_ls_by_line_and_by_sample(name: str, tmp_path: Path) -> None:
    """Both orders of the samples in a scan show the bars that pydicom's own file shows."""
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip("this pydicom brings no test files")
    found = shown(Path(path), tmp_path)[5::10, 50].astype(int)
    wanted = [(255, 0, 0), (255, 128, 128), (0, 255, 0), (128, 255, 128), (0, 0, 255)]
    assert np.abs(found[:5] - wanted).max() <= 10
