"""pydicom's decoders, each with the library it stands on loaded when the first frame needs it.

A child that looks where frames are, or shows what most devices send, does without GDCM and
OpenJPEG: 19 MB, and a fifth of the time it takes to start.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

from pydicom.pixels.decoders.base import Decoder, get_decoder

from gdtbridge.dataset.image_libraries import let_image_libraries_in

LIBRARIES: Final = {"gdcm": ("gdcm",), "pylibjpeg": ("pylibjpeg", "openjpeg")}
"""pydicom's names of decoders, and the modules that are kept out until one is asked for."""


def decoder_of(syntax: str, name: str) -> Decoder:
    """Return pydicom's decoder of a transfer syntax, ready to decode by a name of `LIBRARIES`.

    Any other name is one that stands on nothing. Where its library is not installed the decoder
    raises when it is asked.
    """
    decoder = get_decoder(syntax)
    if name in LIBRARIES and name not in decoder.available_plugins:
        module = sys.modules[f"pydicom.pixels.decoders.{name}"]
        if let_image_libraries_in(LIBRARIES[name]):
            importlib.reload(module)  # it has found out at its import that there is no library
        decoder.remove_plugin(name)
        decoder.add_plugin(name, (module.__name__, "_decode_frame"))
    return decoder
