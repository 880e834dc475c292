"""The command line: ``gdtbridge COMMAND``.

Exit status 0: good; 1: the input or the state is bad, one clear line on stderr; 2: wrong usage;
of ``check`` also 3: all works, but something waits for a person.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from gdtbridge import __version__
from gdtbridge.commands.access import access
from gdtbridge.commands.attention import attention
from gdtbridge.commands.audit import audit
from gdtbridge.commands.backup import archive, backup, restore
from gdtbridge.commands.commitment import commitment
from gdtbridge.commands.devices import devices
from gdtbridge.commands.diagnose import diagnose
from gdtbridge.commands.exams import exams
from gdtbridge.commands.export import export
from gdtbridge.commands.export_sample import export_audit, export_constancy
from gdtbridge.commands.fetch import echo, fetch
from gdtbridge.commands.forward import forward
from gdtbridge.commands.gdt import gdt
from gdtbridge.commands.gdt_trial import learn_command, try_command
from gdtbridge.commands.open import open_command
from gdtbridge.commands.options import fail
from gdtbridge.commands.outbox import outbox
from gdtbridge.commands.patients import patients
from gdtbridge.commands.service import check, health, serve
from gdtbridge.commands.settings import settings_command
from gdtbridge.commands.simulate import simulate
from gdtbridge.commands.sr import sr
from gdtbridge.commands.viewer import viewer
from gdtbridge.commands.webhook import webhook
from gdtbridge.commands.worklist import order, worklist
from gdtbridge.dataset.image_libraries import keep_image_libraries_out
from gdtbridge.errors import BridgeError
from gdtbridge.logs import describe


class _Commands(click.Group):
    """Turns errors into one line on stderr and status 1; click's own keep their status."""

    def invoke(self, ctx: click.Context) -> object:
        keep_image_libraries_out()
        _speak_every_script()
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except BridgeError as error:
            fail(str(error))
        except Exception as error:  # noqa: BLE001 - a traceback helps nobody and may quote a patient
            from worklist import WorklistError

            unexpected = f"Unerwarteter Fehler. / Unexpected error: {describe(error)}"
            fail(str(error) if isinstance(error, WorklistError) else unexpected)


def _speak_every_script() -> None:
    """Let a terminal that lacks a letter get a substitute for it instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gdtbridge")
def main() -> None:
    """Brücke zwischen Ultraschall (DICOM) und Praxissoftware (GDT).

    The bridge between ultrasound devices and German practice software.
    """


for command in (
    serve,
    check,
    health,
    access,
    audit,
    settings_command,
    diagnose,
    attention,
    simulate,
    devices,
    worklist,
    order,
    exams,
    export,
    patients,
    outbox,
    forward,
    fetch,
    echo,
    commitment,
    webhook,
    gdt,
    sr,
    open_command,
    viewer,
    backup,
    restore,
    archive,
):
    main.add_command(command)
for command in (learn_command, try_command):
    gdt.add_command(command)
for command in (export_audit, export_constancy):
    export.add_command(command)
