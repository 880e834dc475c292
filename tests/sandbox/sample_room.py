"""A reading process for the tests: does what the request says."""

from __future__ import annotations

import json
import os
import sys

from gdtbridge.sandbox import Answer, serve_room


def _answer(line: bytes) -> Answer:
    request = json.loads(line)
    if noise := request.get("noise"):
        os.write(1, noise.encode())
    if request.get("die"):
        os._exit(3)
    return Answer(json.dumps(request).encode("ascii"), b"\n1 \0" * request.get("quads", 0))


if __name__ == "__main__":
    sys.exit(serve_room(sys.argv[1:], _answer))
