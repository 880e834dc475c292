"""The errors of the bridge, one tree.

::

    BridgeError
    ├── SettingsError           the configuration is wrong; start-up stops
    ├── NoInstallation          nothing was ever made here: the wrong folder, or no first start yet
    ├── DatabaseError           the database cannot be used as it is
    │   ├── DatabaseLost        it is gone, empty or not ours, and what belongs to it is there
    │   └── DatabaseUnavailable not at the moment: another program locks it; trying again helps
    ├── StoreError              an object a device sent was not stored (C-STORE, PS3.4 B.2.3)
    │   ├── OutOfResources      A700, the device may try again
    │   │   └── StoreSuspended  A700 as well: the database is not to be had at the moment
    │   ├── ObjectTooLarge      A700, larger than ``dicom.max_object_mb``: trying again is vain
    │   ├── SopClassNotSupported 0122, it is of no storage SOP class
    │   ├── SopClassMismatch    A900, the dataset is not what the command announced
    │   │   └── OtherStudy      A901, it is not of the study that was named
    │   ├── NotUnderstood       C000, the dataset cannot be read far enough to file it
    │   └── ProcessingFailure   0110, something of ours failed; the device may try again
    ├── OrderError              an order is wrong in one named field
    ├── AnotherPerson           a patient number is not the named person's; nothing is shown
    ├── TooLate                 it cannot be taken back any more; ``str`` says what can be done
    ├── AlreadyDecided          somebody else was faster; it says who, when and what
    ├── Outdated                something came since a person looked; nothing was done
    ├── NeedsConfirmation       somebody has to say once more that this is meant
    ├── ViewerError             no viewer can be opened on a study
    ├── ViewerPackageError      a viewer cannot be had as a package, or it is another one
    ├── PictureUnavailable      a stored object cannot be looked at now (`viewing.model`)
    ├── FolderUnusable          a folder is out of reach, or its lock is busy (`durable.errors`)
    └── NotFound                there is nothing under that name

Every error tells a person what to do (``str(error)``: German first, then English) and never carries
patient data, so that it may be logged and sent in an error comment.
"""

from __future__ import annotations

from typing import ClassVar


class BridgeError(Exception):
    """Something a caller has to deal with; ``retriable`` says whether trying again can help."""

    retriable: ClassVar[bool] = False


class SettingsError(BridgeError):
    """The settings cannot be used; the text names each key and the way out."""


