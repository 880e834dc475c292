"""Modality Worklist on its own.

Here live the entry and its DICOM form, matching (PS3.4 C.2.2.2 and K.2.2), the folder of ``.wl``
files with its index, accession numbers, and what makes an entry stale. GDT, HTTP, DICOM networking
and the database must not: this package knows pydicom and the ground floor (``gdtbridge.dataset``,
``gdtbridge.durable``, ``gdtbridge.people``), and another DICOM server may serve the same folder
beside it.
"""

from worklist.accession import AccessionNumbers, canonical_number
from worklist.answers import Match, matches, project
from worklist.charset import AnswerCharset
from worklist.details import DETAIL_RULES, NO_DETAILS, PRIORITIES, EntryDetails, ProcedureCode
from worklist.entry import (
    LONGEST_NAME,
    Entry,
    EntryFields,
    StepStatus,
    is_stale,
    make_entry,
)
from worklist.errors import EntryError, FolderError, NumbersExhausted, WorklistError
from worklist.exclusion import Exclusion, exclusions, given_keys
from worklist.folder import WorklistFolder
from worklist.form import entry_number, from_dataset, item_of, to_dataset
from worklist.index import WorklistFile
from worklist.item import Item, item_from, items_of, text_of
from worklist.keys import name_keys
from worklist.names import NameForm
from worklist.query import MatchPolicy, Query, StationPolicy
from worklist.temporal import night_before

__all__ = [
    "DETAIL_RULES",
    "LONGEST_NAME",
    "NO_DETAILS",
    "PRIORITIES",
    "AccessionNumbers",
    "AnswerCharset",
    "Entry",
    "EntryDetails",
    "EntryError",
    "EntryFields",
    "Exclusion",
    "FolderError",
    "Item",
    "Match",
    "MatchPolicy",
    "NameForm",
    "NumbersExhausted",
    "ProcedureCode",
    "Query",
    "StationPolicy",
    "StepStatus",
    "WorklistError",
    "WorklistFile",
    "WorklistFolder",
    "canonical_number",
    "entry_number",
    "exclusions",
    "from_dataset",
    "given_keys",
    "is_stale",
    "item_from",
    "item_of",
    "items_of",
    "make_entry",
    "matches",
    "name_keys",
    "night_before",
    "project",
    "text_of",
    "to_dataset",
]
