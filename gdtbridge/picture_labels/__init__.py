"""What a picture says of patient, day, practice and device, as a sample audit of a KV asks for it.

Here live the check list (`items.tsv`), which organs have two sides (`paired.tsv`), and the rules
that answer each item from the picture's head: present, missing, or to be looked at by a person.
Nothing here reads what is written into the pixels; databases, files and people must not live here.
"""

from gdtbridge.picture_labels.items import USUAL_ITEMS, Asked, LabelItem
from gdtbridge.picture_labels.paired import PairedOrgans, paired_organs
from gdtbridge.picture_labels.rules import (
    REASONS,
    RULES,
    LabelAnswer,
    LabelContext,
    LabelState,
    answers_of,
    is_brightness_mode,
    transducer_of,
)

__all__ = [
    "REASONS",
    "RULES",
    "USUAL_ITEMS",
    "Asked",
    "LabelAnswer",
    "LabelContext",
    "LabelItem",
    "LabelState",
    "PairedOrgans",
    "answers_of",
    "is_brightness_mode",
    "paired_organs",
    "transducer_of",
]
