"""The URL that opens a study in each viewer."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from gdtbridge.errors import SettingsError, ViewerError
from gdtbridge.settings import ViewerSettings, load_settings
from gdtbridge.viewers import VIEWERS, is_configured, may_be_opened, study_url, weasis_url

PACS = "http://pacs.praxis:8042"
STUDY = "1.2.840.10008.1"
RS = "%24dicom%3Ars%20--url%20"
SELECT = f"%20-r%20%22studyUID%3D{STUDY}%22"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ohif", f"{PACS}/viewer?StudyInstanceUIDs={STUDY}"),
        ("ohif-gdtbridge", f"{PACS}/ohif/viewer?StudyInstanceUIDs={STUDY}"),
        ("ohif-orthanc", f"{PACS}/ohif/viewer?StudyInstanceUIDs={STUDY}"),
        ("stone", f"{PACS}/index.html?study={STUDY}"),
        ("stone-orthanc", f"{PACS}/stone-webviewer/index.html?study={STUDY}"),
        (
            "orthanc-explorer-2",
            f"{PACS}/ui/app/#/filtered-studies?StudyInstanceUID={STUDY}&expand=study",
        ),
        (
            "weasis",
            f"weasis://{RS}%22http%3A%2F%2Fpacs.praxis%3A8042%2Fdicom-web%22{SELECT}",
        ),
        ("weasis-gdtbridge", f"{PACS}/weasis?study={STUDY}"),
        ("meddream", f"{PACS}/?study={STUDY}"),
    ],
)
def test_each_viewer_of_the_table(kind: str, expected: str) -> None:
    """The URL is the documented one, and every viewer has a source."""
    url = study_url(ViewerSettings(kind=kind, base=f"{PACS}/"), STUDY, "R1")
    assert url == expected
    assert may_be_opened(url, ViewerSettings())
    assert VIEWERS[kind].source


def test_every_viewer_is_tested() -> None:
    """A new row of the table needs a line above."""
    (mark,) = test_each_viewer_of_the_table.pytestmark  # type: ignore[attr-defined]
    assert {kind for kind, _ in mark.args[1]} == set(VIEWERS)


def test_weasis_gets_its_command_whole() -> None:
    """Decoded, the URL is the command Weasis documents, with a base below a path and a port."""
    url = study_url(ViewerSettings(kind="weasis", base="https://pacs:8443/orthanc"), STUDY)
    command = f'$dicom:rs --url "https://pacs:8443/orthanc/dicom-web" -r "studyUID={STUDY}"'
    assert unquote(url.removeprefix("weasis://")) == command


def test_weasis_gets_the_address_of_a_manifest() -> None:
    """As one argument, whatever is in it."""
    url = weasis_url("https://bridge:8443/gdt/bilder/gdtl_a-B_9/weasis.xml")
    assert may_be_opened(url, ViewerSettings())
    assert unquote(url.removeprefix("weasis://")) == (
        '$dicom:get -w "https://bridge:8443/gdt/bilder/gdtl_a-B_9/weasis.xml"'
    )


def test_a_url_of_ones_own() -> None:
    """Both placeholders are filled in, the accession number percent-encoded."""
    viewer = ViewerSettings(url="radiant://?n=f&v={study}&a={accession}")
    assert study_url(viewer, STUDY, "A/1 &x=\r\n{study}") == (
        f"radiant://?n=f&v={STUDY}&a=A%2F1%20%26x%3D%0D%0A%7Bstudy%7D"
    )


@pytest.mark.parametrize(
    "uid",
    ["", "..", ".1", "1.2/../x", "1.2&a=b", '1.2"', "1.2 ", "1.2\n", "1.2%22", "1" * 65, "²"],
)
def test_what_is_no_uid_never_gets_into_a_url(uid: str) -> None:
    """UIDs come from the wire."""
    with pytest.raises(ViewerError):
        study_url(ViewerSettings(kind="ohif", base=PACS), uid)


def test_a_missing_accession_number_opens_nothing() -> None:
    """An empty one would open whatever the viewer takes that for."""
    with pytest.raises(ViewerError):
        study_url(ViewerSettings(url="http://v/{accession}"), STUDY, "")


def test_without_a_viewer() -> None:
    """The settings are named."""
    assert not is_configured(ViewerSettings())
    with pytest.raises(ViewerError, match=r"viewer\.kind"):
        study_url(ViewerSettings(), STUDY)


@pytest.mark.parametrize(
    "lines",
    [
        'kind = "weasis"',
        'base = "http://pacs"',
        'kind = "osirix"\nbase = "http://pacs"',
        'kind = "ohif"\nbase = "http://pacs"\nurl = "http://v/{study}"',
        'kind = "ohif"\nbase = "pacs:8042"',
        'kind = "ohif"\nbase = "http://pacs müller"',
        'kind = "ohif"\nbase = "http://müller"',
        'kind = "ohif"\nbase = "http://a:b@pacs"',
        'kind = "weasis"\nbase = "http://pacs\\" -r \\"patientID=*"',
        'kind = "ohif"\nbase = "http://pacs/?x="',
        'url = "http://v/"',
        'url = "http://v/{study}{patient}"',
        'url = "http://v/{study.__class__}"',
        'url = "http://v/{study}}"',
        'url = "v/{study}"',
        'url = "javascript://{study}"',
        'url = "FILE:///c:/{study}"',
        'url = "{study}://v/"',
        'url = "http://v/a b{study}"',
        'url = "weasis://$dicom:rs --url \\"x\\" {study}"',
        'study = "x"',
    ],
)
def test_settings_that_cannot_work_stop_the_start(tmp_path: Path, lines: str) -> None:
    """What is wrong is named by its key."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(f"[viewer]\n{lines}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="viewer"):
        load_settings(file, {})


