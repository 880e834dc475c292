"""Further members of each kind of fault: reports built by hand, and what a chart is to say of them.

Other makers' spellings, templates, codes and languages than those of the reports from the field.
Nothing here is a copy of a device's file.
"""

from __future__ import annotations

from tests.sr.members.catalogued import CATALOGUED
from tests.sr.members.findings import FOUND
from tests.sr.members.handheld import HANDHELD
from tests.sr.members.languages import LANGUAGES
from tests.sr.members.makers import MAKERS
from tests.sr.members.moments import MOMENTS
from tests.sr.members.places import PLACES
from tests.sr.members.results import RESULTS
from tests.sr.members.second import SECOND
from tests.sr.members.spellings import SPELLINGS
from tests.sr.members.subject import SUBJECT

MEMBERS = {
    **SUBJECT,
    **MOMENTS,
    **RESULTS,
    **SPELLINGS,
    **FOUND,
    **PLACES,
    **HANDHELD,
    **CATALOGUED,
    **LANGUAGES,
    **MAKERS,
    **SECOND,
}
