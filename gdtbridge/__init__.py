"""gdtbridge: the bridge between ultrasound devices (DICOM) and German practice software (GDT).

``docs/design/architecture.md`` has the rooms and their rules; `gdtbridge.core` wires them.
"""

__version__ = "0.1.0"
