"""The parts of a multipart body, read as the strictest client reads them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an answer: its headers as they are written, and its bytes."""

    headers: dict[str, str]
    content: bytes


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of a body of that type; fail where its envelope is not as it should be."""
    kind, *parameters = content_type.split("; ")
    said = dict(one.split("=", 1) for one in parameters)
    boundary = f"--{said['boundary'].strip(chr(34))}".encode()
    assert kind == "multipart/related"
    assert body.startswith(boundary + b"\r\n")
    assert body.endswith(boundary + b"--\r\n")
    return [_part(text) for text in body.split(boundary)[1:-1]]


def _part(text: bytes) -> Part:
    assert text[:2] == text[-2:] == b"\r\n"
    head, _, body = text[2:-2].partition(b"\r\n\r\n")
    assert len(head) < 1000
    return Part(dict(line.split(": ", 1) for line in head.decode().split("\r\n")), body)
