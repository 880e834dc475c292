"""``gdtbridge settings``: what is in force, and where each setting comes from."""

from __future__ import annotations

import click

from gdtbridge.commands.options import as_json_option, print_rows, with_settings
from gdtbridge.settings import Settings, settings_in_force
from gdtbridge.settings.in_force import SettingInForce, matching
from gdtbridge.settings.sources import OriginKind


@click.command("settings")
@with_settings
@click.option("--said", is_flag=True, help="Ohne die Vorgaben. / Without the defaults.")
@as_json_option
@click.argument("words", nargs=-1)
def settings_command(
    settings: Settings, words: tuple[str, ...], *, said: bool, as_json: bool
) -> None:
    """Zeigen, welche Einstellungen gelten und woher jede kommt. / Show what is in force, and why.

    WORDS schränken ein, zum Beispiel: gdt out. Kennwörter werden nie gezeigt. / WORDS narrow it
    down. No secret is shown.
    """
    found = matching(settings_in_force(settings), " ".join(words))
    if said:
        found = [one for one in found if one.origin.kind is not OriginKind.DEFAULT]
    rows = [{"key": one.key, "value": _shown(one), "origin": one.origin.text} for one in found]
    print_rows(rows, as_json=as_json)


def _shown(one: SettingInForce) -> str:
    if one.is_secret and one.is_set:
        return f"gesetzt, verborgen / set, hidden {one.value}".rstrip()
    return one.value
