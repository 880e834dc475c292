"""A package as npm ships it: checked as a whole, then its build, trimmed and told where it stands.

The build was made to stand at the root of a server. It names its own files by one expression of the
packer (rspack), and its fonts by the style sheet; both are replaced, nothing else is changed.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from gdtbridge.errors import ViewerPackageError
from gdtbridge.ohif.releases import OhifRelease

BUILD: Final = "package/dist/"
LICENCE: Final = "package/LICENSE"
LICENCE_NAME: Final = "LICENSE.txt"
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one file."""
LEVEL: Final = 6
"""Of compressing: 9 takes three times as long and saves a hundredth."""
_CHUNK: Final = 1024 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)
_ROOT_IN_SCRIPT: Final = b'__webpack_require__.p = "/";'
_ROOT_IN_STYLE: Final = b"url(/"
COMPRESSED: Final = frozenset({".js", ".css", ".wasm", ".svg", ".txt"})
"""Files that are kept compressed, as browsers take them."""
FOREIGN: Final = (
    "Das ist nicht das Paket {version}, das hier bekannt ist (Prüfsumme). Bitte "
    "https://registry.npmjs.org/@ohif/app/-/app-{version}.tgz laden, unverändert. / This is not "
    "the package {version} that is known here (checksum); load it again, unchanged."
)
ODD: Final = (
    "Das Paket ist anders aufgebaut als bekannt, es wurde nichts installiert. / The package is "
    "made otherwise than known; nothing was installed: {}."
)


@dataclass(frozen=True, slots=True)
class BuildFile:
    """A file of the build: its name below the build's folder, its content as it is kept.

    One whose ending is in `COMPRESSED` is compressed (gzip).
    """

    name: str
    content: bytes


def must_be(file: IO[bytes], release: OhifRelease) -> None:
    """Raise `ViewerPackageError` unless a file is the package of a release, byte by byte."""
    digest, length = hashlib.sha512(), 0
    file.seek(0)
    while (piece := file.read(_CHUNK)) and length <= release.size:
        digest.update(piece)
        length += len(piece)
    if length != release.size or digest.digest() != release.sha512:
        raise ViewerPackageError(FOREIGN.format(version=release.version))
    file.seek(0)


def files_of(file: IO[bytes], release: OhifRelease, root: str) -> Iterator[BuildFile]:
    """Yield what is installed of a package, for a build that stands at the path ``root``.

    ``root`` ends with a slash. Raises `ViewerPackageError` for what is no such package.
    """
    try:
        with tarfile.open(fileobj=file, mode="r|gz") as package:
            for member in package:
                name = _name_of(member, release)
                if name and (content := package.extractfile(member)) is not None:
                    yield _kept(name, content.read(), root.encode("ascii"))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ViewerPackageError(ODD.format(type(error).__name__)) from error


def _name_of(member: tarfile.TarInfo, release: OhifRelease) -> str:
    """Return under which name a member is installed; empty for what is left out."""
    if member.name == LICENCE:
        return LICENCE_NAME
    if not member.isfile() or not member.name.startswith(BUILD):
        return ""
    name = member.name.removeprefix(BUILD)
    if release.leaves_out(name):
        return ""
    if not _NAME.fullmatch(name) or member.size > LARGEST:
        raise ViewerPackageError(ODD.format(f"{len(name)} / {member.size}"))
    return name


def _kept(name: str, content: bytes, root: bytes) -> BuildFile:
    if name.endswith(".js"):
        there = _ROOT_IN_SCRIPT.replace(b"/", root)
        content = content.replace(_ROOT_IN_SCRIPT, there)
    elif name.endswith(".css"):
        content = content.replace(_ROOT_IN_STYLE, b"url(" + root)
    if name[name.rfind(".") :] in COMPRESSED:
        content = gzip.compress(content, LEVEL, mtime=0)
    return BuildFile(name, content)
