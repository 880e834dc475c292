"""Passwords: what is kept of one, and whether a typed one is it.

scrypt (RFC 7914) with 32 MB for each comparison: N 2^15, r 8, p 3, one of the equal choices of
OWASP's Password Storage Cheat Sheet. The parameters stand in the hash, so that they can grow.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import unicodedata
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from gdtbridge.accounts.errors import AccountError, SignInBusy

SHORTEST: Final = 10
"""Characters of a password; longer beats more kinds of characters (NIST SP 800-63B)."""
LONGEST: Final = 200
FEWEST_DIFFERENT: Final = 4
AT_ONCE: Final = 2
"""Passwords that are compared at once, so that a flood of guesses takes 64 MB and no more."""
WAIT_SECONDS: Final = 5.0
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """The parameters of scrypt: N is 2 to the power of ``ln``."""

    ln: int = 15
    r: int = 8
    p: int = 3


class PasswordHasher:
    """Makes and compares hashes of passwords; as slow for names nobody has."""

    def __init__(self, cost: ScryptCost | None = None) -> None:
        self._cost = cost or ScryptCost()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        salt, nobodys = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_HASH_BYTES)
        self._nobody = _kept(self._cost, salt, nobodys)

    def hashed(self, password: str) -> str:
        """Return what is kept of a password: ``$scrypt$ln=…,r=…,p=…$salt$hash`` (PHC format)."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return _kept(self._cost, salt, self._derived(password, salt, self._cost))

    def is_right(self, password: str, kept: str) -> bool:
        """Return whether a password is the kept one; an empty ``kept`` takes as long and is not.

        Raises `SignInBusy` where too many are being compared.
        """
        _, _, parameters, salt, wanted = (kept or self._nobody).split("$")
        found = self._derived(password, _bytes(salt), _cost_of(parameters))
        return hmac.compare_digest(found, _bytes(wanted)) and bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Return whether a hash was made with other parameters than those of today."""
        return _cost_of(kept.split("$")[2]) != self._cost

    def _derived(self, password: str, salt: bytes, cost: ScryptCost) -> bytes:
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise SignInBusy
        try:
            return hashlib.scrypt(
                _typed(password),
                salt=salt,
                n=2**cost.ln,
                r=cost.r,
                p=cost.p,
                maxmem=256 * cost.r * 2**cost.ln,
                dklen=_HASH_BYTES,
            )
        finally:
            self._places.release()


def must_be_good(password: str, name: str) -> None:
    """Raise `AccountError` for a password that is easily guessed; any character may be in one."""
    if len(password) < SHORTEST:
        problem = (
            f"Bitte mindestens {SHORTEST} Zeichen, zum Beispiel vier Wörter. / At least {SHORTEST} "
            "characters, such as four words."
        )
    elif len(password) > LONGEST:
        problem = f"Höchstens {LONGEST} Zeichen. / At most {LONGEST} characters."
    elif len(set(password)) < FEWEST_DIFFERENT or _is_named_after(password, name):
        problem = "Das ist leicht zu erraten, bitte ein anderes. / Easily guessed, take another."
    else:
        return
    raise AccountError("password", problem)


def _is_named_after(password: str, name: str) -> bool:
    rest = password.casefold().replace(name.casefold(), "").replace("gdtbridge", "")
    return len(rest) < SHORTEST // 2


def _typed(password: str) -> bytes:
    """Return the bytes of a password, the same whatever keyboard composed its letters."""
    return unicodedata.normalize("NFKC", password[:LONGEST]).encode("utf-8", "surrogatepass")


def _kept(cost: ScryptCost, salt: bytes, derived: bytes) -> str:
    return f"$scrypt$ln={cost.ln},r={cost.r},p={cost.p}${_text(salt)}${_text(derived)}"


def _cost_of(parameters: str) -> ScryptCost:
    said = dict(part.split("=") for part in parameters.split(","))
    return ScryptCost(int(said["ln"]), int(said["r"]), int(said["p"]))


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4))
