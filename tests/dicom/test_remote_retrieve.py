"""C-GET and C-MOVE as a user: what an archive sends is taken, counted, bounded and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, evt

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from gdtbridge.dicom.archive_client import InformationModel
from gdtbridge.dicom.client import MAX_CONTEXTS, Peer, PeerError
from gdtbridge.dicom.command import SubOperations
from gdtbridge.dicom.remote_retrieve import (
    USUAL_CLASSES,
    ObjectPlace,
    RetrievedStorage,
    get_study,
    move_study,
    storage_contexts,
)
from gdtbridge.errors import NotAskedFor, OutOfResources
from gdtbridge.simulator.exam import sample_folder

STUDY = "2.25.1000"
Sub = Iterator[Any]


@dataclass
class Kept:
    """Takes objects, or refuses them."""

    error: Exception | None = None
    came: list[IncomingInstance] = field(default_factory=list)

    def receive(self, incoming: IncomingInstance) -> ReceiptStatus:
        if self.error is not None:
            raise self.error
        incoming.path.unlink()
        self.came.append(incoming)
        return ReceiptStatus.NEW

    def room_for(self, size: int) -> None:
        """There is room."""


@pytest.fixture
def sample() -> Dataset:
    """Return an image."""
    return dcmread(sample_folder() / "images" / "echo-1.dcm")


@contextmanager
def archive(sample: Dataset, handler: Callable[[evt.Event], Sub]) -> Iterator[Peer]:
    """Yield an archive that answers C-GET and C-MOVE so."""
    entity = AE("PACS")
    for model in (InformationModel.STUDY_ROOT.get, InformationModel.STUDY_ROOT.move):
        entity.add_supported_context(model)
    syntax = sample.file_meta.TransferSyntaxUID
    entity.add_supported_context(sample.SOPClassUID, syntax, scu_role=True, scp_role=True)
    handlers: list[Any] = [(evt.EVT_C_GET, handler), (evt.EVT_C_MOVE, handler)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    try:
        yield Peer("127.0.0.1", server.server_address[1], "PACS", "GDTBRIDGE")
    finally:
        server.shutdown()


def get(peer: Peer, sample: Dataset, kept: Kept, spool: Path, **how: float) -> Any:
    """Retrieve; return what was counted and what was refused."""
    storage = RetrievedStorage(kept)
    contexts = storage_contexts({str(sample.SOPClassUID): ()})
    told: list[SubOperations] = []
    at = ObjectPlace(spool, 10**9)
    counts = get_study(peer, STUDY, contexts, storage, at, told.append, **how)
    return counts, storage.refused


def test_what_comes_is_taken_as_it_is_stored(sample: Dataset, tmp_path: Path) -> None:
    """An object comes in its own transfer syntax, as fetched, and is counted."""

    def handler(event: evt.Event) -> Sub:
        assert event.identifier.StudyInstanceUID == STUDY
        yield 1
        yield 0xFF00, sample

    kept = Kept()
    with archive(sample, handler) as peer:
        counts, refused = get(peer, sample, kept, tmp_path)
    assert (counts.completed, counts.failed, refused) == (1, 0, {})
    (came,) = kept.came
    assert (came.is_fetched, came.calling_aet) == (True, "PACS")
    assert came.TransferSyntaxUID == sample.file_meta.TransferSyntaxUID
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [NotAskedFor(""), OutOfResources("")])
def test_what_is_refused_is_named(sample: Dataset, tmp_path: Path, error: Exception) -> None:
    """What cannot be taken is told with its reason; nothing of it is left."""

    def handler(_: evt.Event) -> Sub:
        yield 1
        yield 0xFF00, sample

    with archive(sample, handler) as peer:
        counts, refused = get(peer, sample, Kept(error), tmp_path)
    assert refused == {str(sample.SOPInstanceUID): type(error).__name__}
    assert counts.failed == 1
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_does_not_get_on_is_left(sample: Dataset, tmp_path: Path) -> None:
    """Silence is waited for as long as patience says, and no longer."""

    def handler(event: evt.Event) -> Sub:
        yield 2
        yield 0xFF00, sample
        while event.assoc.is_established and not event.is_cancelled:
            time.sleep(0.01)  # a peer that hangs: there is nothing to wait for
        yield 0xFE00, None

    kept = Kept()
    began = time.monotonic()
    with archive(sample, handler) as peer, pytest.raises(PeerError, match="kommt nicht weiter"):
        get(peer, sample, kept, tmp_path, patience=0.5)
    assert time.monotonic() - began < 30
    assert len(kept.came) == 1


def test_an_archive_that_breaks_off_is_told(sample: Dataset, tmp_path: Path) -> None:
    """What came before stays; the rest is an error."""

    def handler(event: evt.Event) -> Sub:
        yield 2
        yield 0xFF00, sample
        event.assoc.abort()

    kept = Kept()
    with archive(sample, handler) as peer, pytest.raises(PeerError, match="abgebrochen"):
        get(peer, sample, kept, tmp_path)
    assert len(kept.came) == 1


def test_a_move_that_is_refused_says_why(sample: Dataset) -> None:
    """A801 is told as what it is: the archive does not know us as a destination."""

    def handler(_: evt.Event) -> Sub:
        yield None, None

    with archive(sample, handler) as peer, pytest.raises(PeerError, match="nicht als Ziel"):
        move_study(peer, STUDY, "GDTBRIDGE", lambda: 0, lambda _: None)


@pytest.mark.parametrize("classes", [0, 1, 5, 40, 127, 300])
def test_contexts_fit_into_an_association(classes: int) -> None:
    """However many classes: each has an uncompressed context, and all fit beside the retrieval."""
    contexts = storage_contexts({f"1.2.3.{number}": () for number in range(classes)})
    assert len(contexts) < MAX_CONTEXTS
    plain = [one for one, syntaxes in contexts if "1.2.840.10008.1.2" in syntaxes]
    assert len(plain) == (min(classes, MAX_CONTEXTS - 1) or len(USUAL_CLASSES))


def test_named_transfer_syntaxes_come_first() -> None:
    """What the archive says it has is proposed before what archives usually have."""
    named = "1.2.840.10008.1.2.4.201"
    assert storage_contexts({"1.2.3": [named]})[0] == ("1.2.3", (named,))
