"""What the services can do (PS3.18 8.9), as Web Application Description Language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Response

from gdtbridge.web.api.worklist import Route
from gdtbridge.web.dicomweb.place import ROOT, WebBase

WADL: Final = "application/vnd.sun.wadl+xml"
NAMESPACE: Final = "http://wadl.dev.java.net/2009/02"
_PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class CapabilityCalls:
    """Tells which calls there are."""

    base: WebBase
    routes: Sequence[Route]

    def describe(self) -> Response:
        """Answer with the resources and their methods."""
        return Response(_wadl(self.base.uri(), self.routes), content_type=WADL)


def _wadl(base: str, routes: Iterable[Route]) -> bytes:
    application = Element("application", {"xmlns": NAMESPACE})
    resources = SubElement(application, "resources", {"base": base})
    told_of: dict[str, Element] = {}
    for path, name, view, methods in routes:
        if path not in told_of:
            told_of[path] = _resource(resources, path)
        resource = told_of[path]
        for method in methods:
            told = SubElement(resource, "method", {"name": method, "id": f"{method}_{name}"})
            SubElement(told, "doc").text = (view.__doc__ or "").partition("\n")[0]
    return bytes(tostring(application, encoding="utf-8", xml_declaration=True))


def _resource(resources: Element, path: str) -> Element:
    template = _PARAMETER.sub(r"{\1}", path.removeprefix(ROOT)) or "/"
    resource = SubElement(resources, "resource", {"path": template.removeprefix("/")})
    for parameter in _PARAMETER.findall(path):
        style = {"name": parameter, "style": "template", "type": "xs:string"}
        SubElement(resource, "param", style)
    return resource
