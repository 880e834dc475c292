"""``gdtbridge export audit`` and ``export constancy``: what a KV wants to see, as one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gdtbridge.commands.options import FilePath, core_of, fail, terminal_user, with_settings
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.core import Core
    from gdtbridge.picture_labels import Asked
    from gdtbridge.sample_audit.model import CaseSheet

OPEN: Final = (
    "Ohne Kennwort: Jeder kann die Datei lesen. Nur auf einem Datenträger in der Hand übergeben. / "
    "Without a password anybody can read the file. Hand it over on a medium in person only."
)
target_option = click.option(
    "--to", "target", type=FilePath, required=True, help="Die ZIP-Datei. / The ZIP file."
)
open_option = click.option(
    "--without-password", "is_open", is_flag=True, help="Unverschlüsselt. / Not encrypted."
)


@click.command("audit")
@with_settings
@target_option
@click.option(
    "--case",
    "cases",
    multiple=True,
    metavar="WER TAG",
    help="Nummer oder Name und Tag; mehrmals möglich. / Number or name, and day.",
)
@click.option(
    "--list", "file", type=FilePath, help="Liste, ein Fall je Zeile. / A list, one case a line."
)
@open_option
def export_audit(
    settings: Settings, target: Path, cases: tuple[str, ...], file: Path | None, *, is_open: bool
) -> None:
    """Bilder für die KV-Stichprobe zusammenstellen. / Assemble the pictures of a sample audit.

    Ohne --case und --list die Fälle der Seite KV-Stichprobe, mit der Auswahl von dort. / Without
    them the cases of the page.
    """
    from gdtbridge.picture_labels import Asked

    asked = _asked(cases, file)
    with core_of(settings) as core:
        sheets = core.sample.sheets_of(asked) if asked else core.sample.sheets()
        _write(core, sheets, target, Asked.SAMPLE, is_open=is_open)


@click.command("constancy")
@with_settings
@target_option
@open_option
def export_constancy(settings: Settings, target: Path, *, is_open: bool) -> None:
    """Je Gerät und Schallkopf das neueste B-Bild. / The newest B-mode image of each transducer."""
    from gdtbridge.picture_labels import Asked

    with core_of(settings) as core:
        _write(core, core.sample.constancy_sheets(), target, Asked.CONSTANCY, is_open=is_open)


def _asked(cases: Sequence[str], file: Path | None) -> list[tuple[str, date]]:
    """Return who and when; end with status 1 where a line cannot be read."""
    from gdtbridge.sample_audit.typed_cases import typed_cases

    text = "\n".join(cases)
    if file is not None:
        try:
            text += "\n" + file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{file}: nicht lesbar. / cannot be read: {type(error).__name__}")
    found = typed_cases(text, date.today())  # noqa: DTZ011 - dates of the practice
    wrong = [f"{one.line}: {one.problem}" for one in found if one.problem]
    if wrong:
        fail("\n".join(wrong))
    return [(one.asked, one.day) for one in found if one.day is not None]


def _write(
    core: Core, sheets: Sequence[CaseSheet], target: Path, asked: Asked, *, is_open: bool
) -> None:
    """Write the set, and print its password; end with status 1 where nothing was written."""
    from gdtbridge.encrypted_zip import new_password

    if not sheets:
        from gdtbridge.sample_audit.desk import NO_CASES  # slow to import

        fail(NO_CASES)
    if target.exists():
        fail(f"{target}: gibt es schon. / is there already.")
    password = "" if is_open else new_password()
    try:
        written = core.sample.write_set(sheets, target, password, terminal_user(), asked)
    except OSError as error:
        fail(f"{target}: {error.strerror}")
    for number, one in enumerate(written, 1):
        click.echo(f"{number}. {one.sheet.outcome.value}: {len(one.files)} Dateien / files")
        for problem in one.problems:
            click.echo(f"   nicht dabei / not in it: {problem}", err=True)
    if is_open:
        click.echo(OPEN, err=True)
    else:
        click.echo(f"Kennwort / password: {password}")
