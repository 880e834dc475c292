"""The folders: at the start ours are made, those a practice named must be there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from gdtbridge.durable.call import FolderCall
from gdtbridge.durable.files import sync_folder
from gdtbridge.durable.modes import PRIVATE_FOLDER, make_folder, set_mode
from gdtbridge.errors import NoInstallation, SettingsError
from gdtbridge.settings.models import Settings

ANSWER_SECONDS: Final = 1.0
"""A folder that has not answered by then is not waited for at the start."""


def make_folders(settings: Settings) -> None:
    """Make our own folders; one the practice named is never made, or results go where nobody looks.

    Those shared with practice software are not touched: they may hang, and images are received all
    the same. Raises `SettingsError` for a folder nothing works without; where a named worklist does
    not answer, the start goes on.
    """
    if settings.worklist.folder is not None and _is_missing(settings.worklist_folder):
        raise SettingsError(_missing("worklist.folder", settings.worklist_folder))
    private = frozenset(private_folders(settings))
    for key, folder in own_folders(settings):
        _make(key, folder, PRIVATE_FOLDER if folder in private else None)
    _set_modes(settings)


def own_folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the folders a start makes, parents first, each with the setting that moves it."""
    for folder in (
        settings.root,
        settings.archive_folder,
        settings.spool_folder,
        settings.file_spool,
        settings.picture_folder,
        settings.metadata_folder,
        settings.order_spool,
        settings.taken_folder,
        settings.refused_folder,
    ):
        yield "storage.root", folder
    if settings.http.tls == "self-made":
        yield "storage.root", settings.tls_folder
    if settings.worklist.folder is None:
        yield "worklist.folder", settings.worklist_folder
    if settings.gdt.out is None:
        yield "gdt.out", settings.gdt_out
    if settings.gdt.in_ is None:
        yield "gdt.in", settings.gdt_in


def private_folders(settings: Settings) -> Iterator[Path]:
    """Yield the folders nobody else has to enter; a worklist the practice named is shared."""
    yield settings.archive_folder
    yield settings.spool_folder
    yield settings.file_spool
    yield settings.picture_folder
    yield settings.metadata_folder
    yield settings.order_spool
    yield settings.taken_folder
    yield settings.refused_folder
    yield settings.tls_folder
    if settings.worklist.folder is None:
        yield settings.worklist_folder


def _set_modes(settings: Settings) -> None:
    """Close what older programs left open, and open what the settings say.

    A closed folder closes all below it, so none is walked through. The root stays as it is: the
    practice software's way to its folders leads through it.
    """
    for folder in private_folders(settings):
        set_mode(folder, PRIVATE_FOLDER)
    if settings.gdt.folder_mode:
        for named, folder in (
            (settings.gdt.out, settings.gdt_out),
            (settings.gdt.in_, settings.gdt_in),
        ):
            if named is None:
                set_mode(folder, int(settings.gdt.folder_mode, 8))


def find_installation(settings: Settings) -> None:
    """Raise `NoInstallation` unless there is a root, and `SettingsError` if we may not read it."""
    try:
        with os.scandir(settings.root):
            pass
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoInstallation(
            f"{settings.root} (storage.root; Einstellungen / settings: {settings.origin})"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"storage.root: Dieser Benutzer darf den Ordner {settings.root} nicht lesen. / This "
            f"user may not read folder {settings.root}: {error.strerror}."
        ) from error


def shared_folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the folders of others, which may hang.

    Those of practice software and those of devices, and a named worklist.
    """
    yield from exchange_folders(settings)
    yield from pickup_folders(settings)
    if settings.worklist.folder is not None:
        yield "worklist.folder", settings.worklist_folder


def exchange_folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the folders shared with practice software, each with the setting that names it."""
    for exchange in settings.exchanges:
        yield from exchange.folders


def pickup_folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the folders DICOM files are taken from, each with the setting that names it."""
    for number, one in enumerate(settings.pickups, 1):
        yield f"pickup ({number})", one.folder


def _missing(key: str, folder: Path) -> str:
    return (
        f"{key}: Der Ordner {folder} ist nicht da. Bitte anlegen oder die Freigabe verbinden. / "
        f"Folder {folder} does not exist; make it or mount the share."
    )


def _is_missing(folder: Path) -> bool:
    """Return whether the folder is surely not there; one that hangs may be."""
    with suppress(TimeoutError):
        return not FolderCall(folder.is_dir).result(ANSWER_SECONDS)
    return False


def _make(key: str, folder: Path, mode: int | None) -> None:
    """Make a folder, and its name durable: an earlier start may have been cut off in between."""
    try:
        make_folder(folder, mode)
        sync_folder(folder.parent)
    except OSError as error:
        raise SettingsError(
            f"{key}: Der Ordner {folder} lässt sich nicht anlegen. / Folder {folder} cannot be "
            f"made: {error.strerror}."
        ) from error
    if not is_writable(folder):
        raise SettingsError(
            f"{key}: In den Ordner {folder} darf nicht geschrieben werden. / Folder {folder} is "
            "not writable."
        )


def is_writable(folder: Path) -> bool:
    """Return whether this process may list, enter and change the folder."""
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK)
