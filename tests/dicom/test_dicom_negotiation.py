"""Which presentation contexts are accepted, and in which transfer syntax."""

from __future__ import annotations

import pytest
from pydicom._uid_dict import UID_dictionary

from gdtbridge.dataset.sop_classes import is_storage
from gdtbridge.dicom.negotiation import (
    MODALITY_WORKLIST,
    VERIFICATION,
    ContextResult,
    answer_context,
)

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
JPEG, JPEG_XL, BIG = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.2"
US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (US_IMAGE, True),
        ("1.2.840.10008.5.1.4.1.1.6", True),  # retired ultrasound image
        ("1.2.840.10008.5.1.4.1.1.3", True),  # retired ultrasound multi-frame
        ("1.2.840.10008.5.1.4.1.1.88.33", True),
        ("1.2.840.10008.5.1.4.1.1.88.4", True),  # retired trial SR
        ("1.2.840.10008.5.1.4.1.1.104.1", True),
        ("1.2.840.10008.5.1.4.38.1", True),  # hanging protocol storage
        ("1.2.840.10008.5.1.4.1.1.999.7", True),  # of a future edition
        ("1.3.46.670589.2.5.1.1", True),  # private
        ("1.2.840.113619.4.30", True),  # private
        ("1.2.840.10008.1.1", False),
        ("1.2.840.10008.5.1.4.31", False),
        ("1.2.840.10008.1.20.1", False),  # storage commitment
        ("1.2.840.10008.1.3.10", False),  # media storage directory
        ("1.2.840.10008.3.1.2.3.3", False),  # MPPS
        ("1.2.840.10008.5.1.4.1.2.2.1", False),  # Q/R find
        ("1.2.840.10008.5.1.4.1.2.3.1", False),  # retired Q/R find
        ("1.2.840.10008.3.1.2.1.1", False),  # retired detached patient management
        ("1.2.840.10008.5.1.4.1.1.200.4", False),  # a query model below the storage arc
        ("1.2.840.10008.5.1.1.9", False),  # print
        ("1.2.840.10008.1.2", False),  # a transfer syntax
        ("1.2.840.10008.77.1", False),  # unknown, of the standard, elsewhere
        ("", False),
        ("../x", False),
    ],
)
def test_what_counts_as_storage(uid: str, *, expected: bool) -> None:
    """Standard, retired, new and private storage classes count; other services do not."""
    assert is_storage(uid) is expected


def test_every_named_storage_class_counts() -> None:
    """No SOP class that PS3.6 calls Storage is left out, save the three that are not stored."""
    named = {uid for uid, entry in UID_dictionary.items() if entry[0].endswith("Storage")}
    assert {uid for uid in named if not is_storage(uid)} == {"1.2.840.10008.1.3.10"}
    assert len(named) > 120


@pytest.mark.parametrize(
    ("abstract", "proposed", "expected"),
    [
        (US_IMAGE, [JPEG, IMPLICIT], JPEG),
        (US_IMAGE, [IMPLICIT, JPEG], IMPLICIT),
        (US_IMAGE, [BIG, EXPLICIT], BIG),
        (US_IMAGE, [JPEG_XL], JPEG_XL),
        (US_IMAGE, ["1.2.840.113619.5.2", EXPLICIT], EXPLICIT),  # private only when alone
        (US_IMAGE, ["1.2.840.113619.5.2"], "1.2.840.113619.5.2"),
        (US_IMAGE, ["nonsense", EXPLICIT], EXPLICIT),
        (VERIFICATION, [JPEG, EXPLICIT, IMPLICIT], EXPLICIT),
        (MODALITY_WORKLIST, [BIG], BIG),
    ],
)
def test_device_gets_what_it_names_first(abstract: str, proposed: list[str], expected: str) -> None:
    """The first proposed transfer syntax is accepted, as far as it can be served."""
    answered = answer_context(abstract, proposed)
    assert (answered.result, answered.transfer_syntax) == (ContextResult.ACCEPTED, expected)


@pytest.mark.parametrize(
    ("abstract", "proposed", "expected"),
    [
        (US_IMAGE, [], ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED),
        (US_IMAGE, ["nonsense"], ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED),
        (MODALITY_WORKLIST, [JPEG], ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED),
        ("1.2.840.10008.3.1.2.3.5", [IMPLICIT], ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED),
    ],
)
def test_what_is_not_accepted(abstract: str, proposed: list[str], expected: ContextResult) -> None:
    """A refusal says whether the service or the encoding is the reason."""
    assert answer_context(abstract, proposed).result is expected
