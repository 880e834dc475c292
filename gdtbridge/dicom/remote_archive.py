"""Another archive, as `gdtbridge.retrieve.fetching` needs it, over DICOM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gdtbridge.dicom.archive_client import find, querying
from gdtbridge.dicom.client import Peer
from gdtbridge.dicom.command import SubOperations
from gdtbridge.dicom.remote_retrieve import (
    ObjectPlace,
    RetrievedStorage,
    get_study,
    move_study,
    storage_contexts,
)
from gdtbridge.dicom.storage import StoragePort
from gdtbridge.retrieve.attributes import QueryLevel
from gdtbridge.retrieve.fetching import RemoteObject, RemoteStudy, SentStudy
from worklist.item import Item, text_of, texts_of

_STUDY_KEYS = (
    *("StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedInstances"),
)


@dataclass(frozen=True, slots=True)
class DicomArchive:
    """A peer asked by C-FIND; it sends by C-GET into ``port``, or by C-MOVE to ``destination``.

    Without a ``destination`` it is C-GET.
    """

    peer: Peer
    port: StoragePort
    at: ObjectPlace
    destination: str = ""

    @property
    def aet(self) -> str:
        """Its AE title."""
        return self.peer.aet

    def studies(self, *, patient_id: str, study: str) -> Sequence[RemoteStudy]:
        """Return its studies of a patient, or the one with that UID; raise `PeerError`."""
        keys = {**dict.fromkeys(_STUDY_KEYS, ""), "PatientID": patient_id}
        keys["StudyInstanceUID"] = study
        return [_study(item) for item in find(self.peer, QueryLevel.STUDY, keys)]

    def objects(self, study: str) -> Sequence[RemoteObject]:
        """Return the objects of a study, series by series; raise `PeerError`."""
        of_study = {"StudyInstanceUID": study, "SeriesInstanceUID": ""}
        wanted = ("SOPInstanceUID", "SOPClassUID", "AvailableTransferSyntaxUID")
        found: dict[str, RemoteObject] = {}
        with querying(self.peer) as archive:
            series = [
                text_of(item, "SeriesInstanceUID")
                for item in archive.find(QueryLevel.SERIES, of_study)
            ]
            for uid in dict.fromkeys(filter(None, series)):
                keys = {**of_study, "SeriesInstanceUID": uid, **dict.fromkeys(wanted, "")}
                for item in archive.find(QueryLevel.IMAGE, keys):
                    one = _object(item)
                    found[one.sop_instance_uid] = one
        found.pop("", None)
        return list(found.values())

    def send(
        self,
        study: str,
        objects: Sequence[RemoteObject],
        arrived: Callable[[], int],
        progress: Callable[[int, int | None], None],
    ) -> SentStudy:
        """Have a study sent; return what did not come; raise `PeerError`."""

        def told(counts: SubOperations) -> None:
            progress(counts.completed + counts.warning + counts.failed, counts.remaining)

        if self.destination:
            moved = move_study(self.peer, study, self.destination, arrived, told)
            return SentStudy(failed=moved.failed)
        storage = RetrievedStorage(self.port)
        contexts = storage_contexts(_classes(objects))
        counts = get_study(self.peer, study, contexts, storage, self.at, told)
        return SentStudy(storage.refused, max(0, counts.failed - len(storage.refused)))


def _study(item: Item) -> RemoteStudy:
    return RemoteStudy(
        study_instance_uid=text_of(item, "StudyInstanceUID"),
        patient_id=text_of(item, "PatientID").strip(),
        patient_name=text_of(item, "PatientName"),
        birth_date=text_of(item, "PatientBirthDate"),
        sex=text_of(item, "PatientSex"),
        study_date=text_of(item, "StudyDate"),
        description=text_of(item, "StudyDescription"),
        modalities=texts_of(item, "ModalitiesInStudy"),
        instances=text_of(item, "NumberOfStudyRelatedInstances"),
    )


def _object(item: Item) -> RemoteObject:
    return RemoteObject(
        text_of(item, "SOPInstanceUID"),
        text_of(item, "SOPClassUID"),
        texts_of(item, "AvailableTransferSyntaxUID"),
    )


def _classes(objects: Sequence[RemoteObject]) -> dict[str, list[str]]:
    """Return the transfer syntaxes named of each SOP class; nothing where a class is not said."""
    found: dict[str, list[str]] = {}
    for one in objects:
        if not one.sop_class_uid:
            return {}
        named = found.setdefault(one.sop_class_uid, [])
        named += [syntax for syntax in one.transfer_syntaxes if syntax not in named]
    return found
