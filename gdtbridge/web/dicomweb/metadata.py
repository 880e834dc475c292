"""Metadata of studies, series and instances (PS3.18 10.4.1.1.2): all they say but long values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.retrieve.dicom_xml import xml_dataset
from gdtbridge.web.dicomweb.compressing import GZIP, compressed, takes_gzip
from gdtbridge.web.dicomweb.conditional import VARY, kept, tag_of, unchanged
from gdtbridge.web.dicomweb.datasets import JSON, XML
from gdtbridge.web.dicomweb.multipart import BodyPart, MultipartBody
from gdtbridge.web.dicomweb.negotiation import accepted
from gdtbridge.web.dicomweb.retrieving import UNREADABLE, RetrieveCalls, streamed
from gdtbridge.web.dicomweb.searching import form_of
from gdtbridge.web.problems import refuse

PIECE: Final = 4 * 1024 * 1024
"""Bytes of a long answer that are handed on at a time: what one object says is short."""
LEFT_OUT: Final = "{} of the instances cannot be read and are left out"


@dataclass(frozen=True, slots=True)
class MetadataCalls:
    """Each call finds the objects of its address, and tells what they say."""

    retrieve: RetrieveCalls

    def metadata(self, **uids: str) -> Response:
        """Answer with the metadata of the objects, in DICOM JSON, or in XML a part for each.

        206 where some cannot be read, 404 where none can, 410 where no file is there any more. 304
        where the client has the answer already.
        """
        form = form_of(accepted(request))
        found = self.retrieve.found(uids)
        base = self.retrieve.base.uri()
        tag = tag_of(found, base, form)
        here = self.retrieve.here(found)
        if len(here) == len(found) and (same := unchanged(tag)) is not None:
            return same
        unreadable = self.retrieve.archive.unreadable(here)
        if unreadable == len(here):
            raise refuse(404, UNREADABLE)
        texts = _checked(self.retrieve.archive.metadata_of(here, base), unreadable)
        if not (left_out := len(found) - len(here) + unreadable):
            return kept(self._answer(texts, form, 200), tag)
        answer = self._answer(texts, form, 206)
        answer.headers["Warning"] = f"299 {base}: {LEFT_OUT.format(left_out)}"
        return answer

    def _answer(self, texts: Iterable[bytes], form: str, status: int) -> Response:
        """Return the answer (`streamed`), in gzip where that is accepted."""
        if form == JSON:
            kind, body = JSON, _listed(texts)
        else:
            parts = (BodyPart({"Content-Type": XML}, (_as_xml(text),)) for text in texts)
            multipart = MultipartBody(XML)
            kind, body = multipart.content_type, multipart.written(parts)
        headers = {"Vary": VARY}
        if takes_gzip(request):
            headers["Content-Encoding"] = GZIP
            body = compressed(body)
        return streamed(_gathered(body), kind, status, headers)


def _checked(texts: Iterator[bytes], unreadable: int) -> Iterator[bytes]:
    """Yield the metadata there are; raise `CallRefused` where there are fewer than was found."""
    for text in texts:
        if text:
            yield text
        elif not unreadable:
            raise refuse(503)
        else:
            unreadable -= 1


def _listed(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a list of JSON of its elements."""
    before = b"["
    for text in texts:
        yield before + text
        before = b","
    yield b"]"


def _as_xml(text: bytes) -> bytes:
    return xml_dataset(json.loads(text))


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same, `PIECE` bytes or somewhat more at a time."""
    waiting, size = [], 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
