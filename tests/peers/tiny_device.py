"""A device made of tiny_pacs and its pynetdicom2, run as a program of its own.

Takes {at, steps} as JSON on stdin and prints the outcome of each step, as dcmjs_device.js does. It
runs with the packages in ``.peers/tiny_pacs`` only, so that nothing of ours is in it.
"""

from __future__ import annotations

import json
import queue
import sys
from collections.abc import Callable
from typing import Any

from pydicom import Dataset, uid
from pynetdicom2 import applicationentity, sopclass, statuses, uids
from tiny_pacs.client import CMoveError, CStoreError, DICOMClient, FindRoot

PATIENCE = 60
Outcome = list[Any]


class Listener(applicationentity.AE):  # type: ignore[misc]
    """An application entity that waits for one N-EVENT-REPORT."""

    def __init__(self, title: str, port: int) -> None:
        super().__init__(title, port)
        self.reports: queue.Queue[dict[str, Any]] = queue.Queue()
        self.add_scp(sopclass.StorageCommitment())

    def on_commitment_response(self, transaction_uid: Any, success: Any, failure: Any) -> None:
        """Keep what the other side says."""
        failed = [(str(one), str(instance), int(why)) for one, instance, why in failure]
        kept = [(str(one), str(instance)) for one, instance in success]
        self.reports.put({"transaction": str(transaction_uid), "kept": kept, "failed": failed})


def remote(at: dict[str, Any]) -> dict[str, Any]:
    """Return the bridge as tiny_pacs names a device."""
    return {"aet": at["called"], "address": "127.0.0.1", "port": at["port"]}


def echo(at: dict[str, Any]) -> Outcome:
    """C-ECHO."""
    DICOMClient(at["calling"], remote(at)).echo()
    return [0]


def store(at: dict[str, Any], files: list[str]) -> Outcome:
    """C-STORE of each file, each in an association of its own."""
    found = []
    for file in files:
        try:
            DICOMClient(at["calling"], remote(at)).store(file)
            found.append(0)
        except CStoreError as error:
            found.append(int(error.status))
    return found


def worklist(at: dict[str, Any], query: dict[str, Any]) -> Outcome:
    """Worklist C-FIND; ``query`` and answers in the DICOM JSON model (PS3.18 F)."""
    entity = applicationentity.ClientAE(at["calling"])
    entity.add_scu(sopclass.modality_work_list_scu)
    config = DICOMClient(at["calling"], remote(at))._remote_ae_config()
    with entity.request_association(config) as association:
        service = association.get_scu(uids.MODALITY_WORK_LIST_INFORMATION_FIND_SOP_CLASS)
        answers = list(service(Dataset.from_json(query), 1))
    return [(int(status), found and found.to_json_dict()) for found, status in answers]


def find(at: dict[str, Any], query: dict[str, Any], root: str) -> Outcome:
    """C-FIND of an archive; ``root`` is a name of tiny_pacs' own."""
    client = DICOMClient(at["calling"], remote(at))
    return [one.to_json_dict() for one in client.find(Dataset.from_json(query), FindRoot[root])]


def move(at: dict[str, Any], query: dict[str, Any], to: str) -> Outcome:
    """C-MOVE to the AE title ``to``."""
    try:
        DICOMClient(at["calling"], remote(at)).move(Dataset.from_json(query), dest_ae=to)
    except CMoveError as error:
        return [int(error.status)]
    return [0]


def commit(at: dict[str, Any], transaction: str, references: list[tuple[str, str]]) -> Outcome:
    """N-ACTION, and the N-EVENT-REPORT that comes on an association of the other side's."""
    with Listener(at["calling"], at["listen"]) as entity:
        entity.add_scu(sopclass.storage_commitment_scu)
        config = DICOMClient(at["calling"], remote(at))._remote_ae_config()
        asked = [(uid.UID(one), uid.UID(instance)) for one, instance in references]
        with entity.request_association(config) as association:
            service = association.get_scu(uids.STORAGE_COMMITMENT_SOP_CLASS)
            status: statuses.Status = service(uid.UID(transaction), asked, 1)
        return [int(status), entity.reports.get(timeout=PATIENCE)]


STEPS: dict[str, Callable[..., Outcome]] = {
    "echo": echo,
    "store": store,
    "worklist": worklist,
    "find": find,
    "move": move,
    "commit": commit,
}


if __name__ == "__main__":
    task = json.load(sys.stdin)
    print(json.dumps([STEPS[kind](task["at"], **values) for kind, values in task["steps"]]))  # noqa: T201
