"""Which transfer syntaxes of pixels are decoded here, and by what; none of these is the GPL one."""

from __future__ import annotations

from typing import Final

from pydicom import uid

JPEG_8_BIT: Final = frozenset({uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit})
"""What Pillow decodes; Extended only where it has 8 bits."""

DECODERS: Final[dict[str, str]] = {
    # Transfer syntax to pydicom's name of the decoder; "" for pixel data that is not compressed.
    uid.ImplicitVRLittleEndian: "",
    uid.ExplicitVRLittleEndian: "",
    uid.DeflatedExplicitVRLittleEndian: "",
    uid.ExplicitVRBigEndian: "",
    uid.RLELossless: "pydicom",
    uid.JPEGLossless: "gdcm",
    uid.JPEGLosslessSV1: "gdcm",
    uid.JPEGLSLossless: "gdcm",
    uid.JPEGLSNearLossless: "gdcm",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "pylibjpeg",
    uid.HTJ2KLosslessRPCL: "pylibjpeg",
    uid.HTJ2K: "pylibjpeg",
}

ALWAYS_LOSSY: Final[dict[str, str]] = {
    uid.JPEGBaseline8Bit: "ISO_10918_1",
    uid.JPEGExtended12Bit: "ISO_10918_1",
    uid.JPEGLSNearLossless: "ISO_14495_1",
}
"""Transfer syntaxes that lose by themselves, and the Lossy Image Compression Method (0028,2114)."""


def is_decodable(transfer_syntax: str) -> bool:
    """Return whether objects in a transfer syntax can be had uncompressed; videos cannot."""
    return transfer_syntax in DECODERS or transfer_syntax in JPEG_8_BIT
