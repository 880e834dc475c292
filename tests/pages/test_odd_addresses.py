"""Addresses nobody of us wrote: answered like any other, never by an error of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from gdtbridge.web.pages.exams.tiles import address_of
from tests.tools.practice import Practice


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """Return a practice with an exam of one object."""
    made = Practice(tmp_path_factory.mktemp("practice"), load_settings(environ={}))
    made.send()
    made.wait()
    yield made
    made.close()


@pytest.fixture(scope="module")
def pages(practice: Practice) -> FlaskClient:
    """Return its pages."""
    return create_app(practice.settings, web_ports(practice.core), dict).test_client()


def test_any_character_may_stand_in_a_picture_s_address(
    practice: Practice, pages: FlaskClient
) -> None:
    """Also those that may not stand in an ETag; other parameters are another answer."""
    (shown,) = practice.core.exams.sheet(1).objects
    facts = f"{address_of(1, shown)}/angaben"
    tags = []
    for query in ('x="', "x=1", ""):
        answer = pages.get(facts, query_string=query, buffered=True)
        assert answer.status_code == 200
        tags.append(answer.headers["ETag"])
        again = pages.get(facts, query_string=query, headers={"If-None-Match": tags[-1]})
        assert again.status_code == 304
    assert len(set(tags)) == 3


def test_a_picture_number_of_any_length_is_none(practice: Practice, pages: FlaskClient) -> None:
    """Python reads no number of 5,000 digits; who asks so gets the report without pictures."""
    (part,) = practice.core.handing.exams.of_exam(1)
    query = {"teil": part.mark, "gewaehlt": "1", "bild": "1" * 5000}
    answer = pages.get("/untersuchung/1/bericht.pdf", query_string=query, buffered=True)
    assert answer.status_code == 200
