"""The sample files that come along: where they lie, and how one is read."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

import gdtbridge
from gdtbridge.simulator.exam import SimulationError


def sample_folder() -> Path:
    """Return the folder with ``images/``, ``sr/`` and ``gdt/``, of the wheel or of the checkout."""
    package = Path(gdtbridge.__file__).resolve().parent
    for folder in (package / "_samples", package.parent / "samples"):
        if (folder / "sr").is_dir():
            return folder
    raise SimulationError("Die Beispieldateien fehlen. / The sample files are missing.")


def sample_files() -> tuple[Path, ...]:
    """Return the shipped images and reports, in the order a device sends them."""
    folder = sample_folder()
    images, reports = (sorted((folder / part).glob("*.dcm")) for part in ("images", "sr"))
    return (*images, *reports)


def read_sample(path: Path) -> Dataset:
    """Return a sample with every text decoded, so that its character set may change."""
    try:
        ds = dcmread(path)
        ds.decode()
        known = ds.StudyInstanceUID and ds.SeriesInstanceUID and ds.SOPInstanceUID
    except (InvalidDicomError, OSError, AttributeError) as error:
        raise SimulationError(
            f"{path.name}: keine lesbare DICOM-Datei. / not a readable DICOM file."
        ) from error
    if not known:
        raise SimulationError(f"{path.name}: ohne UID. / has an empty UID.")
    return ds
