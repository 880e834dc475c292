"""Small packages made as npm's @ohif/app is."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from typing import Final

from gdtbridge.ohif import OhifRelease

SCRIPT: Final = "app.bundle.0123abcd.js"
BUILD: Final = {
    "package/LICENSE": b"MIT",
    "package/package.json": b"{}",
    f"package/dist/{SCRIPT}": b'(() => {\n__webpack_require__.p = "/";\n})();' + b" " * 2000,
    "package/dist/app.bundle.css": b"@font-face { src: url(/a.woff2) }",
    "package/dist/a.woff2": b"\0\1\2",
    "package/dist/codec.wasm": b"\0asm",
}
"""Of a build the least that runs."""


def packed(files: Mapping[str, bytes], *further: tarfile.TarInfo) -> bytes:
    """Return a package with these files, and further members without content."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in further:
            archive.addfile(member)
    return gzip.compress(file.getvalue(), 1)


def release_of(package: bytes) -> OhifRelease:
    """Return the release whose package these bytes are."""
    return OhifRelease("3.0.0", len(package), hashlib.sha512(package).digest())
