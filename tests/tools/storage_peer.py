"""Another archive made of pynetdicom: takes objects, or does with them whatever a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.events import EventHandlerType

from tests.tools.ports import free_port

Answer = Callable[[Dataset], int | None]
"""What an object is answered with; None breaks the association off."""


@dataclass
class StoragePeer:
    """What arrived, in order, and how objects are answered; ``keeps`` tells what stays."""

    port: int
    aet: str = "PACS"
    answer: Answer = lambda _: 0
    keeps: bool = True
    syntaxes: tuple[str, ...] = ()
    """Transfer syntaxes it accepts; empty: the usual uncompressed ones."""
    received: list[Dataset] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    """Calling AE title of each association."""
    open: int = 0
    most_open: int = 0
    """Associations at once."""

    @property
    def uids(self) -> list[str]:
        """SOP Instance UIDs of what arrived, in order."""
        return [str(one.SOPInstanceUID) for one in self.received]

    def patients(self) -> dict[str, str]:
        """Patient ID of the last that arrived under each UID."""
        return {str(one.SOPInstanceUID): str(one.PatientID) for one in self.received}

    def _associated(self, event: Any) -> None:
        self.callers.append(event.assoc.requestor.ae_title)
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def _ended(self, _event: Any) -> None:
        self.open -= 1

    def _store(self, event: Any) -> int:
        dataset = event.dataset
        dataset.decode()
        status = self.answer(dataset)
        if status is None:
            event.assoc.abort()
            return 0x0110
        if self.keeps and status in {0x0000, 0xB000}:
            self.received.append(dataset)
        return status

    @contextmanager
    def listening(self, *, titles: tuple[str, ...] = ()) -> Iterator[StoragePeer]:
        """Take associations for its own title, of callers with ``titles`` only if there are any."""
        ae = AE(self.aet)
        ae.require_called_aet = True
        ae.require_calling_aet = list(titles)
        for context in AllStoragePresentationContexts:
            syntaxes = list(self.syntaxes) or context.transfer_syntax
            ae.add_supported_context(str(context.abstract_syntax), syntaxes)
        handlers: list[EventHandlerType] = [
            (evt.EVT_ESTABLISHED, self._associated),
            (evt.EVT_CONN_CLOSE, self._ended),
            (evt.EVT_C_STORE, self._store),
        ]
        server = ae.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        assert server is not None
        try:
            yield self
        finally:
            server.shutdown()


def storage_peer(aet: str = "PACS", **behaviour: Any) -> StoragePeer:
    """Return an archive on a free port, which does not listen yet."""
    return StoragePeer(free_port(), aet, **behaviour)
