"""pydicom after hardening: small exceptions, no warnings with values."""

from __future__ import annotations

import io
import logging
import struct
import subprocess
import sys
import warnings
from typing import Final

import pydicom
import pytest
from pydicom.errors import BytesLengthException

from gdtbridge.dataset.hardening import harden_pydicom

DEPTH: Final = 40


def bomb() -> bytes:
    """Return a dataset whose innermost US has three bytes, forty sequences deep."""
    inner = struct.pack("<HH2sH", 0x0028, 0x0010, b"US", 3) + b"\1\2\3"
    for _ in range(DEPTH):
        item = struct.pack("<HHL", 0xFFFE, 0xE000, len(inner)) + inner
        inner = struct.pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, len(item)) + item
    return inner


def test_exception_texts_do_not_explode() -> None:
    """Unhardened, twelve levels make 400 MB of text; hardened, forty make none."""
    harden_pydicom()
    dataset = pydicom.dcmread(io.BytesIO(bomb()), force=True)
    with pytest.raises(BytesLengthException) as caught:
        dataset.decode()
    assert len(str(caught.value)) < 1000


def test_hardening_twice_is_the_same() -> None:
    """Start-up code need not know who came first."""
    harden_pydicom()
    before = pydicom.dataset.tag_in_exception  # type: ignore[attr-defined]
    harden_pydicom()
    assert pydicom.dataset.tag_in_exception is before  # type: ignore[attr-defined]


def test_no_value_reaches_warnings_or_logs(caplog: pytest.LogCaptureFixture) -> None:
    """A wrong UID is a patient's secret too."""
    harden_pydicom()
    raw = struct.pack("<HH2sH", 0x0008, 0x0018, b"UI", 12) + b"Mueller.Anna"
    with warnings.catch_warnings(record=True) as caught, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        assert pydicom.dcmread(io.BytesIO(raw), force=True).SOPInstanceUID == "Mueller.Anna"
    assert not caught
    assert "Mueller" not in caplog.text


def test_reading_a_report_needs_little_of_pydicom() -> None:
    """The reading process starts fast and small: pydicom itself is not imported."""
    script = (
        "import sys\n"
        "from gdtbridge.sr import Code\n"
        "from gdtbridge.sr.codes import normal\n"
        "assert normal(Code('T-32600', 'SRT', '')) == ('SCT', '87878005')\n"
        "assert 'pydicom' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
