"""*System*: how the installation is, which settings hold, who may come in and did what, support."""

from gdtbridge.web.pages.system.accounts import AccountPages
from gdtbridge.web.pages.system.study_links import StudyLinkList
from gdtbridge.web.pages.system.tokens import TokenPages
from gdtbridge.web.pages.system.trail import TrailPage
from gdtbridge.web.pages.system.views import SystemPages

__all__ = ["AccountPages", "StudyLinkList", "SystemPages", "TokenPages", "TrailPage"]
