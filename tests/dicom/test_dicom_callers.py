"""What the server tells the register of callers, and whom it keeps out for it."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gdtbridge.callers import ActKind
from gdtbridge.devices import Caller
from gdtbridge.dicom.server import DicomServer, Observers
from gdtbridge.settings import DicomSettings
from tests.tools.device import VERIFICATION, WORKLIST, RawAssociation, Rejected, find_rq, send_raw
from tests.tools.dicom_server import Recorder, StartServer
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE, element
from tests.tools.waiting import wait_for


@dataclass
class Book:
    """Notes, and admits all but one title."""

    acts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    callers: set[Caller] = field(default_factory=set)

    def admits(self, caller: Caller) -> bool:
        return caller.aet != "STRANGER"

    def note(self, caller: Caller, kind: ActKind, what: str, outcome: str) -> None:
        self.callers.add(caller)
        self.acts[caller.aet, kind, what, outcome] += 1


def test_all_that_a_caller_does_is_told(tmp_path: Path) -> None:
    """Associations, contexts and requests, each with what came of it."""
    book, core = Book(), Recorder(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    server = DicomServer(
        DicomSettings(port=0), tmp_path / "spool", core, core, Observers(callers=book)
    )
    server.start()
    try:
        assert send_raw(server.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")] * 2) == [0, 0]
        proposed = [(WORKLIST, [IMPLICIT]), ("1.2.840.10008.1.20.2", [IMPLICIT])]
        with RawAssociation(server.port).associate(proposed, "US01") as association:
            association.message(1, find_rq(), element(0x00100020, b"LO", b"", ts=IMPLICIT))
            assert association.response().status == 0
        with RawAssociation(server.port) as association, pytest.raises(Rejected) as caught:
            association.associate([(VERIFICATION, [IMPLICIT])], "STRANGER")
        assert caught.value == Rejected(1, 1, 3)
    finally:
        server.stop(grace=0)
    mine = {key[1:]: count for key, count in book.acts.items() if key[0] == "US01"}
    assert mine == {
        ("association", "", "accepted"): 1,
        ("context", WORKLIST, IMPLICIT): 1,
        ("context", "1.2.840.10008.1.20.2", "abstract_syntax_not_supported"): 1,
        ("request", f"C-FIND {WORKLIST}", "0000"): 1,
    }
    assert book.acts["STRANGER", "association", "", "unknown"] == 1
    stored = [key for key in book.acts if key[2] == f"C-STORE {US_IMAGE}"]
    assert [book.acts[key] for key in stored] == [2]
    assert {caller.address for caller in book.callers} == {"127.0.0.1"}


def test_forty_clients_behind_one_address(start: StartServer) -> None:
    """With the default settings all of a practice behind a NAT are associated at once."""
    bridge = start()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawAssociation(bridge.port)) for _ in range(40)]
        for client in clients:
            client.associate([(VERIFICATION, [IMPLICIT])])
        wait_for(lambda: bridge.server.associations == 40)
        assert all(client.results == {1: 0} for client in clients)
