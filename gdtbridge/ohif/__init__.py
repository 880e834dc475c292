"""OHIF, a viewer in the browser, as it is installed beside the bridge: never part of the package.

Which releases are known, how one is fetched, checked, trimmed and put in place whole. What must not
live here: HTTP towards browsers, and who may look (`gdtbridge.web.ohif`).
"""

from gdtbridge.ohif.fetching import fetched
from gdtbridge.ohif.installation import ADDRESS, FILES, STYLE, InstalledOhif, OhifFolder, root_of
from gdtbridge.ohif.package import COMPRESSED
from gdtbridge.ohif.releases import LATEST, RELEASES, OhifRelease

__all__ = [
    "ADDRESS",
    "COMPRESSED",
    "FILES",
    "LATEST",
    "RELEASES",
    "STYLE",
    "InstalledOhif",
    "OhifFolder",
    "OhifRelease",
    "fetched",
    "root_of",
]
