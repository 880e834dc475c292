"""ZIP files encrypted by AES-256 (WinZip AE-2), as 7-Zip and others open them; passwords."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import IO, Any, Final

import pyzipper

AES_BITS: Final = 256
LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Of passwords: none that looks like another, to be told on the phone."""
GROUPS: Final = 5
GROUP: Final = 5
"""25 letters of 32: 125 bits."""


def encrypted_zip(target: Path | IO[bytes], password: str) -> Any:  # noqa: ANN401 - pyzipper has no types
    """Return a `zipfile.ZipFile` to write into whose members are encrypted, and not compressed."""
    archive = pyzipper.AESZipFile(
        target, "w", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES
    )
    archive.setpassword(password.encode())
    archive.setencryption(pyzipper.WZ_AES, nbits=AES_BITS)
    return archive


def new_password() -> str:
    """Return a password nobody guesses, in groups a person can read out: ``k3p7x-…``."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)
