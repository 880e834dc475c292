"""The addresses of the form and of what is done with an entry."""

from __future__ import annotations

from collections.abc import Iterator

from gdtbridge.web.pages.entry import acts, known, page
from gdtbridge.web.pages.entry.acts import EntryActs
from gdtbridge.web.pages.entry.page import EntryPage
from gdtbridge.web.pages.routing import READ, PageRoute


def entry_routes(form: EntryPage) -> Iterator[PageRoute]:
    """Yield path, name, view and methods of each."""
    write = ("POST",)
    done = EntryActs(form)
    yield page.PATH, "entry_new", form.new, READ
    yield page.PATH, "entry_add", form.add, write
    yield known.PATH, "entry_known", known.PatientHits(form.frame, form.core).show, READ
    yield page.CHECK_PATH, "entry_check", form.check, write
    yield page.ENTRY_PATH, "entry_edit", form.edit, READ
    yield page.ENTRY_PATH, "entry_save", form.save, write
    yield acts.MOVE_PATH, "entry_where", done.where, READ
    yield acts.MOVE_PATH, "entry_move", done.move, write
    yield acts.REMOVE_PATH, "entry_remove", done.remove, write
    yield acts.RESTORE_PATH, "entry_restore", done.restore, write
    yield acts.UNDO_PATH, "entry_undo", done.undo, write
