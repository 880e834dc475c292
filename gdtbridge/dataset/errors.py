"""The errors of reading bytes, one tree; each room that reads maps it to its own.

::

    DatasetError
    ├── UnreadableDataset   the bytes are not what they should be
    └── DatasetTooLarge     the bytes go on beyond a limit

The texts are German first, then English, and hold no value of the dataset.
"""

from __future__ import annotations


class DatasetError(ValueError):
    """Bytes of DICOM cannot be read; reading the same bytes again changes nothing."""


class UnreadableDataset(DatasetError):
    """The bytes are no Part 10 file, no deflated data or no dataset as far as they are needed."""


class DatasetTooLarge(DatasetError):
    """The bytes hold more, or inflate to more, than the caller allows."""
