"""What is put right in an object when it leaves; the stored one stays as it is."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO

import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence

from gdtbridge.dataset.jpeg import JpegColours, parse_codestream
from gdtbridge.dataset.values import is_valid_uid
from gdtbridge.devices.profile import quirk_names
from gdtbridge.devices.quirks import as_it_leaves, known_quirks, report_series

COMPREHENSIVE, US_IMAGE = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.6.1"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
EXPLICIT, BASELINE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"
SERIES = "1.2.3.4"


def made(sop_class: str, manufacturer: str = "Sonoscape", **values: object) -> Dataset:
    """Return an object of a maker."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, "1.2.3.4.5"
    dataset.Manufacturer, dataset.SeriesInstanceUID, dataset.Modality = manufacturer, SERIES, "US"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def referring(*classes: str) -> Dataset:
    """Return the evidence of a document: one series with instances of these classes."""
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID = SERIES
    references = []
    for number, sop_class in enumerate(classes):
        reference = Dataset()
        reference.ReferencedSOPClassUID = sop_class
        reference.ReferencedSOPInstanceUID = f"1.2.9.{number}"
        references.append(reference)
    series.ReferencedSOPSequence = Sequence(references)
    study.StudyInstanceUID, study.ReferencedSeriesSequence = "1.2", Sequence([series])
    return study


def referred(dataset: Dataset) -> dict[str, list[str]]:
    """Return the SOP classes an object refers to, by series."""
    (study,) = dataset.CurrentRequestedProcedureEvidenceSequence
    return {
        str(series.SeriesInstanceUID): [
            str(one.ReferencedSOPClassUID) for one in series.ReferencedSOPSequence
        ]
        for series in study.ReferencedSeriesSequence
    }


def test_every_row_is_a_quirk_with_its_source() -> None:
    """The settings know the same names."""
    assert tuple(known_quirks()) == quirk_names()
    assert all(one.source and one.german and one.english for one in known_quirks().values())


@pytest.mark.parametrize("manufacturer", ["Sonoscape", "SONOSCAPE MEDICAL CORP. "])
def test_a_report_leaves_in_a_series_of_its_own(manufacturer: str) -> None:
    """Always the same one; the images stay in theirs, and so do references to them."""
    evidence = Sequence([referring(US_IMAGE, COMPREHENSIVE)])
    report = made(COMPREHENSIVE, manufacturer, CurrentRequestedProcedureEvidenceSequence=evidence)
    stored = deepcopy(report)

    leaving = as_it_leaves(report, EXPLICIT)

    assert report == stored
    assert leaving.SeriesInstanceUID == report_series(SERIES) != SERIES
    assert is_valid_uid(leaving.SeriesInstanceUID)
    assert (leaving.Modality, leaving.SOPInstanceUID) == ("SR", report.SOPInstanceUID)
    assert referred(leaving) == {
        SERIES: [US_IMAGE],
        report_series(SERIES): [COMPREHENSIVE],
    }
    assert as_it_leaves(report, EXPLICIT) == leaving


def test_key_objects_name_the_series_a_report_leaves_in() -> None:
    """A document of the same device that refers to reports alone keeps its own series."""
    evidence = Sequence([referring(COMPREHENSIVE)])
    document = made(KEY_OBJECTS, CurrentRequestedProcedureEvidenceSequence=evidence)
    leaving = as_it_leaves(document, EXPLICIT)
    assert leaving.SeriesInstanceUID == SERIES
    assert referred(leaving) == {report_series(SERIES): [COMPREHENSIVE]}


def test_another_maker_needs_it_by_name() -> None:
    """Nothing is changed that nobody asked for: the very same dataset leaves."""
    report = made(COMPREHENSIVE, "GE Healthcare")
    assert as_it_leaves(report, EXPLICIT) is report
    named = as_it_leaves(report, EXPLICIT, ["report-series"])
    assert named.SeriesInstanceUID == report_series(SERIES)


def picture(*, rgb: bool, thinned: bool = False, mark: bool = True) -> bytes:
    """Return a small JPEG; without a mark nothing in it tells its colours."""
    image = Image.new("RGB", (16, 16), (200, 30, 30))
    file = BytesIO()
    image.save(file, "JPEG", keep_rgb=rgb, subsampling=2 if thinned else 0)
    stream = parse_codestream(data := file.getvalue())
    return data if mark else b"\xff\xd8" + b"".join(stream.parts)


def colours_of(dataset: Dataset) -> set[JpegColours | None]:
    """Return what the streams of an object say."""
    frames = generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames))
    return {parse_codestream(frame).colours for frame in frames}


LUMA, RED = JpegColours.LUMA_CHROMA, JpegColours.RED_GREEN_BLUE
COLOURS = [
    ("RGB", picture(rgb=False), "YBR_FULL", LUMA),
    ("RGB", picture(rgb=False, thinned=True), "YBR_FULL_422", LUMA),
    ("YBR_FULL_422", picture(rgb=True), "RGB", RED),
    ("RGB", picture(rgb=False, mark=False), "RGB", RED),
    ("YBR_FULL", picture(rgb=False), "YBR_FULL", LUMA),
    ("RGB", picture(rgb=True), "RGB", RED),
    ("YBR_FULL", picture(rgb=False, mark=False), "YBR_FULL", None),
    ("MONOCHROME2", picture(rgb=False), "MONOCHROME2", LUMA),
]


@pytest.mark.parametrize(("label", "frame", "told", "said"), COLOURS)
def test_label_and_stream_say_the_same(
    label: str, frame: bytes, told: str, said: JpegColours | None
) -> None:
    """The label follows what the streams say; a silent one is marked as the label says."""
    image = made(US_IMAGE, PhotometricInterpretation=label, NumberOfFrames=2)
    image.PixelData = encapsulate([frame, frame])
    leaving = as_it_leaves(image, BASELINE)
    assert (leaving.PhotometricInterpretation, colours_of(leaving)) == (told, {said})
    assert image.PhotometricInterpretation == label
    pixels = [
        [parse_codestream(one).parts for one in generate_frames(data, number_of_frames=2)]
        for data in (image.PixelData, leaving.PixelData)
    ]
    assert pixels[0] == pixels[1]


@pytest.mark.parametrize("data", [b"", b"\xfe\xff\x00\xe0", encapsulate([b"no jpeg"])])
def test_a_damaged_picture_leaves_as_it_is(data: bytes) -> None:
    """What nobody can read is nobody's to change."""
    image = made(US_IMAGE, PhotometricInterpretation="RGB", PixelData=data)
    assert as_it_leaves(image, BASELINE) == image
