"""What a webhook may say: events and variables as tables, templates, the signature.

Pure. Who is called, when, and how often is not decided here.
"""

from gdtbridge.webhooks.events import EVENTS, TEST, VARIABLES, HouseEvent
from gdtbridge.webhooks.templates import ContentKind, TemplateError

__all__ = ["EVENTS", "TEST", "VARIABLES", "ContentKind", "HouseEvent", "TemplateError"]
