"""The objects of GDT 3.0 and 3.1: which one a field stands in (GDT 3.0 object tables)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.tables.record_types import FILE_GROUP

HEADER_FIELDS: Final = ("8315", "8316", "9103", "9206", "9218", "0102", "0103", "0132")
REQUEST_FIELDS: Final = ("6200", "6201", "8310", "8314", "8402", "8404", "8491")

_PATIENT: Final = (
    "3000", "3100", "3101", "3102", "3103", "3104", "3105", "3106", "3107", "3108", "3110", "3112",
    "3113", "3114", "3115", "3116", "3119", "3618", "3619", "3626", "3628",
)  # fmt: skip

OBJECT_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(HEADER_FIELDS, "Obj_Kopfdaten"),
        **dict.fromkeys(_PATIENT, "Obj_Patient"),
        **dict.fromkeys(("3622", "3623"), "Obj_Basisdiagnostik"),
        **dict.fromkeys(REQUEST_FIELDS, "Obj_Anforderung"),
        **dict.fromkeys((*FILE_GROUP, "6329"), "Obj_Anhang"),
        **dict.fromkeys(("0201", "0212"), "Obj_Arztidentifikation"),
    }
)
"""Field to the object it stands in; others stand between the objects."""

OBJECTS: Final = ("", *dict.fromkeys(OBJECT_OF.values()))
"""Every object, and none."""

ONCE: Final = ("Obj_Kopfdaten", "Obj_Patient", "Obj_Basisdiagnostik", "Obj_Anforderung")
"""Objects that are there once, in their order."""
