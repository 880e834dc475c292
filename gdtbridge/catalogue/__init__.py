"""Names, units and ids of measurements, and how a person reads them.

What must not live here: GDT, networks, reading files.
"""

from gdtbridge.catalogue.table import report_to_text
from gdtbridge.catalogue.wording import fingerprint, remarks, report_to_json, title

__all__ = [
    "fingerprint",
    "remarks",
    "report_to_json",
    "report_to_text",
    "title",
]
