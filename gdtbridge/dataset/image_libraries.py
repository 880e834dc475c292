"""Keeps the libraries that decode images out of this process.

pydicom loads numpy, Pillow, GDCM and pylibjpeg at its own import wherever they are installed, 40 MB
and a quarter of a second, although only the guarded children of the pictures decode images. A
process that says so before it imports pydicom gets pydicom without them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

DECODING: Final = ("gdcm", "pylibjpeg", "openjpeg")
IMAGE_LIBRARIES: Final = ("numpy", "PIL", *DECODING)


def keep_image_libraries_out(names: Iterable[str] = IMAGE_LIBRARIES) -> None:
    """Make importing the libraries fail from now on; what is loaded already stays."""
    for name in names:
        # An entry of None is how the import system is told that there is no such module.
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def let_image_libraries_in(names: Iterable[str]) -> bool:
    """Let libraries be imported that were kept out; return whether any of them was."""
    kept_out = [name for name in names if name in sys.modules and sys.modules[name] is None]
    for name in kept_out:
        del sys.modules[name]
    return bool(kept_out)
