"""OHIF is installed whole or not at all, from the package that is known, below its own path."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from gdtbridge.check import probe
from gdtbridge.core import open_core
from gdtbridge.errors import ViewerPackageError
from gdtbridge.ohif import LATEST, InstalledOhif, OhifFolder, OhifRelease, root_of
from gdtbridge.settings import load_settings
from tests.tools.trees import tree_of
from tests.tools.viewer_package import BUILD, SCRIPT, packed, release_of

CHUNK: Final = "8097.bundle.aa.js"


@pytest.fixture
def folder(tmp_path: Path) -> OhifFolder:
    """Return the folder of an installation that is not there yet."""
    return OhifFolder(tmp_path / "ohif")


def install(folder: OhifFolder, files: Mapping[str, bytes]) -> InstalledOhif:
    """Install a package with these files."""
    package = packed(files)
    return folder.install(io.BytesIO(package), release_of(package))


def test_a_build_is_told_where_it_stands(folder: OhifFolder) -> None:
    """Its chunks and fonts are asked for below its own path, whose mark is new each time."""
    assert folder.installed() is None
    made = install(folder, BUILD)

    assert folder.installed() == made
    script = gzip.decompress(folder.content(made.mark, SCRIPT) or b"")
    style = gzip.decompress(folder.content(made.mark, "app.bundle.css") or b"")
    assert f'__webpack_require__.p = "{root_of(made.mark)}";'.encode() in script
    assert f"url({root_of(made.mark)}a.woff2)".encode() in style
    assert folder.content(made.mark, "a.woff2") == BUILD["package/dist/a.woff2"]
    assert "LICENSE.txt" in made.files
    assert install(folder, BUILD).mark != made.mark
    assert folder.content(made.mark, SCRIPT) is None


@pytest.mark.parametrize(
    "name",
    ["app.js.map", "ort/ort.wasm", "index.html", "app-config.js", "sw.js", "_headers"],
)
def test_what_ultrasound_never_needs_is_left_out(folder: OhifFolder, name: str) -> None:
    """By the table; what is not known is kept."""
    made = install(folder, {**BUILD, f"package/dist/{name}": b"x", f"package/dist/{CHUNK}": b"y"})
    assert name not in made.files
    assert CHUNK in made.files
    assert LATEST.leaves_out("polySeg.bundle.2c5892e4c5a6bdd5.js")
    assert not OhifRelease("0.0.1", 1, b"").leaves_out("polySeg.bundle.2c5892e4c5a6bdd5.js")


@pytest.mark.parametrize(
    "name", ["package/dist/../../evil.js", "package/dist//etc/passwd", "package/dist/a b.js"]
)
def test_a_name_that_leads_elsewhere_installs_nothing(
    folder: OhifFolder, tmp_path: Path, name: str
) -> None:
    """The one that was there stays."""
    before = install(folder, BUILD)
    with pytest.raises(ViewerPackageError):
        install(folder, {**BUILD, name: b"x"})
    assert folder.installed() == before
    assert {one.name for one in (tmp_path / "ohif").iterdir()} == {
        *("installed.json", "lock", before.mark)
    }


def test_links_in_a_package_are_passed_over(folder: OhifFolder, tmp_path: Path) -> None:
    """A link would let a browser read what it leads to."""
    (tmp_path / "secret").write_bytes(b"secret")
    link = tarfile.TarInfo("package/dist/link.js")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
    package = packed(BUILD, link)
    made = folder.install(io.BytesIO(package), release_of(package))
    assert "link.js" not in made.files
    assert folder.content(made.mark, "link.js") is None


def test_another_package_is_refused(folder: OhifFolder, tmp_path: Path) -> None:
    """A byte more, less or other; nothing was made for it."""
    package = packed(BUILD)
    other = package[:-1] + bytes([package[-1] ^ 1])
    for changed in (package + b"\0", package[:-1], b"", other):
        with pytest.raises(ViewerPackageError, match="Prüfsumme"):
            folder.install(io.BytesIO(changed), release_of(package))
    assert not tree_of(tmp_path)


def test_what_is_no_build_is_refused(folder: OhifFolder) -> None:
    """Though it is the package that was meant."""
    for package in (packed({"package/dist/x.js": b"x"}), b"no archive at all"):
        with pytest.raises(ViewerPackageError, match="nichts installiert"):
            folder.install(io.BytesIO(package), release_of(package))
    assert folder.installed() is None


def test_what_another_left_half_done_goes(folder: OhifFolder, tmp_path: Path) -> None:
    """A power cut in the middle costs its folder, until somebody installs again."""
    made = install(folder, BUILD)
    (tmp_path / "ohif" / "3.0.0-begun").mkdir()
    (tmp_path / "ohif" / "3.0.0-begun" / "a.js").write_bytes(b"half")
    assert folder.installed() == made
    again = install(folder, BUILD)
    assert [one.name for one in (tmp_path / "ohif").iterdir() if one.is_dir()] == [again.mark]
    assert folder.remove()
    assert folder.installed() is None
    assert not folder.remove()


def test_releases_are_whole_facts() -> None:
    """Size and SHA-512 of each, and where npm has it."""
    assert len(LATEST.sha512) == hashlib.sha512().digest_size
    assert LATEST.address.startswith("https://registry.npmjs.org/@ohif/app/-/app-")


def test_check_says_that_the_viewer_of_the_settings_is_missing(tmp_path: Path) -> None:
    """Before the first start and after it, until it is installed; nothing where it is not meant."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text('[viewer]\nkind = "ohif-gdtbridge"\n[dicom]\nport = 0\n[http]\nport = 0\n')
    settings = load_settings(file, {})

    def told() -> list[tuple[bool, bool, str]]:
        found = (one for one in probe(settings) if one.part == "viewer.kind")
        return [(one.ok, one.needs_person, one.text) for one in found]

    assert [one[:2] for one in told()] == [(True, True)]
    with open_core(settings):
        pass
    assert [one[:2] for one in told()] == [(True, True)]
    assert "gdtbridge viewer install" in told()[0][2]
    install(OhifFolder(settings.ohif_folder), BUILD)
    assert told() == [(True, False, "OHIF 3.0.0")]
    file.write_text("[dicom]\nport = 0\n[http]\nport = 0\n")
    settings = load_settings(file, {})
    assert told() == []
