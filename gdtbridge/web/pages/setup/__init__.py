"""*Einrichtung*: the set-up of a practice, in five steps."""

from gdtbridge.web.pages.setup.views import SetupPages

__all__ = ["SetupPages"]
