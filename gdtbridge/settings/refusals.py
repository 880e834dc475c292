"""Settings that are valid one by one and must not be together: every refusal that needs no I/O."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gdtbridge.dataset.values import folded_title
from gdtbridge.errors import SettingsError
from gdtbridge.settings.attention import MailSettings
from gdtbridge.settings.dicom import DicomSettings
from gdtbridge.settings.forward import forward_problems
from gdtbridge.settings.gdt import ExchangeSettings, RouteCondition
from gdtbridge.settings.hosts import is_loopback
from gdtbridge.settings.http import HttpSettings
from gdtbridge.settings.models import Settings

if TYPE_CHECKING:
    from gdtbridge.gdt.tables.dialects import Dialect


def refuse_unusable(settings: Settings) -> None:
    """Raise `SettingsError` with a line for everything a start must refuse, and how to mend it."""
    problems = [
        *_unguarded(settings),
        *_tls_problems(settings.dicom),
        *_https_problems(settings.http),
        *_route_problems(settings),
        *_device_problems(settings),
        *forward_problems(settings),
        *_webhook_problems(settings),
        *_pickup_problems(settings),
        *_catalogue_problems(settings),
        *_dialect_problems(settings),
        *_mail_problems(settings.mail),
    ]
    if problems:
        raise SettingsError("\n".join(problems))


def _unguarded(settings: Settings) -> Iterator[str]:
    """Yield what listens beyond this machine and does not say who may come in."""
    dicom, http = settings.dicom, settings.http
    if not is_loopback(dicom.host) and not dicom.allowed_networks:
        yield (
            f"dicom.host = {dicom.host}: Setzen Sie dicom.allowed_networks auf die Netze oder "
            'Adressen Ihrer Geräte, z. B. ["192.168.1.0/24"]. / set dicom.allowed_networks to the '
            "networks or addresses of your devices."
        )
    token = http.token.get_secret_value()
    if not is_loopback(http.host) and not token and not settings.access.required:
        yield (
            f"http.host = {http.host}: Setzen Sie http.token auf ein langes, zufälliges Kennwort, "
            "oder access.required = true, dann kommt niemand ohne Konto herein. / set http.token "
            "to a long random word, or access.required = true, which lets nobody in without an "
            "account."
        )
    if token and len(token) < 16:
        yield "http.token: mindestens 16 Zeichen. / must have at least 16 characters."


def _tls_problems(dicom: DicomSettings) -> Iterator[str]:
    """Yield what keeps the encrypted port from being one, or would let somebody think it is."""
    if dicom.tls_port is None:
        for key in ("tls_client_ca", "tls_only"):
            if getattr(dicom, key):
                yield (
                    f"dicom.{key}: Ohne dicom.tls_port verschlüsselt hier nichts. / Nothing is "
                    "encrypted here without dicom.tls_port."
                )
    elif dicom.tls_certificate is None:
        yield (
            "dicom.tls_port: Setzen Sie dicom.tls_certificate und dicom.tls_key auf Zertifikat und "
            "Schlüssel (PEM). / set dicom.tls_certificate and dicom.tls_key to a certificate and "
            "its key (PEM)."
        )
    elif dicom.tls_port and dicom.tls_port == dicom.port:
        yield (
            "dicom.tls_port: Der Port gehört schon dicom.port; üblich ist 2762. / The port is that "
            "of dicom.port already; 2762 is usual."
        )
    if dicom.tls_key is not None and dicom.tls_certificate is None:
        yield "dicom.tls_key: Es fehlt dicom.tls_certificate. / dicom.tls_certificate is missing."


def _https_problems(http: HttpSettings) -> Iterator[str]:
    """Yield what is said of the web server's encryption and could not hold."""
    if http.tls == "files" and http.tls_certificate is None:
        yield (
            "http.tls = files: Setzen Sie http.tls_certificate und http.tls_key auf Zertifikat und "
            "Schlüssel (PEM). / set http.tls_certificate and http.tls_key to a certificate and its "
            "key (PEM)."
        )
    for key in ("tls_certificate", "tls_key"):
        if http.tls != "files" and getattr(http, key) is not None:
            yield (
                f'http.{key}: Gilt nur mit http.tls = "files". / Is used with http.tls = "files" '
                "only."
            )
    if http.tls != "off" and http.public_url.lower().startswith("http:"):
        yield (
            f'http.public_url: Muss mit https:// beginnen, denn http.tls = "{http.tls}". / Must '
            "begin with https://, for the web server is encrypted."
        )


