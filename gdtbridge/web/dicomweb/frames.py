"""Frames and pixels of an instance (PS3.18 10.4.1.1.6, 8.7.3.3), each found by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from flask import Response, request

from gdtbridge.retrieve.bulk_values import BYTES
from gdtbridge.retrieve.web_archive import AS_STORED, WebObject, syntax_for
from gdtbridge.tsv import table
from gdtbridge.web.dicomweb.conditional import kept, tag_of, unchanged
from gdtbridge.web.dicomweb.multipart import BodyPart, MultipartBody
from gdtbridge.web.dicomweb.negotiation import MediaRange, accepted
from gdtbridge.web.dicomweb.retrieving import RetrieveCalls, streamed
from gdtbridge.web.numbers import number_of
from gdtbridge.web.ports import WebFramePort
from gdtbridge.web.problems import refuse

MOST: Final = 10_000
"""Frames of one address."""
TIMES: Final = 2
"""How often an address may name every frame: each costs the same again."""


@dataclass(frozen=True, slots=True)
class FrameType:
    """As what a frame is sent: its type, and the transfer syntax it is in."""

    media_type: str
    syntax: str

    def __str__(self) -> str:
        """Return the header of a part; without the syntax some clients guess."""
        return f"{self.media_type}; transfer-syntax={self.syntax}"


@dataclass(frozen=True, slots=True)
class FrameCalls:
    """Each call finds an instance, and sends of its frames what is accepted."""

    retrieve: RetrieveCalls
    frames: WebFramePort

    def some(self, numbers: str, **uids: str) -> Response:
        """Answer with the frames of a list of numbers, in its order."""
        wanted = [number_of(text) for text in numbers.split(",")]
        if None in wanted or len(wanted) > MOST:
            raise refuse(400)
        one = self.retrieve.instance(uids)
        there = self.frames.count(one)
        chosen = [number for number in wanted if number is not None and 1 <= number <= there]
        if len(chosen) < len(wanted):
            raise refuse(404)
        if len(chosen) > TIMES * there:
            raise refuse(400)
        return self._answer(one, chosen)

    def all(self, **uids: str) -> Response:
        """Answer with every frame, as the pixels of an instance are had."""
        one = self.retrieve.instance(uids)
        there = self.frames.count(one)
        if not there:
            raise refuse(404)
        return self._answer(one, range(1, there + 1))

    def _answer(self, one: WebObject, numbers: Sequence[int]) -> Response:
        for wanted in accepted(request):
            kind = _kind(one.stored_syntax, wanted)
            if kind is None or (not wanted.is_multipart and _needs_parts(wanted, numbers)):
                continue
            uri, alone = self.retrieve.base.uri() + one.path, _is_alone(wanted)
            tag = tag_of([one], uri, str(kind), str(alone), repr(numbers))
            if (same := unchanged(tag)) is not None:
                return same
            if alone:
                pieces, content_type = self.frames.frame(one, numbers[0], kind.syntax), str(kind)
            else:
                body, parts = MultipartBody(kind.media_type), self._parts(one, numbers, kind, uri)
                pieces, content_type = body.written(parts), body.content_type
            return kept(streamed(pieces, content_type, 200, {}), tag)
        raise refuse(406, BYTES)

    def _parts(
        self, one: WebObject, numbers: Sequence[int], kind: FrameType, uri: str
    ) -> Iterator[BodyPart]:
        for number in numbers:
            headers = {"Content-Type": str(kind), "Content-Location": f"{uri}/frames/{number}"}
            yield BodyPart(headers, self.frames.frame(one, number, kind.syntax))


def _is_alone(wanted: MediaRange) -> bool:
    """Return whether one frame is accepted without an envelope."""
    return not wanted.is_multipart and not wanted.media_type.endswith("/*")


def _needs_parts(wanted: MediaRange, numbers: Sequence[int]) -> bool:
    return _is_alone(wanted) and len(numbers) > 1


@cache
def _types() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for media_type, syntax in table("web/dicomweb/frame_types.tsv"):
        found.setdefault(media_type, set()).add(syntax)
    return MappingProxyType({name: frozenset(syntaxes) for name, syntaxes in found.items()})


def _kind(stored: str, wanted: MediaRange) -> FrameType | None:
    """Return as what frames of a stored transfer syntax are sent to who accepts a range."""
    if wanted.takes(BYTES):
        syntax = syntax_for(stored, wanted.transfer_syntaxes)
        return FrameType(BYTES, syntax) if syntax is not None else None
    said = wanted.transfer_syntaxes
    if stored in _types().get(wanted.content, ()) and (not said or {stored, AS_STORED} & {*said}):
        return FrameType(wanted.content, stored)
    return None
