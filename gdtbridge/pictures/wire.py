"""What the reading process and its parent say to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from gdtbridge.pictures.model import (
    AttachmentError,
    AttachmentLimit,
    KeyObjects,
    KeyReference,
    NotRenderable,
    Rendered,
)
from gdtbridge.sandbox import Answer

MAX_TEXT: Final = 4 * 1024 * 1024
"""Bytes of the JSON of one answer; a selection of 10,000 images has less."""

MAX_BODY: Final = 32 * 1024 * 1024
"""Bytes of one file."""

KINDS: Final[dict[str, type[AttachmentError]]] = {
    "not_renderable": NotRenderable,
    "limit": AttachmentLimit,
}


def encode_rendered(rendered: Rendered) -> Answer:
    """Return the answer that `decode_rendered` makes the file of."""
    return Answer(_line({"format": rendered.format, "title": rendered.title}), rendered.data)


def encode_key_objects(key: KeyObjects) -> Answer:
    """Return the answer that `decode_key_objects` makes the references of."""
    return Answer(_line(asdict(key)))


def encode_frames(frames: int) -> Answer:
    """Return the answer that `decode_frames` makes the number of."""
    return Answer(_line({"frames": frames}))


def encode_error(error: AttachmentError) -> Answer:
    """Return the answer that makes every decoder raise ``error``."""
    kind = "limit" if isinstance(error, AttachmentLimit) else "not_renderable"
    return Answer(_line({"error": kind, "message": str(error)}))


def decode_rendered(answer: Answer) -> Rendered:
    """Return the file of an answer or raise its error."""
    fields = _fields(answer)
    try:
        return Rendered(str(fields["format"]), str(fields["title"]), answer.body)
    except KeyError as garbled:
        raise _nonsense() from garbled


def decode_key_objects(answer: Answer) -> KeyObjects:
    """Return the references of an answer or raise its error."""
    fields = _fields(answer)
    try:
        return KeyObjects(_references(fields["named"]), _references(fields["rejected"]))
    except (KeyError, TypeError) as garbled:
        raise _nonsense() from garbled


def decode_frames(answer: Answer) -> int:
    """Return the number of frames of an answer or raise its error."""
    frames = _fields(answer).get("frames")
    if not isinstance(frames, int):
        raise _nonsense()
    return frames


def _line(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields).encode("ascii")


def _fields(answer: Answer) -> dict[str, object]:
    try:
        fields = json.loads(answer.text)
    except ValueError as garbled:
        raise _nonsense() from garbled
    if not isinstance(fields, dict):
        raise _nonsense()
    if "error" in fields:
        raise KINDS.get(str(fields["error"]), AttachmentLimit)(str(fields.get("message")))
    return fields


def _references(listed: object) -> tuple[KeyReference, ...]:
    if not isinstance(listed, list):
        raise TypeError("list expected")
    return tuple(
        KeyReference(str(one["sop_instance_uid"]), tuple(int(frame) for frame in one["frames"]))
        for one in listed
    )


def _nonsense() -> AttachmentLimit:
    return AttachmentLimit(
        "Der Leseprozess antwortet Unsinn. / The reading process answers nonsense."
    )