def _route_problems(settings: Settings) -> Iterator[str]:
    """Yield what would let orders or results go to two places, or to none."""
    names: set[str] = set()
    inboxes = {settings.gdt_in}
    for route in settings.gdt.routes:
        place = f"gdt.routes ({route.name})"
        if route.name in names:
            yield f"{place}: Der Name ist doppelt. / The name is used twice."
        names.add(route.name)
        if route.when == RouteCondition() and route.in_ is None:
            yield (
                f"{place}: Setzen Sie when oder in, sonst gilt die Route nie. / Set when or in, or "
                "the route is never taken."
            )
        if route.in_ is not None:
            if settings.base / route.in_ in inboxes:
                yield (
                    f"{place}: Der Ordner in gehört schon einer anderen Route. / The folder in "
                    "belongs to another route already."
                )
            inboxes.add(settings.base / route.in_)


def _device_problems(settings: Settings) -> Iterator[str]:
    """Yield devices that two tables describe."""
    counted = Counter((folded_title(one.aet or ""), one.host) for one in settings.device)
    for (aet, host), count in counted.items():
        if count > 1:
            told = aet.upper() or host
            yield (
                f"device ({told}): Dieses Gerät steht in mehr als einer Tabelle. / This device "
                "stands in more than one table."
            )


def _pickup_problems(settings: Settings) -> Iterator[str]:
    """Yield folders that two tables would take from, and those whose files are ours."""
    ours = (settings.archive_folder, settings.spool_folder, settings.root / "gdt" / "archive")
    seen: list[Path] = []
    for number, one in enumerate(settings.pickups, 1):
        folder = Path(os.path.normpath(one.folder))
        if any(folder.is_relative_to(mine) or mine.is_relative_to(folder) for mine in ours):
            yield (
                f"pickup ({number}).folder = {folder}: Dort liegen Dateien der Bridge selbst. / "
                "The bridge keeps files of its own there."
            )
        if any(folder.is_relative_to(other) or other.is_relative_to(folder) for other in seen):
            yield (
                f"pickup ({number}).folder = {folder}: Dieser Ordner liegt in einem anderen von "
                "[[pickup]] oder ist derselbe. / This folder lies in another one of [[pickup]], or "
                "is the same."
            )
        seen.append(folder)


def _webhook_problems(settings: Settings) -> Iterator[str]:
    """Yield names that two webhooks have."""
    counted = Counter(one.name for one in settings.webhook)
    for name, count in counted.items():
        if count > 1:
            yield f"webhook ({name}): Der Name ist doppelt. / The name is used twice."


def _mail_problems(mail: MailSettings) -> Iterator[str]:
    """Yield why mails would go nowhere, or a password would go in the clear."""
    if not mail.host:
        return
    if not mail.from_ or not mail.to:
        yield (
            "mail.host: Setzen Sie auch mail.from und mail.to. / set mail.from and mail.to as well."
        )
    if mail.user and mail.security == "none" and not is_loopback(mail.host):
        yield (
            "mail.security = none: Mit mail.user nur auf diesem Rechner, sonst ginge das Kennwort "
            "unverschlüsselt über das Netz. / with mail.user on this machine only, or the password "
            "would be sent in the clear."
        )


def _catalogue_problems(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the practice's own rows of the catalogue."""
    if not settings.catalogue.rows:
        return
    from gdtbridge.catalogue.catalogue import Catalogue  # slow to import and seldom needed
    from gdtbridge.catalogue.rows import CatalogueError

    try:
        Catalogue.load(settings.catalogue.cells)
    except CatalogueError as error:
        yield str(error)


def _dialect_problems(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with dialects of the practice's own, and with who is to read them."""
    # slow to import; few commands read settings and no GDT
    from gdtbridge.gdt.errors import GdtError
    from gdtbridge.gdt.tables.dialects import dialect_named
    from gdtbridge.gdt.tables.practice_dialects import dialects_with

    try:
        known = dialects_with(settings.dialects)
    except GdtError as error:
        yield f"dialects.{error}"
        return
    for exchange in settings.exchanges:
        try:
            dialect = dialect_named(exchange.gdt.dialect, known)
        except GdtError as error:
            yield f"{exchange.key}.dialect: {error}"
            continue
        yield from _attachment_problems(exchange, dialect)


def _attachment_problems(exchange: ExchangeSettings, dialect: Dialect) -> Iterator[str]:
    """Yield why attachments would find no place."""
    key = exchange.key
    if exchange.gdt.attachments_folder is None:
        wanted = ("report_attachment", "exam_attachment")
        for name in (one for one in wanted if getattr(exchange.gdt, one)):
            yield (
                f"{key}.{name}: Setzen Sie attachments_folder auf den Ordner für die "
                "Berichte. / set attachments_folder to the folder the reports belong in."
            )
    elif not dialect.options.attachments:
        yield (
            f"{key}.attachments_folder: Der Dialekt {dialect.name} hat keinen Platz für Anhänge; "
            f"nimmt Ihre Praxissoftware welche, setzen Sie [dialects.{dialect.name}] attachments = "
            "true. / This dialect has no place for attachments; if your software takes them, set "
            "attachments = true for it."
        )
