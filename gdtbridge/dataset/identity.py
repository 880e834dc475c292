"""Implementation Class UID and Version Name, for associations and files (PS3.7 D.3.3.2)."""

from __future__ import annotations

from typing import Final

import gdtbridge

IMPLEMENTATION_CLASS_UID: Final = "2.25.213384531378279861352041721331516693815"
"""Identifies our implementation (PS3.7 D.3.3.2); made from a random UUID (PS3.5 B.2)."""
IMPLEMENTATION_VERSION_NAME: Final = "GDTBRIDGE_" + ".".join(gdtbridge.__version__.split(".")[:2])
