"""Names, units and ids of measurements, and how a person reads them.

What must not live here: GDT, networks, reading files.
"""

from gdtbridge.catalogue.report_json import report_to_json
from gdtbridge.catalogue.report_table import report_to_text
from gdtbridge.catalogue.wording import remarks, title

__all__ = ["remarks", "report_to_json", "report_to_text", "title"]