def test_settings_from_the_environment() -> None:
    """A container has no file."""
    environ = {"GDTBRIDGE_VIEWER__KIND": "ohif", "GDTBRIDGE_VIEWER__BASE": PACS}
    assert is_configured(load_settings(None, environ).viewer)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://pacs/viewer?a=1.2", True),
        ("https://pacs/", True),
        ("weasis://%24dicom", True),
        ("radiant://?v=1", True),
        ("horos://x", False),
        ("file:///etc/passwd", False),
        ("C:\\Windows\\System32\\calc.exe", False),
        ("\\\\evil\\share\\x.exe", False),
        ("calc.exe", False),
        ("javascript:alert(1)", False),
        ('http://a/" --evil', False),
        ("http://a/\nx", False),
        ("--help", False),
        ("", False),
    ],
)
def test_what_a_workstation_may_open(url: str, allowed: bool) -> None:  # noqa: FBT001
    """An answer from the network starts a viewer or nothing."""
    assert may_be_opened(url, ViewerSettings(url="radiant://?v={study}")) is allowed


def test_the_viewers_are_documented(project: Path) -> None:
    """Every row of the table stands in the document, URL and source included."""
    text = (project / "docs" / "reference" / "open.md").read_text(encoding="utf-8")
    for kind, viewer in VIEWERS.items():
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{kind}` |"))
        assert f"| {viewer.title} |" in row
        assert f"| {viewer.source} |" in row
        assert f"| `{viewer.url}` |" in row or kind == "weasis"


def test_the_documented_examples_are_good_settings(project: Path, tmp_path: Path) -> None:
    """Whoever copies them gets a URL."""
    text = (project / "docs" / "reference" / "open.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:toml)?\n((?:\[viewer\]|url).*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        file = tmp_path / "gdtbridge.toml"
        file.write_text(block if block.startswith("[") else f"[viewer]\n{block}", "utf-8")
        assert study_url(load_settings(file, {}).viewer, STUDY).startswith("weasis://%24dicom")
