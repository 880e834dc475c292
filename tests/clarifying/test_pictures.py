"""Pictures that are attached: told before as many as the chart gets."""

from __future__ import annotations

import pytest

from gdtbridge.clarifying import Assignment
from tests.clarifying.scenes import Stage
from tests.tools.elements import still

pytestmark = pytest.mark.slow  # starts a child with decoders

NOBODY = {"PatientID": "", "PatientName": "NOTFALL", "PatientBirthDate": "", "AccessionNumber": ""}


@pytest.fixture
def settings_text() -> str:
    """Return the settings of a practice whose software takes two pictures of an exam."""
    return '[gdt]\ndialect = "medistar"\nattachments_folder = "pictures"\nattachments_most = 2\n'


def test_as_many_as_the_chart_gets(stage: Stage) -> None:
    """Of three, two: what was told is what lies in the folder, and nothing before the act."""
    practice = stage.practice
    folder = practice.folder / "pictures"
    folder.mkdir()
    for shade in (40, 90, 140):
        values = {**NOBODY, "SOPInstanceUID": f"2.25.{shade}"}
        practice.send_dataset(still(shade, **values), **values)
    practice.wait()
    acts = practice.core.clarifying.acts
    chosen = (Assignment(1, "4711"),)
    foreseen = acts.foresee(1, chosen)
    (chart,) = foreseen.consequences.charts
    assert (chart.pictures, chart.images) == (2, 3)
    assert list(folder.iterdir()) == []

    acts.assign(1, chosen, foreseen.mark, "Anna Krüger")
    practice.wait()
    practice.outbox.deliver_due("attachments")
    practice.wait(1)
    assert [path.suffix.lower() for path in folder.iterdir()] == [".jpg", ".jpg"]
