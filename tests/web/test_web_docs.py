"""``docs/reference/http.md`` says what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gdtbridge.errors import SettingsError
from gdtbridge.retrieve.broad_searches import BROAD
from gdtbridge.settings import MEGABYTE, Settings, load_settings
from gdtbridge.web import CorePorts, create_app, forms, server
from gdtbridge.web.access import slots
from gdtbridge.web.api.openapi import description
from gdtbridge.web.api.studies import API_PARAMETERS, OPEN_PARAMETERS
from gdtbridge.web.dicomweb import routes
from gdtbridge.web.dicomweb.routes import READERS
from gdtbridge.web.limits import Limits
from gdtbridge.web.pages.exams.pictures import PICTURE_THREADS
from gdtbridge.web.pages.routing import PREFIX
from gdtbridge.web.parameters import PARAMETERS
from gdtbridge.web.problems import SENTENCES, STATUS

STANDARDS = ("dicomweb_", "workitem", "ohif_", "fhir_")
"""Endpoints of standards and of a viewer, described in documents of their own."""


@pytest.fixture
def text(project: Path) -> str:
    """Return the document."""
    return (project / "docs" / "reference" / "http.md").read_text(encoding="utf-8")


@pytest.fixture
def calls(ports: CorePorts) -> set[tuple[str, str]]:
    """Return every method and path the application answers programs."""
    app = create_app(Settings(), ports, dict)
    return {
        (method, rule.rule.replace("<path:accession>", "<accession>"))
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith((PREFIX, *STANDARDS))
        for method in rule.methods or ()
        if method != "HEAD"
    }


def test_every_call_is_documented(text: str, calls: set[tuple[str, str]]) -> None:
    """Every method of every path stands in the document."""
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("GET or POST ", "POST ")
    plain += text.replace("GET or POST ", "GET ")
    for method, path in calls:
        assert re.search(rf"{method} {re.escape(path)}(?![\w/<])", plain), f"{method} {path}"


def test_every_call_is_described_for_programs(calls: set[tuple[str, str]]) -> None:
    """The OpenAPI document has the same calls, save the ones for people and for a form."""
    paths: Any = description()["paths"]
    described = {
        (method.upper(), path.replace("{accession}", "<accession>"))
        for path, methods in paths.items()
        for method in methods
        if method != "parameters"
    }
    left_out = {("GET", "/api/v1/openapi.json"), ("POST", "/worklist/add")}
    assert described | left_out == calls


def test_every_parameter_is_documented(text: str) -> None:
    """Every parameter has a row, and the older spellings are named."""
    for parameter in (*PARAMETERS, *API_PARAMETERS, *OPEN_PARAMETERS):
        assert f"\n| `{parameter.name}` | {'yes' if parameter.required else 'no'}" in text
        assert parameter.older is None or f"`{parameter.older}`" in text


def test_every_status_is_documented(text: str) -> None:
    """Every status a refusal can have has a row."""
    statuses = {*SENTENCES, *(int(status) for _, status in STATUS), 421} - {408}
    assert {int(s) for s in re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE)} >= statuses


def test_limits_are_the_ones_of_the_code(text: str) -> None:
    """The numbers in the table are the numbers in force."""
    limits = Limits()
    for row in (
        f"| body | {forms.MAX_BODY // 1024} KiB |",
        f"(dicomweb.md#storing-stow-rs) | {routes.LARGEST_BODY // MEGABYTE // 1024} GiB |",
        f"| address and header | {server.MAX_HEADER // 1024} KiB |",
        f"| parameters | {forms.MAX_VALUES} |",
        f"| connections | {limits.connections}, of one address {limits.per_address}, ",
        f"of which {limits.unserved} without a whole request",
        f"| time for a header | {limits.header_seconds:.0f} s |",
        f"| time for a body | as long as it needs at {limits.least_rate // 1024} KiB/s, ",
        f" {limits.stall_seconds:.0f} s, and no {limits.stall_seconds:.0f} s without a byte |",
        f"| {limits.waiting_bytes // MEGABYTE} MiB |",
        f"| idle connection | {limits.idle_seconds:.0f} s |",
        f"read something of a study at once | {READERS}; the others wait |",
        f"| pictures of pages at once | {PICTURE_THREADS}; the others wait |",
        f"DICOMweb and FHIR that take more than a second at once | {BROAD}; a third is 503 |",
        f"but for the [state](#state) | {slots.SLOTS}; the next waits {slots.WAIT_SECONDS:.0f} s",
    ):
        assert row in text, row


@pytest.mark.parametrize("name", ["README.md", "docs/praxis/einrichten.md"])
def test_settings_for_copying(project: Path, tmp_path: Path, name: str) -> None:
    """An example starts with a token of one's own, and never with the one that is printed."""
    blocks = re.findall(r"```toml\n(.*?)```", (project / name).read_text("utf-8"), re.DOTALL)
    block = next(one for one in blocks if "token" in one)
    file = tmp_path / "gdtbridge.toml"
    file.write_text(block, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"http\.token"):
        load_settings(file, {})
    file.write_text(block.replace("…", "0123456789abcdef"), encoding="utf-8")
    assert load_settings(file, {}).dicom.host == "0.0.0.0"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_examples_run(text: str, serve: Any, orders: Any) -> None:
    """Every curl example gives the answer it promises."""
    token = "correct-horse-battery"  # a test's own
    open_url, guarded_url = (
        f"http://127.0.0.1:{serve(**settings).port}" for settings in ({}, {"token": token})
    )
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = [c for block in blocks for c in re.split(r"\n(?=curl)", block) if "curl" in c]
    assert len(commands) >= 12
    for command in commands:
        url = guarded_url if "$TOKEN" in command else open_url
        _place_number_42(orders)
        done = subprocess.run(
            ["bash", "-c", command.replace("curl ", "curl -sf --max-time 10 ", 1)],
            env={"BRIDGE": url, "TOKEN": token, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)


def _place_number_42(orders: Any) -> None:
    if orders.entries:
        orders.entries["R0000000042"] = next(iter(orders.entries.values()))
