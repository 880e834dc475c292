"""The search over the whole stock: orders, exams, and master data of the practice software.

Here live the grammar of what people type, the candidates that indices find, and the comparison
that decides. What is shown of a hit is a line of a day. No hit is guessed: where nothing fits,
names that sound alike are offered and nothing else.
"""

from gdtbridge.day.search.grammar import read_search
from gdtbridge.day.search.model import (
    Condition,
    ConditionKind,
    NamePart,
    OtherReading,
    SearchPage,
    SearchQuery,
    SearchToken,
    patient_query,
)
from gdtbridge.day.search.search import Search

__all__ = [
    "Condition",
    "ConditionKind",
    "NamePart",
    "OtherReading",
    "Search",
    "SearchPage",
    "SearchQuery",
    "SearchToken",
    "patient_query",
    "read_search",
]
