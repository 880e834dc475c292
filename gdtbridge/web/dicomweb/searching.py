"""QIDO-RS (PS3.18 10.6): studies, series and instances that match what the address says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from flask import Response, request

from gdtbridge.retrieve.attributes import QueryLevel
from gdtbridge.retrieve.broad_searches import SearchesBusy, SearchTooBroad
from gdtbridge.retrieve.dicom_json import JsonDataset, json_text
from gdtbridge.retrieve.dicom_xml import xml_dataset
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.retrieve.web_search import WebQuery
from gdtbridge.web.dicomweb.compressing import as_accepted
from gdtbridge.web.dicomweb.datasets import JSON, XML
from gdtbridge.web.dicomweb.multipart import BodyPart, MultipartBody
from gdtbridge.web.dicomweb.negotiation import MULTIPART, MediaRange, accepted
from gdtbridge.web.dicomweb.place import UIDS, WebBase, only_study, sees_held
from gdtbridge.web.numbers import number_of
from gdtbridge.web.ports import WebArchivePort
from gdtbridge.web.problems import RETRY_SECONDS, refuse

MOST: Final = 1000
"""Matches of one answer; who wants more asks for the next ones."""
WORDS: Final = frozenset(
    {"accept", "charset", "emptyvaluematching", "fuzzymatching", "includedefaults"}
)
"""Parameters that are no attributes, beside `limit`, `offset` and `includefield` (8.3.4)."""
FURTHER: Final = "There are additional results that can be requested"
TOO_BROAD: Final = (
    "Die Suche dauert zu lange; bitte Tag oder Patientennummer nennen. / The search takes too long;"
    " name a day or a patient number: {}."
)
BUSY: Final = (
    "Andere Suchen brauchen gerade lange; bitte Tag oder Patientennummer nennen oder noch einmal "
    "versuchen. / Other searches take long at the moment; name a day or a patient number, or try "
    "again."
)
NO_VALUE: Final = "Kein Wert dieses Attributs: {0}. / No value of the attribute: {0}."


@dataclass(frozen=True, slots=True)
class SearchCalls:
    """Each call reads the question, asks the archive, and writes what is found."""

    archive: WebArchivePort
    base: WebBase

    def studies(self) -> Response:
        """Answer with studies."""
        return self._answer(QueryLevel.STUDY)

    def series(self, **uids: str) -> Response:
        """Answer with series, of a study or of all."""
        return self._answer(QueryLevel.SERIES, **uids)

    def instances(self, **uids: str) -> Response:
        """Answer with instances, of a series, a study or of all."""
        return self._answer(QueryLevel.IMAGE, **uids)

    def _answer(self, level: QueryLevel, **uids: str) -> Response:
        base = self.base.uri()
        return answer_page(
            lambda: self.archive.find(
                _query(level, uids), sees_held=sees_held(), only=only_study()
            ),
            base,
            lambda row: row | _retrieve_url(row, level, base),
        )


def answer_page(
    find: Callable[[], Iterator[JsonDataset]],
    base: str,
    shown: Callable[[JsonDataset], JsonDataset],
) -> Response:
    """Answer with the page of matches the call at hand asks for, each as it is ``shown``."""
    form = form_of(accepted(request))
    limit, offset = min(_count("limit", MOST), MOST), _count("offset", 0)
    try:
        rows = list(islice(find(), offset, offset + limit + 1))
    except SearchTooBroad as error:
        raise refuse(413, TOO_BROAD.format(error)) from None
    except SearchesBusy:
        raise refuse(503, BUSY, ("Retry-After", str(RETRY_SECONDS))) from None
    except QueryRefused as error:
        raise refuse(400, NO_VALUE.format(error)) from None
    response = written([shown(row) for row in rows[:limit]], form)
    if len(rows) > limit and limit:
        response.headers["Warning"] = f"299 {base}: {FURTHER}"
    return response


def wants_fuzzy_names() -> bool:
    """Return whether the call at hand asks for names that need not be written so (8.3.4.2)."""
    return request.args.get("fuzzymatching", "").lower() == "true"


def form_of(ranges: Sequence[MediaRange]) -> str:
    """Return in which form to answer; raise `CallRefused` (406) where there is none."""
    for one in ranges:
        if one.is_multipart and one.root == XML:
            return XML
        if not one.is_multipart and (one.takes(JSON) or one.media_type == "application/json"):
            return JSON
        if one.media_type == XML:
            return XML
    raise refuse(406, f"{JSON}, {MULTIPART}; type={XML}")


def _count(name: str, otherwise: int) -> int:
    text = request.args.get(name, "")
    number = number_of(text) if text else otherwise
    if number is None:
        raise refuse(400, NO_VALUE.format(name))
    return number


def _query(level: QueryLevel, uids: dict[str, str]) -> WebQuery:
    keys, fields = asked_attributes()
    return WebQuery(
        level=level,
        path={UIDS[name]: uid for name, uid in uids.items()},
        keys=keys,
        fields=fields,
        with_defaults=request.args.get("includedefaults", "").lower() != "false",
        fuzzy_names=wants_fuzzy_names(),
    )


def asked_attributes() -> tuple[list[tuple[str, str]], list[str]]:
    """Return the keys of the call at hand by name and value, and the fields it wants."""
    keys, fields = [], []
    for name, value in request.args.items(multi=True):
        if name.lower() == "includefield":
            fields += [one.strip() for one in value.split(",") if one.strip()]
        elif name.lower() not in {*WORDS, "limit", "offset"}:
            keys.append((name, value))
    return keys, fields


def _retrieve_url(row: JsonDataset, level: QueryLevel, base: str) -> JsonDataset:
    """Return Retrieve URL (0008,1190), whatever else is answered."""
    words = {"0020000D": "studies", "0020000E": "series", "00080018": "instances"}
    named = list(words)[: list(QueryLevel).index(level)]
    uids = [(words[tag], *row[tag]["Value"]) for tag in named]
    path = "".join(f"/{word}/{uid}" for word, uid in uids)
    return {"00081190": {"vr": "UR", "Value": [base + path]}}


def written(rows: Sequence[JsonDataset], form: str) -> Response:
    """Return datasets in one of the forms of `form_of`, in gzip where that is accepted."""
    if form == JSON:
        ordered = [dict(sorted(row.items())) for row in rows]
        answer = Response(json_text(ordered), content_type=JSON)
    else:
        body = MultipartBody(XML)
        answer = Response(body.written(_parts(rows)), content_type=body.content_type)
    return as_accepted(request, answer)


def _parts(rows: Sequence[JsonDataset]) -> Iterator[BodyPart]:
    for row in rows:
        yield BodyPart({"Content-Type": XML}, (xml_dataset(row),))
