"""``/stichprobe``: the sample audit of a KV."""

from collections.abc import Callable, Iterator
from datetime import datetime

from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.routing import PageRoute
from gdtbridge.web.pages.sample.acts import CaseActs
from gdtbridge.web.pages.sample.constancy import ConstancyPages
from gdtbridge.web.pages.sample.devices import LabelActs
from gdtbridge.web.pages.sample.page import SamplePages
from gdtbridge.web.pages.sample.sets import SetPages
from gdtbridge.web.ports import CorePorts


def sample_routes(
    frame: Frame, core: CorePorts, now: Callable[[], datetime]
) -> Iterator[PageRoute]:
    """Yield every call of the sample audit."""
    pages = SamplePages(frame, core)
    yield from pages.routes()
    yield from CaseActs(frame, core, pages, now).routes()
    yield from SetPages(frame, core).routes()
    yield from ConstancyPages(frame, core).routes()
    yield from LabelActs(frame, core).routes()
