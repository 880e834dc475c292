"""The page at the root: that the bridge runs, and where to look further."""

from __future__ import annotations

from typing import Final

HOME: Final = """<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>gdtbridge</title></head>
<body><h1>gdtbridge</h1><p>Die Brücke zwischen Ultraschall und Praxissoftware läuft.</p>
<ul><li><a href="healthz">Lebenszeichen</a></li><li><a href="readyz">Zustand der Teile</a></li>
<li><a href="api/v1/openapi.json">Beschreibung der Schnittstelle</a></li></ul></body></html>
"""
