"""The scripts for Windows, as far as they can be judged without it: form and forbidden words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BOM = b"\xef\xbb\xbf"
POWERSHELL = ("auftrag.ps1", "bild-oeffnen.ps1", "gdtbridge-ais.ps1")
BATCH = ("auftrag.cmd", "bild-oeffnen.cmd", "gdtbridge-fenster.cmd")


@pytest.fixture(scope="module")
def scripts(project: Path) -> Path:
    """Return the folder of the scripts."""
    return project / "scripts" / "ais"


@pytest.mark.parametrize("name", [*POWERSHELL, *BATCH, "gdtbridge-ais.ini"])
def test_lines_end_as_windows_expects(scripts: Path, name: str) -> None:
    """Notepad and cmd.exe want CR LF."""
    data = (scripts / name).read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n") > 0


@pytest.mark.parametrize("name", POWERSHELL)
def test_powershell_knows_the_character_set(scripts: Path, name: str) -> None:
    """Windows PowerShell 5.1 reads a file without a mark as ANSI and would spoil umlauts."""
    assert (scripts / name).read_bytes().startswith(BOM)


@pytest.mark.parametrize("name", BATCH)
def test_batch_files_are_ascii(scripts: Path, name: str) -> None:
    """The console's code page differs from machine to machine."""
    assert (scripts / name).read_bytes().isascii()


@pytest.mark.parametrize("name", POWERSHELL)
def test_powershell_evaluates_no_text(scripts: Path, name: str) -> None:
    """No text becomes a command, and paths are never patterns."""
    text = (scripts / name).read_text(encoding="utf-8-sig")
    assert not re.search(r"Invoke-Expression|\biex\b|-EncodedCommand|cmd(\.exe)? /c", text, re.I)
    for call in re.findall(r"(?:Test-Path|Get-Item|Remove-Item)\b.*", text):
        assert "-LiteralPath" in call, call


@pytest.mark.parametrize("name", POWERSHELL)
def test_powershell_brackets_are_balanced(scripts: Path, name: str) -> None:
    """Every block and every bracket is closed, strings and comments left aside."""
    text = (scripts / name).read_text(encoding="utf-8-sig")
    bare = re.sub(r"'[^']*'|\"(?:`.|[^\"])*\"|#[^\r\n]*", "", text)
    waiting: list[str] = []
    for mark in re.findall(r"[(){}\[\]]", bare):
        if mark in "([{":
            waiting.append({"(": ")", "[": "]", "{": "}"}[mark])
        else:
            assert waiting.pop() == mark
    assert waiting == []


def test_every_function_that_is_called_exists(scripts: Path) -> None:
    """Names with a hyphen are functions of ours or commands Windows PowerShell 5.1 has."""
    known = {
        *("Join-Path", "Test-Path", "Get-Item", "Remove-Item", "New-Object"),
        *("ConvertFrom-Json", "Start-Process", "Set-StrictMode"),
    }
    texts = [(scripts / name).read_text(encoding="utf-8-sig") for name in POWERSHELL]
    bare = [re.sub(r"'[^']*'|\"[^\"]*\"|#[^\r\n]*", "", text) for text in texts]
    ours = {name for text in bare for name in re.findall(r"function ([A-Z]\w+-\w+)", text)}
    called = {name for text in bare for name in re.findall(r"\b([A-Z][a-z]\w+-[A-Z]\w+)", text)}
    assert called == ours | known


@pytest.mark.parametrize("name", BATCH)
def test_batch_files_pass_on_what_they_get_and_nothing_else(scripts: Path, name: str) -> None:
    """Delayed expansion would change a path with an exclamation mark; PowerShell is named fully."""
    text = (scripts / name).read_text(encoding="ascii")
    assert "setlocal EnableExtensions DisableDelayedExpansion" in text
    assert set(re.findall(r"%[\w~*]+%?", text)) <= {
        *("%SystemRoot%", "%~dp0auftrag", "%~dp0bild", "%*", "%ERRORLEVEL%", "%GDTAIS_ADRESSE%"),
    }
    if name != "gdtbridge-fenster.cmd":
        assert f'-File "%~dp0{name.removesuffix(".cmd")}.ps1" %*' in text
        assert "exit /b %ERRORLEVEL%" in text


def test_all_scripts_accept_the_same_viewers(scripts: Path) -> None:
    """PHP, PowerShell and sh name the same characters of an address."""
    found = set()
    for name in ("gdtbridge-ais.php", "bild-oeffnen.ps1", "bild-oeffnen.sh"):
        text = (scripts / name).read_text(encoding="utf-8-sig")
        (pattern,) = re.findall(r"weasis\)://\[(.+)\](?:\{|\+)", text)
        found.add(frozenset(re.sub(r"[\\`]", "", pattern)))
    assert len(found) == 1


def test_the_settings_name_what_the_scripts_read(scripts: Path) -> None:
    """Every key of gdtbridge-ais.ini is read somewhere, and no other."""
    ini = (scripts / "gdtbridge-ais.ini").read_text("utf-8")
    keys = set(re.findall(r"^([a-z]+) =", ini, re.M))
    read = {
        "*.sh": r"\$\(setting (\w+) ",
        "*.ps1": r"[Ss]ettings\.(\w+)",
        "*.php": r"setting\('(\w+)'\)",
    }
    found = {
        pattern: set(re.findall(expression, "".join(map(_text, scripts.glob(pattern)))))
        for pattern, expression in read.items()
    }
    assert found["*.sh"] == keys
    assert found["*.ps1"] == keys - {"zertifikat"}  # Windows has a store of its own
    assert found["*.php"] == keys - {"auftragsordner"}


def _text(file: Path) -> str:
    """Return what a script says."""
    return file.read_text(encoding="utf-8-sig")
