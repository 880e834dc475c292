"""WADO-URI: an object or a picture, named by parameters."""

from __future__ import annotations

import io

import pytest
from pydicom import dcmread
from werkzeug.test import TestResponse

from tests.dicomweb.conftest import HELD, STUDY, Services

NAMED = f"studyUID={STUDY}&seriesUID={STUDY}.1&objectUID={STUDY}.9.2"


def ask(services: Services, query: str, accept: str = "*/*") -> TestResponse:
    """Return the answer to a query."""
    return services.client.get(f"/wado?{query}", headers={"Accept": accept}, buffered=True)


@pytest.mark.parametrize(
    "named", [NAMED, f"objectUID={STUDY}.9.2", f"studyUID=&seriesUID=&objectUID={STUDY}.9.2"]
)
@pytest.mark.parametrize("syntax", ["", "&transferSyntax=*", "&transferSyntax=1.2.840.10008.1.2.1"])
def test_an_object_by_itself(services: Services, named: str, syntax: str) -> None:
    """As Weasis and OHIF ask, with parents or without."""
    answer = ask(services, f"requestType=WADO&{named}&contentType=application%2Fdicom{syntax}")

    assert answer.headers["Content-Type"].startswith("application/dicom;")
    assert dcmread(io.BytesIO(answer.data)).SOPInstanceUID == f"{STUDY}.9.2"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"requestType=WADO&{NAMED.replace('.1&', '.2&')}&contentType=application/dicom", 404),
        (f"requestType=WADO&studyUID={HELD}&objectUID={STUDY}.9.2", 404),
        ("requestType=WADO&studyUID=1.2", 400),
        (NAMED, 400),
        (f"requestType=WADO&{NAMED}&anonymize=yes", 400),
        (f"requestType=WADO&{NAMED}&rows=0", 400),
        (f"requestType=WADO&{NAMED}&frameNumber=7", 404),
        (f"requestType=WADO&{NAMED}&frameNumber=x", 404),
    ],
)
def test_what_cannot_be_had(services: Services, query: str, status: int) -> None:
    """A wrong parent, no name, what is not done."""
    assert ask(services, query).status_code == status
