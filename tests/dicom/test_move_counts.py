"""C-MOVE byte by byte: the counts of every response, whatever the destination does."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from gdtbridge.dicom.negotiation import MOVE_MODELS
from gdtbridge.retrieve.peers import ArchivePeer
from tests.dicom.test_conformance_statement import move_rq
from tests.tools.device import RawAssociation
from tests.tools.dicom_server import StartServer
from tests.tools.elements import IMPLICIT
from tests.tools.qrscp import decoded
from tests.tools.retrieving import counts, keep_objects
from tests.tools.storage_peer import storage_peer

PENDING = 0xFF00
GONE = None
"""An object over which the destination breaks the association off."""


@pytest.mark.parametrize(
    ("answers", "status", "last", "failed"),
    [
        ([0, 0, 0], 0x0000, (None, 3, 0, 0), []),
        ([0, 0xB000, 0], 0xB000, (None, 2, 0, 1), []),
        ([0xB007, 0xB000], 0xB000, (None, 0, 0, 2), []),
        ([0, 0xA700, 0xB000], 0xB000, (None, 1, 1, 1), [2]),
        ([0xC000, 0xA900], 0xA702, (None, 0, 2, 0), [1, 2]),
        ([0, GONE, 0], 0xB000, (None, 1, 2, 0), [2, 3]),
        ([GONE, 0], 0xA702, (None, 0, 2, 0), [1, 2]),
    ],
)
def test_counts_are_of_all_objects_at_every_response(
    start: StartServer,
    answers: list[int | None],
    status: int,
    last: tuple[int | None, ...],
    failed: list[int],
) -> None:
    """Remaining ones only while there are any; a list of what failed, never of what was warned."""
    bridge = start()
    keep_objects(bridge, len(answers), len(answers))
    left = list(answers)

    def answer(_dataset: Dataset) -> int | None:
        return left.pop(0)

    peer = storage_peer("PACS", answer=answer)
    bridge.core.destination = ArchivePeer("PACS", "127.0.0.1", peer.port, None)
    with peer.listening(), RawAssociation(bridge.port) as association:
        association.associate([(MOVE_MODELS[0], [IMPLICIT])])
        association.message(1, move_rq(), b"")
        responses = [association.response()]
        while responses[-1].status == PENDING:
            responses.append(association.response())

    *pending, final = responses
    assert (final.status, counts(final)) == (status, last)
    for response in responses:
        assert sum(number or 0 for number in counts(response)) == len(answers)
    assert [response.dataset for response in pending] == [b""] * len(pending)
    told = decoded(final.dataset).get("FailedSOPInstanceUIDList") or []
    uids = [told] if isinstance(told, str) else list(told)
    assert uids == [f"2.25.{number}" for number in failed]
