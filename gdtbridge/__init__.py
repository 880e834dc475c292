"""gdtbridge: the bridge between ultrasound devices (DICOM) and German practice software (GDT).

The rooms: ``gdt`` and ``measurements`` are languages and know nobody; ``archive`` and ``outbox``
keep what came and what leaves; ``exams`` decides; ``dicom`` and ``web`` are the edges; ``app``
wires them. ``docs/design/architecture.md`` has the picture and the rules.
"""

__version__ = "0.1.0"
