"""pydicom made safe for foreign data: no exploding exception texts, no values in warnings.

``pydicom.tag.tag_in_exception`` (3.0.2) writes the formatted traceback, which holds the message so
far, into a new message at every nesting level: a damaged object of 270 bytes costs gigabytes. And
pydicom's warnings quote the value they complain about, which may be a patient's. Call
`harden_pydicom` once at start-up, before the first foreign byte is read.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pydicom
import pydicom.dataset
import pydicom.filewriter
import pydicom.misc
import pydicom.tag

_AMPLIFIERS: Final = (pydicom.tag, pydicom.dataset, pydicom.filewriter)


@contextmanager
def _passing_through(tag: object) -> Iterator[None]:  # noqa: ARG001 - pydicom's signature
    yield


def _say_nothing(msg: str, category: type[Warning] | None = None, stacklevel: int = 1) -> None:
    """Take the place of ``pydicom.misc.warn_and_log``, whose messages carry values."""


def harden_pydicom() -> None:
    """Replace what makes pydicom dangerous with foreign data; calling it again does no harm.

    Exceptions pass through ``tag_in_exception`` unchanged, and pydicom neither warns nor logs below
    ERROR, whatever the warning filters of the process say.
    """
    for module in _AMPLIFIERS:
        vars(module)["tag_in_exception"] = _passing_through
    for name, loaded in tuple(sys.modules.items()):
        if name.partition(".")[0] == "pydicom" and hasattr(loaded, "warn_and_log"):
            vars(loaded)["warn_and_log"] = _say_nothing
    warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")
    logging.getLogger("pydicom").setLevel(logging.ERROR)
