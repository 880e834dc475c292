"""The DICOM edge: the server with its transport, one small class for each service, and a client.

`server` puts it together. `transport`, `upper_layer`, `receiver` and `association` carry messages
and keep hostile peers out; `verification`, `storage` and `worklist` translate one service each to
a call of the core; `client` and `simulator` are the other side. Decisions about exams must not live
here, and pynetdicom is imported nowhere else.
"""

from gdtbridge.dicom.client import Peer, PeerError, echo, find_worklist, store
from gdtbridge.dicom.server import DicomServer
from gdtbridge.dicom.storage import StoragePort
from gdtbridge.dicom.worklist import WorklistPort

__all__ = [
    "DicomServer",
    "Peer",
    "PeerError",
    "StoragePort",
    "WorklistPort",
    "echo",
    "find_worklist",
    "store",
]
