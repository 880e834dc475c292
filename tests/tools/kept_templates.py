"""What Jinja made of the templates of one web application, for all of this process.

A service has one application and compiles each template once, 6 ms each. Tests make an application
for each practice whose pages they look at, and those would all be compiled anew.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from types import CodeType

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from gdtbridge.language import Language
from gdtbridge.web.pages.frame import Frame


class KeptTemplates(BytecodeCache):
    """Compiled templates by name and text."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is kept of a template with the same name and text, if anything."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was made of a template."""
        self._codes[bucket.key, bucket.checksum] = bucket.code


def keep_templates() -> None:
    """Let all pages of a language this process shows from now on share compiled templates.

    One set for each language, of which the filters are: what a filter makes of a constant may be
    part of what is compiled.
    """
    kept: defaultdict[Language, KeptTemplates] = defaultdict(KeptTemplates)
    make = vars(Frame)["_environment"].func

    def keeping(frame: Frame) -> Environment:
        made: Environment = make(frame)
        made.bytecode_cache = kept[frame.texts.language]
        return made

    environment = cached_property(keeping)
    environment.__set_name__(Frame, "_environment")
    Frame._environment = environment  # type: ignore[method-assign, assignment]
