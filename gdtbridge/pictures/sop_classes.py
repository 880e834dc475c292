"""Which SOP classes can become files (PS3.6 Table A-1).

Everything else (reports, presentation states, raw data, waveforms, volumes) is no candidate.
"""

from __future__ import annotations

from typing import Final

ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"

KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"

STILLS: Final[dict[str, str]] = {
    "1.2.840.10008.5.1.4.1.1.6": "Ultrasound Image Storage (Retired)",
    "1.2.840.10008.5.1.4.1.1.6.1": "Ultrasound Image Storage",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.1": "Computed Radiography Image Storage",
    "1.2.840.10008.5.1.4.1.1.1.1": "Digital X-Ray Image Storage - For Presentation",
    "1.2.840.10008.5.1.4.1.1.1.2": "Digital Mammography X-Ray Image Storage - For Presentation",
    "1.2.840.10008.5.1.4.1.1.1.3": "Digital Intra-Oral X-Ray Image Storage - For Presentation",
    "1.2.840.10008.5.1.4.1.1.77.1.1": "VL Endoscopic Image Storage",
    "1.2.840.10008.5.1.4.1.1.77.1.2": "VL Microscopic Image Storage",
    "1.2.840.10008.5.1.4.1.1.77.1.4": "VL Photographic Image Storage",
    "1.2.840.10008.5.1.4.1.1.77.1.5.1": "Ophthalmic Photography 8 Bit Image Storage",
    "1.2.840.10008.5.1.4.1.1.77.1.5.2": "Ophthalmic Photography 16 Bit Image Storage",
    "1.2.840.10008.5.1.4.1.1.77.1.7": "Dermoscopic Photography Image Storage",
}
"""Classes whose instances are single frames, unless the instance says otherwise."""

LOOPS: Final[dict[str, str]] = {
    "1.2.840.10008.5.1.4.1.1.3": "Ultrasound Multi-frame Image Storage (Retired)",
    "1.2.840.10008.5.1.4.1.1.3.1": "Ultrasound Multi-frame Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.1": "Multi-frame Single Bit Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.12.1": "X-Ray Angiographic Image Storage",
    "1.2.840.10008.5.1.4.1.1.12.2": "X-Ray Radiofluoroscopic Image Storage",
}
"""Classes of many frames; some devices store their stills in them, as one frame."""


def is_document(sop_class_uid: str) -> bool:
    """Return whether instances of this class hold a PDF."""
    return sop_class_uid == ENCAPSULATED_PDF


def is_image(sop_class_uid: str) -> bool:
    """Return whether instances of this class hold pictures a person looks at as they are."""
    return sop_class_uid in STILLS or sop_class_uid in LOOPS


def is_candidate(sop_class_uid: str) -> bool:
    """Return whether instances of this class can become files at all."""
    return is_document(sop_class_uid) or is_image(sop_class_uid)


def is_key_object(sop_class_uid: str) -> bool:
    """Return whether instances of this class are Key Object Selections."""
    return sop_class_uid == KEY_OBJECT_SELECTION
