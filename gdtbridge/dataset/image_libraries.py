"""Keeps the libraries that decode images out of this process.

pydicom loads numpy, Pillow, GDCM and pylibjpeg at its own import wherever they are installed, 40 MB
and a quarter of a second, although only the guarded child of the attachments decodes images. A
process that says so before it imports pydicom gets pydicom without them.
"""

from __future__ import annotations

import sys
from typing import Final

IMAGE_LIBRARIES: Final = ("numpy", "PIL", "gdcm", "pylibjpeg", "openjpeg")


def keep_image_libraries_out() -> None:
    """Make importing the libraries fail from now on; what is loaded already stays."""
    for name in IMAGE_LIBRARIES:
        # An entry of None is how the import system is told that there is no such module.
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
