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

VIDEOS: Final[dict[str, str]] = {
    # Transfer syntax to the codec (PS3.5 A.4.5 to A.4.7, A.4.9 to A.4.11).
    **dict.fromkeys((uid.MPEG2MPML, uid.MPEG2MPMLF, uid.MPEG2MPHL, uid.MPEG2MPHLF), "MPEG-2"),
    **dict.fromkeys(
        (
            *(uid.MPEG4HP41, uid.MPEG4HP41F, uid.MPEG4HP41BD, uid.MPEG4HP41BDF),
            *(uid.MPEG4HP422D, uid.MPEG4HP422DF, uid.MPEG4HP423D, uid.MPEG4HP423DF),
            *(uid.MPEG4HP42STEREO, uid.MPEG4HP42STEREOF),
        ),
        "H.264",
    ),
    **dict.fromkeys((uid.HEVCMP51, uid.HEVCM10P51), "H.265"),
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
