"""The form of an entry: patient, procedure, time and device; added, corrected, taken back."""