class NoInstallation(BridgeError):
    """There is no installation where the settings say; ``place`` is where was looked."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"Hier ist keine Installation: {place}. Bitte den Befehl im Ordner von gdtbridge geben "
            "oder mit --config die Einstellungen nennen; neu angelegt wird nur vom Dienst "
            f"(gdtbridge serve). / No installation here: {place}; run the command in gdtbridge's "
            "folder or name the settings by --config. Only the service makes a new one."
        )


class DatabaseError(BridgeError):
    """The database cannot be opened, is not one of ours, or fails; ``str`` names no value."""


class DatabaseLost(DatabaseError):
    """An installation without its database, which must not be taken for a new one."""

    def __init__(self, place: str, german: str, english: str) -> None:
        super().__init__(
            f"storage.database: Die Datenbank {place} {german}. Bitte zurücklegen oder "
            "zurückspielen (gdtbridge restore ORDNER); ohne Sicherung aus dem Archiv neu aufbauen "
            "(gdtbridge archive reindex); neu beginnen nur, wenn das gewollt "
            "ist (gdtbridge serve --begin-anew). / "
            f"The database {place} {english}. Put it back, restore a backup (gdtbridge restore "
            "FOLDER), make it anew from the archive (gdtbridge archive reindex), or begin anew if "
            "that is meant (gdtbridge serve --begin-anew)."
        )


class DatabaseUnavailable(DatabaseError):
    """The database is sound and not to be had at the moment; what was asked for was not done."""

    retriable = True


class StoreError(BridgeError):
    """An object was not stored; ``status`` is the DIMSE answer (PS3.4 Table B.2-1)."""

    status: ClassVar[int] = 0x0110
    comment: ClassVar[str] = "Processing failure"
    """English text for Error Comment (0000,0902): at most 64 characters, no patient data."""


class OutOfResources(StoreError):
    """No room on the disk (or too large an object): status A700."""

    retriable = True
    status = 0xA700
    comment = "Out of resources: disk full or object too large"


class StoreSuspended(OutOfResources):
    """Nothing can be stored until the database is to be had again: status A700."""

    comment = "Database not available for now, please send again later"


class ObjectTooLarge(StoreError):
    """An object by DICOMweb has more bytes than ``dicom.max_object_mb``: A700 (PS3.18 I.2.2)."""

    status = OutOfResources.status
    comment = "Object too large"


class SopClassNotSupported(StoreError):
    """An object is of no storage SOP class: status 0122 (PS3.7 C.5.6)."""

    status = 0x0122
    comment = "SOP class not supported"


class SopClassMismatch(StoreError):
    """Affected SOP Class or Instance UID differ from the dataset: status A900."""

    status = 0xA900
    comment = "Data set does not match the announced SOP class or instance"


class OtherStudy(SopClassMismatch):
    """An object is not of the study the address names: A901, of the range A9xx (PS3.18 I.2.2)."""

    status = 0xA901
    comment = "Not of the study that was named"


class NotAskedFor(StoreError):
    """An object that is being fetched is none of those asked for, or of another patient: 0124."""

    status = 0x0124
    comment = "Not of the study and patient that were asked for"


class NotUnderstood(StoreError):
    """The dataset cannot be read as far as its UIDs: status C000."""

    status = 0xC000
    comment = "Data set cannot be understood"


class ProcessingFailure(StoreError):
    """A fault on our side; nothing was acknowledged: status 0110."""

    retriable = True


class OrderError(BridgeError):
    """An order cannot be placed because of one field.

    ``field`` is the parameter the caller used, ``problem`` says what is wrong with its value and
    what would be right.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class TooLate(BridgeError):
    """What somebody wants to take back has left, or has gone on; ``str`` says what can be done."""


class AlreadyDecided(BridgeError):
    """Somebody has decided meanwhile what somebody else wants to decide.

    ``who``, ``at`` (UTC seconds), ``what`` (an `EventKind`) and ``number``, whose chart it went to,
    are for who may see patients; empty and 0 where that is not known. ``str`` names nobody.
    """

    def __init__(self, who: str = "", at: float = 0.0, what: str = "", number: str = "") -> None:
        super().__init__(
            "Das ist schon erledigt. Bitte neu laden. / This is done already; please load the page "
            "again."
        )
        self.who = who
        self.at = at
        self.what = what
        self.number = number


class Outdated(BridgeError):
    """Something has changed since a person looked, so that what was shown is not what happens."""

    def __init__(self) -> None:
        super().__init__(
            "Inzwischen hat sich etwas geändert; bitte noch einmal ansehen. Es wurde nichts getan. "
            "/ Something has changed meanwhile; please look again. Nothing was done."
        )


class NeedsConfirmation(BridgeError):
    """What somebody asks for may be a mistake; ``found`` says why, with patient data, never logged.

    ``str`` tells how to say it once more, and holds no patient data.
    """

    def __init__(self, text: str, found: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.found = found


class AnotherPerson(BridgeError):
    """A patient number was asked for with family name and birth date of somebody else.

    ``str`` says so and does not say whose the number is.
    """


class ViewerError(BridgeError):
    """No viewer is set up, or the study has no identifier it could be opened by."""


class ViewerPackageError(BridgeError):
    """The package of a viewer cannot be had, or is not the one that is known; nothing changed."""


class NotFound(BridgeError):
    """There is nothing under that name."""
