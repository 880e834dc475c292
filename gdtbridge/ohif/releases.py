"""Which releases are known, and what of each is left out: `releases.tsv`, `left_out.tsv`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from gdtbridge.tsv import table

EVERY: Final = "*"


@dataclass(frozen=True, slots=True)
class OhifRelease:
    """A release: its version, and size and SHA-512 of its package as the npm registry has it."""

    version: str
    size: int
    sha512: bytes

    @property
    def address(self) -> str:
        """Where the package can be had."""
        return f"https://registry.npmjs.org/@ohif/app/-/app-{self.version}.tgz"

    def leaves_out(self, name: str) -> bool:
        """Return whether a file of the build, named below ``dist/``, is not installed."""
        return any(
            fnmatchcase(name, pattern)
            for version, pattern, _ in table("ohif/left_out.tsv")
            if version in {EVERY, self.version}
        )


def _releases() -> Mapping[str, OhifRelease]:
    rows = table("ohif/releases.tsv")
    found = (OhifRelease(one, int(size), base64.b64decode(said)) for one, size, said in rows)
    return MappingProxyType({one.version: one for one in found})


RELEASES: Final[Mapping[str, OhifRelease]] = _releases()
"""By version, the newest first."""
LATEST: Final = next(iter(RELEASES.values()))
