"""The DICOM viewers, and the URL by which each opens one study.

What a viewer is told is the study and nothing of the patient. Pure: a table and what fills it in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote

from gdtbridge.errors import ViewerError


@dataclass(frozen=True, slots=True)
class ViewerKind:
    """A viewer the table knows: its URL with placeholders, and where that is documented."""

    title: str
    url: str
    source: str
    is_ours: bool = False
    """Whether it shows what the bridge keeps, from the bridge itself: its base may be left out."""


def _weasis(command: str) -> str:
    """Return a command for Weasis as its URL: everything in it is percent-encoded, blanks too."""
    parts = re.split(r"(\{\w+\})", command)
    return "weasis://" + "".join(p if p.startswith("{") else quote(p, safe="") for p in parts)


OWN_OHIF: Final = "ohif-gdtbridge"
VIEWERS: Final[Mapping[str, ViewerKind]] = {
    "ohif": ViewerKind(
        "OHIF",
        "{base}/viewer?StudyInstanceUIDs={study}",
        "docs.ohif.org/configuration/url",
    ),
    OWN_OHIF: ViewerKind(
        "OHIF",
        "{base}/ohif/viewer?StudyInstanceUIDs={study}",
        "docs.ohif.org/configuration/url",
        is_ours=True,
    ),
    "ohif-orthanc": ViewerKind(
        "OHIF in Orthanc (data source dicom-web)",
        "{base}/ohif/viewer?StudyInstanceUIDs={study}",
        "orthanc-ohif, Sources/OrthancExplorer.js",
    ),
    "stone": ViewerKind(
        "Stone Web viewer, from a server of its own",
        "{base}/index.html?study={study}",
        "orthanc-stone, Applications/StoneWebViewer/WebApplication/app.js",
    ),
    "stone-orthanc": ViewerKind(
        "Stone Web viewer in Orthanc",
        "{base}/stone-webviewer/index.html?study={study}",
        "orthanc-stone, Applications/StoneWebViewer/NOTES.txt and Plugin/OrthancExplorer.js",
    ),
    "orthanc-explorer-2": ViewerKind(
        "Orthanc Explorer 2",
        "{base}/ui/app/#/filtered-studies?StudyInstanceUID={study}&expand=study",
        "orthanc.uclouvain.be/book/plugins/orthanc-explorer-2.html",
    ),
    # Weasis asks for the study and then follows the RetrieveURL in the answer: where the archive
    # names itself wrongly there, nothing is shown (Weasis issues 264 and 432).
    "weasis": ViewerKind(
        "Weasis, from an archive with DICOMweb below /dicom-web (Orthanc)",
        _weasis('$dicom:rs --url "{encoded_base}/dicom-web" -r "studyUID={study}"'),
        "weasis.org/en/getting-started/weasis-protocol, weasis.org/en/basics/commands",
    ),
    # It signs in nowhere: the bridge makes a link for it and starts it (`weasis_url`).
    "weasis-gdtbridge": ViewerKind(
        "Weasis",
        "{base}/weasis?study={study}",
        "weasis.org/en/getting-started/weasis-protocol",
        is_ours=True,
    ),
    "meddream": ViewerKind(
        "MedDream (study integration)",
        "{base}/?study={study}",
        "npmjs.com/package/@meddream/viewer-communication, index.js",
    ),
}
"""The viewers ``viewer.kind`` may name."""

PLACEHOLDERS: Final = ("{study}", "{accession}")
"""What a template of the practice's own may contain; both are percent-encoded."""

_UID: Final = re.compile(r"[0-9][0-9.]{0,63}", re.ASCII)
_BASE: Final = re.compile(r"(?i:https?)://[A-Za-z0-9._~:/\[\]!$&()*+,;=%-]+")
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
"""A URL of the characters of RFC 3986; with no others it stays one argument of any program."""
_NEVER: Final = frozenset({"file", "javascript", "data", "vbscript", "about", "blob", "ftp"})
"""Schemes that run or read something of the workstation instead of starting a viewer."""


class ViewerChoice(Protocol):
    """The settings ``[viewer]``: a kind of the table with its base, or a URL of one's own."""

    @property
    def kind(self) -> str:
        """A key of `VIEWERS`, or empty."""

    @property
    def base(self) -> str:
        """URL of the archive or viewer without a slash at its end, or empty."""

    @property
    def url(self) -> str:
        """A template with `PLACEHOLDERS`, or empty."""


