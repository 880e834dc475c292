"""The outbox: everything that leaves the bridge.

A durable queue in the database, one worker for each destination, one sender for each kind of
destination (GDT drop, webhook). A message is put in the same transaction as what caused it and
survives every crash; how each crash ends is drawn in ``docs/reference/outbox.md``. What leaves, to
whom and in which words is not decided here.
"""

from gdtbridge.outbox.gdt_drop import NOT_MOUNTED, GdtDrop
from gdtbridge.outbox.house_webhook import HOUSE, HouseWebhook
from gdtbridge.outbox.mail import MailAccount, MailSender, MailText
from gdtbridge.outbox.model import (
    COMMITMENT,
    FORWARD,
    MAIL,
    UNCOLLECTED,
    EventSender,
    FileNaming,
    Message,
    PlaceProblem,
    PlaceQuestion,
    Sender,
    StudySender,
)
from gdtbridge.outbox.names import COUNTER
from gdtbridge.outbox.queue import Outbox
from gdtbridge.outbox.webhook import Webhook

__all__ = [
    "COMMITMENT",
    "COUNTER",
    "FORWARD",
    "HOUSE",
    "MAIL",
    "NOT_MOUNTED",
    "UNCOLLECTED",
    "EventSender",
    "FileNaming",
    "GdtDrop",
    "HouseWebhook",
    "MailAccount",
    "MailSender",
    "MailText",
    "Message",
    "Outbox",
    "PlaceProblem",
    "PlaceQuestion",
    "Sender",
    "StudySender",
    "Webhook",
]
