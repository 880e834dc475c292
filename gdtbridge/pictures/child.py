"""The reading process: ``python -m gdtbridge.pictures.child SECONDS MEMORY_BYTES``.

Reads requests ``{"do": …, "path": …, "frame": …}`` from standard input, one JSON line each, and
answers each (`wire`, `gdtbridge.sandbox`).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

# One thread is enough for one picture, and each would take address space.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")

from gdtbridge.dataset.hardening import harden_pydicom
from gdtbridge.pictures.key_objects import read_key_objects
from gdtbridge.pictures.model import AttachmentError, AttachmentLimit, NotRenderable
from gdtbridge.pictures.render import number_of_frames, render
from gdtbridge.pictures.wire import encode_error, encode_frames, encode_key_objects, encode_rendered
from gdtbridge.sandbox import Answer, serve_room


def answer(line: bytes) -> Answer:
    """Return the answer to one request; whatever goes wrong is an error answer."""
    try:
        return _do(line)
    except AttachmentError as error:
        return encode_error(error)
    except (MemoryError, RecursionError):
        return encode_error(
            AttachmentLimit("Das Objekt braucht zu viel Speicher. / Too much memory needed.")
        )
    except Exception as error:  # noqa: BLE001 - whatever a file provokes is about that file only
        return encode_error(
            NotRenderable(
                f"Das Objekt lässt sich nicht lesen. / Cannot be read: {type(error).__name__}."
            )
        )


def _do(line: bytes) -> Answer:
    request = json.loads(line)
    path, frame = Path(request["path"]), request["frame"]
    match request["do"]:
        case "render":
            return encode_rendered(render(path, frame))
        case "key_objects":
            return encode_key_objects(read_key_objects(path))
        case _:
            return encode_frames(number_of_frames(path))


if __name__ == "__main__":
    harden_pydicom()
    sys.exit(serve_room(sys.argv[1:], answer))
