"""What the chart may say about a file."""

from __future__ import annotations

import pytest

from gdtbridge.pictures.titles import MAX_TITLE, document_title, image_title
from tests.pictures.builder import PDF, dataset, document


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Befund Schilddrüse", "Befund Schilddrüse"),
        ("  Zeile\r\n1\t2 ", "Zeile 1 2"),
        ("a" * 99, "a" * MAX_TITLE),
        ("Bericht Müller", ""),
        ("Bericht MÜLLER, E.", ""),
        ("erika", ""),
        ("Bericht_4711", ""),
        ("geb. 03.02.1960", ""),
        ("1960-02-03", ""),
        ("Müllerianisch", "Müllerianisch"),
        ("", ""),
    ],
)
def test_title_of_a_document(text: str, title: str) -> None:
    """One short line; none that says whose the document is."""
    assert document_title(document(PDF, DocumentTitle=text)) == title


@pytest.mark.parametrize(
    ("series", "study", "title"),
    [
        ("Abdomen", "Sono", "Abdomen"),
        ("", "Sono", "Sono"),
        ("Müller Erika", "Sono", "Sono"),
        ("", "", ""),
    ],
)
def test_title_of_an_image(series: str, study: str, title: str) -> None:
    """The series' description, else the study's."""
    made = dataset()
    made.SeriesDescription, made.StudyDescription = series, study
    assert image_title(made) == title
