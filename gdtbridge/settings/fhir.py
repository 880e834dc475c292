"""``[fhir]``: what the practice and its numbers are called in FHIR."""

from __future__ import annotations

from gdtbridge.settings.fields import Uri
from gdtbridge.settings.section import SettingsSection


class FhirSettings(SettingsSection):
    """The URIs of the practice's numbers in FHIR; empty where it has none."""

    patient_system: Uri = ""
    order_system: Uri = ""
