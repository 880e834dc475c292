"""Subscriptions to work items and their event channel (PS3.18 11.10 to 11.13, 8.10.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.access.principal import principal
from gdtbridge.web.access.titles import TitleRule
from gdtbridge.web.dicomweb.event_channels import EventChannels
from gdtbridge.web.dicomweb.place import WebBase
from gdtbridge.web.dicomweb.searching import NO_VALUE, asked_attributes
from gdtbridge.web.dicomweb.work_items import refusing
from gdtbridge.web.ports import WorkItemPorts
from gdtbridge.web.problems import refuse
from gdtbridge.web.upgrading import switched_to, web_socket_asked

CHANNELS: Final = "subscribers"
WORDS: Final = frozenset({"deletionlock", "filter"})
NO_SUBSCRIBER: Final = (
    "Dieses Gerät ist nicht angemeldet. / This AE title is not subscribed to anything."
)


@dataclass(frozen=True, slots=True)
class SubscriptionCalls:
    """Each call changes what one AE title is told of; the channel is where it is told."""

    ports: WorkItemPorts
    channels: EventChannels
    base: WebBase
    titles: TitleRule
    guard: Guard

    def subscribe(self, uid: str, aet: str) -> Response:
        """Subscribe to a work item, or to all (PS3.18 11.10)."""
        self.titles.must_permit(principal(), aet)
        with refusing(self.base):
            try:
                self.ports.events.subscribe(uid, aet, tuple(_keys()))
            except QueryRefused as error:
                raise refuse(400, NO_VALUE.format(error)) from None
        channel = f"ws{self.base.uri().removeprefix('http')}/{CHANNELS}/{aet}"
        response = _nothing(201)
        response.headers["Content-Location"] = response.headers["Location"] = channel
        return response

    def unsubscribe(self, uid: str, aet: str) -> Response:
        """Unsubscribe from a work item, or from all (PS3.18 11.11)."""
        self.titles.must_permit(principal(), aet)
        with refusing(self.base):
            self.ports.events.unsubscribe(uid, aet)
        return _nothing(200)

    def suspend(self, uid: str, aet: str) -> Response:
        """Suspend a subscription to all work items (PS3.18 11.12)."""
        self.titles.must_permit(principal(), aet)
        with refusing(self.base):
            self.ports.events.suspend(uid, aet)
        return _nothing(200)

    def open(self, aet: str) -> Response:
        """Open the event channel of a subscriber: a WebSocket (PS3.18 8.10.4)."""
        socket = web_socket_asked()
        self.titles.must_permit(principal(), aet)
        if not self.ports.events.is_subscriber(aet):
            raise refuse(404, NO_SUBSCRIBER)
        caller = self.guard.lasting(request)

        def is_permitted() -> bool:
            who = caller()
            return who is not None and self.titles.permits(who, aet)

        self.channels.open(aet, socket, is_permitted)
        return switched_to(socket)


def _nothing(status: int) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def _keys() -> Iterator[tuple[str, str]]:
    """Yield the keys of a filter: parameters of their own, or several in ``filter``."""
    keys, _ = asked_attributes()
    yield from ((name, value) for name, value in keys if name.lower() not in WORDS)
    for text in request.args.getlist("filter"):
        for part in filter(None, text.split(",")):
            name, _, value = part.partition("=")
            yield name.strip(), value.strip()