def fault_of(choice: ViewerChoice) -> str | None:
    """Return what is wrong with the settings, if anything is, German and English."""
    if choice.kind and choice.url:
        return "kind oder url, nicht beides. / kind or url, not both."
    if bool(choice.kind) != bool(choice.base) and not is_ours(choice):
        return "kind und base gehören zusammen. / kind and base belong together."
    if choice.kind and choice.kind not in VIEWERS:
        known = ", ".join(VIEWERS)
        return f"kind: unbekannt, es gibt {known}. / kind: unknown, there are {known}."
    if choice.base and not _BASE.fullmatch(choice.base):
        return (
            "base: http(s)-Adresse ohne Kennwort, Anführungszeichen, ? und #. / base: an http(s) "
            "address without password, quotes, ? and #."
        )
    return _fault_of_template(choice.url) if choice.url else None


def _fault_of_template(url: str) -> str | None:
    rest = url
    for placeholder in PLACEHOLDERS:
        rest = rest.replace(placeholder, "")
    if rest == url or set("{}") & set(rest):
        return (
            "url: {study} oder {accession} muss darin stehen und keine andere geschweifte Klammer. "
            "/ url: must contain {study} or {accession} and no other braces."
        )
    match = _URL.fullmatch(rest)
    if match is None or match[1].lower() in _NEVER:
        return (
            "url: vollständige Adresse eines Viewers (https://…, weasis://…), Leerzeichen als %20. "
            "/ url: the whole address of a viewer, blanks as %20."
        )
    return None


def is_configured(choice: ViewerChoice) -> bool:
    """Return whether there is a viewer at all."""
    return bool(choice.kind or choice.url)


def is_ours(choice: ViewerChoice) -> bool:
    """Return whether the viewer is one that shows what the bridge keeps, from the bridge itself."""
    kind = VIEWERS.get(choice.kind)
    return kind is not None and kind.is_ours


def is_own_ohif(choice: ViewerChoice) -> bool:
    """Return whether the viewer is OHIF on the bridge itself, where it may not be installed."""
    return choice.kind == OWN_OHIF and not choice.base


def study_url(choice: ViewerChoice, study_instance_uid: str, accession_number: str = "") -> str:
    """Return the URL that opens the study; raise `ViewerError` when there is none.

    Without a base a viewer of ours has a path, which is right on a page of the bridge.

    Both identifiers come from a device. A UID that is none never gets into a URL, and an accession
    number only percent-encoded.
    """
    if not is_configured(choice):
        raise ViewerError(
            "Es ist kein Viewer eingerichtet (viewer.kind und viewer.base, oder viewer.url). / No "
            "viewer is set up."
        )
    template = choice.url or VIEWERS[choice.kind].url
    if "{accession}" in template and not accession_number:
        raise ViewerError(
            "Die Untersuchung hat keine Auftragsnummer, viewer.url verlangt eine. / The study has "
            "no accession number, viewer.url asks for one."
        )
    return _filled(template, choice.base, study_instance_uid, accession_number)


def ohif_path(study_instance_uid: str) -> str:
    """Return the path at which OHIF shows a study on the bridge itself; raise `ViewerError`."""
    return _filled(VIEWERS[OWN_OHIF].url, "", study_instance_uid)


def weasis_url(manifest: str) -> str:
    """Return the URL that starts Weasis on what the manifest at a URL names."""
    return _weasis(f'$dicom:get -w "{manifest}"')


def _filled(template: str, base: str, study_instance_uid: str, accession: str = "") -> str:
    if "{study}" in template and not _UID.fullmatch(study_instance_uid):
        raise ViewerError(
            "Die Study Instance UID besteht nicht nur aus Ziffern und Punkten; der Viewer lässt "
            "sich damit nicht öffnen. / The Study Instance UID is not one of digits and dots; the "
            "viewer cannot be opened with it."
        )
    values = {
        "{study}": study_instance_uid,
        "{accession}": quote(accession, safe=""),
        "{base}": base,
        "{encoded_base}": quote(base, safe=""),
    }
    return re.sub(r"\{\w+\}", lambda match: values[match[0]], template)


def may_be_opened(url: str, choice: ViewerChoice) -> bool:
    """Return whether a workstation may hand a URL from the network to its operating system.

    Only schemes of the table are, and that of the practice's own ``url``: anything else could
    start a program.
    """
    known = {"http", "https", "weasis"}
    if choice.url:
        known.add(choice.url.partition("://")[0].lower())
    match = _URL.fullmatch(url)
    return match is not None and match[1].lower() in known
