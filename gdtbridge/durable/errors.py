"""The errors of folders that cannot be used; ``str`` is German first, names the folder only."""

from __future__ import annotations

from pathlib import Path

from gdtbridge.errors import BridgeError


class FolderUnusable(BridgeError):
    """A folder cannot be read, written or locked now; its ``OSError`` is the cause."""

    retriable = True

    def __init__(self, folder: Path, german: str, english: str) -> None:
        super().__init__(f"Ordner {folder}: {german} / Folder {folder}: {english}")

    @classmethod
    def of(cls, folder: Path, error: OSError) -> FolderUnusable:
        """Return the error for an operation on ``folder`` that ended with ``error``."""
        reason = error.strerror or type(error).__name__
        return cls(
            folder,
            f"kein Zugriff ({reason}). Pfad, Rechte und freien Platz prüfen.",
            f"no access ({reason}). Check the path, its permissions and the free space.",
        )


class LockBusy(FolderUnusable):
    """Another process or thread holds a lock for longer than the caller waits."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            "ein anderer Vorgang hält die Sperre zu lange. Später noch einmal versuchen.",
            "another process holds the lock for too long. Try again later.",
        )


class FolderSilent(FolderUnusable):
    """A folder does not answer: what was asked of it may still happen when it does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            "antwortet nicht. Server und Netz prüfen, dann noch einmal versuchen.",
            "does not answer. Check the server and the network, then try again.",
        )
