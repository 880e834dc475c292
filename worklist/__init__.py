"""Modality Worklist on its own.

Here live the entry and its DICOM form, matching (PS3.4 C.2.2.2 and K.2.2), the folder of ``.wl``
files with its index, accession numbers, and what makes an entry stale. GDT, HTTP, DICOM networking
and the database must not: this package knows pydicom and the ground floor (``gdtbridge.dataset``,
``gdtbridge.durable``, ``gdtbridge.people``), and another DICOM server may serve the same folder
beside it.
"""

from worklist.accession import AccessionNumbers, canonical_number
from worklist.charset import AnswerCharset
from worklist.entry import LONGEST_NAME, Entry, EntryFields, StepStatus, is_stale, make_entry
from worklist.errors import EntryError, FolderError, NumbersExhausted, WorklistError
from worklist.folder import Match, WorklistFolder, matches, project
from worklist.form import from_dataset, to_dataset
from worklist.keys import name_keys
from worklist.names import NameForm
from worklist.query import MatchPolicy, StationPolicy

__all__ = [
    "LONGEST_NAME",
    "AccessionNumbers",
    "AnswerCharset",
    "Entry",
    "EntryError",
    "EntryFields",
    "FolderError",
    "Match",
    "MatchPolicy",
    "NameForm",
    "NumbersExhausted",
    "StationPolicy",
    "StepStatus",
    "WorklistError",
    "WorklistFolder",
    "canonical_number",
    "from_dataset",
    "is_stale",
    "make_entry",
    "matches",
    "name_keys",
    "project",
    "to_dataset",
]
