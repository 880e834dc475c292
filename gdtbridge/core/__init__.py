"""The core: every room but the edges, opened and wired. Nothing is wired anywhere else.

`wiring.py` is the whole; beside it stands a module for each concern that takes more than a line.
What must not live here: decisions.
"""

from gdtbridge.core.core import Core
from gdtbridge.core.opening import Opening, open_core
from gdtbridge.core.stores import PictureReaders, Stores
from gdtbridge.core.wiring import wire

__all__ = ["Core", "Opening", "PictureReaders", "Stores", "open_core", "wire"]
