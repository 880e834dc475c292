"""*System*: how the installation is, which settings are in force, what support needs."""

from gdtbridge.web.pages.system.views import SystemPages

__all__ = ["SystemPages"]
