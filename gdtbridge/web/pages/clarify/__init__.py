"""*Zu klären*: what waits for a person, the evidence, what would happen, and the acts."""

from gdtbridge.web.pages.clarify.page import ClarifyPages

__all__ = ["ClarifyPages"]
