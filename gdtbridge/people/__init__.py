"""The patient as a value, and the rule when two descriptions are of two persons.

Every room that knows a name, a birth date or a sex holds a `Patient`; splitting, joining and
comparing names stand here only. What must not live here: where a description came from.
"""

from gdtbridge.people.comparison import agree, are_two, are_written_alike, tells_a_person
from gdtbridge.people.patient import Patient

__all__ = ["Patient", "agree", "are_two", "are_written_alike", "tells_a_person"]
