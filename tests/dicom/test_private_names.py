"""Private names of pynetdicom: only in ``dicom/upper_layer``, each on its list, each there."""

from __future__ import annotations

import ast
import importlib
import inspect
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import AE
from pynetdicom.acse import ACSE
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dul import DULServiceProvider
from pynetdicom.timer import Timer
from pynetdicom.transport import AddressInformation, AssociationSocket

import gdtbridge
from gdtbridge.dicom import upper_layer

PRODUCT = Path(inspect.getfile(gdtbridge)).parent
UPPER_LAYER = Path(inspect.getfile(upper_layer)).parent

DOCUMENTED = {
    "abort", "accepted_contexts", "acceptor", "acse", "acse_timeout", "ae", "ae_title", "associate",
    "connection_timeout", "dimse", "dimse_timeout", "dul", "implementation_class_uid",
    "implementation_version_name", "is_established", "is_rejected", "maximum_pdu_size",
    "network_timeout", "release", "requestor", "send_c_echo", "send_c_find", "send_c_store",
    "send_n_action", "send_n_create", "send_n_set",
}  # fmt: skip
"""What the user's guide of pynetdicom says of `AE` and `Association`."""
IMPORTED = {
    "pynetdicom": {"build_context"},
    "pynetdicom.association": {"Association"},
    "pynetdicom.presentation": {"PresentationContext"},
}
"""What the rest of ``dicom/`` may import."""
PRIVATE_NAMES: dict[type, tuple[str, ...]] = {
    AE: ("_create_socket",),
    ACSE: ("_negotiate_as_acceptor", "requestor", "send_accept", "send_reject"),
    Association: (
        "_accepted_cx",
        "_rejected_cx",
        "_serve_request",
        "kill",
        "run_reactor",
        "set_socket",
    ),
    AssociationSocket: (
        "_is_connected",
        "_shutdown_socket",
        "assoc",
        "close",
        "connect",
        "event_queue",
        "ready",
        "recv",
        "send",
        "socket",
    ),
    DIMSEServiceProvider: ("get_msg", "message", "msg_queue", "receive_primitive", "send_msg"),
    DULServiceProvider: (
        "_idle_timer",
        "_is_transport_event",
        "_kill_thread",
        "_process_recv_primitive",
        "_run_loop_delay",
        "artim_timer",
        "event_queue",
        "idle_timer_expired",
        "kill_dul",
        "run_reactor",
        "send_pdu",
        "socket",
        "state_machine",
        "stop_dul",
        "to_provider_queue",
        "to_user_queue",
    ),
    Timer: ("_end_time", "_start_time", "remaining", "start", "stop", "timeout"),
}
"""Each method and attribute of its classes used there that no user's guide names."""
LISTED = {name for names in PRIVATE_NAMES.values() for name in names}


@pytest.fixture(scope="module")
def originals() -> Iterator[dict[type, object]]:
    """Return one object of each class of pynetdicom that we build upon."""
    association = Association(AE(), "requestor")
    sock = AssociationSocket(association, address=AddressInformation("127.0.0.1", 0))
    parts = (association.ae, association, association.acse, association.dimse, association.dul)
    yield {type(one): one for one in (*parts, sock, association.dul.artim_timer)}
    assert sock.socket is not None
    sock.socket.close()


def attributes(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Yield the name of each attribute that is used, and whether it is its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr, ast.unparse(node.value) in {"self", "super()"}


def methods(tree: ast.AST) -> set[str]:
    """Return the name of every method in ``tree``."""
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def breaches(source: str) -> list[str]:
    """Return what a module outside of ``upper_layer`` must not import or use."""
    tree = ast.parse(source)
    found = []
    is_user = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name.startswith("pynetdicom")]
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pynetdicom"):
            is_user = True
            allowed = IMPORTED.get(node.module or "", set())
            found += [one.name for one in node.names if one.name not in allowed]
    if is_user:
        found += [name for name, is_own in attributes(tree) if name in LISTED and not is_own]
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pynetdicom",
        "import pynetdicom.fsm",
        "from pynetdicom import _config",
        "from pynetdicom.dul import DULServiceProvider",
        "from pynetdicom.association import Association\nAssociation().kill()",
        "from pynetdicom.association import Association\nx._accepted_cx = {}",
    ],
)
def test_breaches_are_seen(source: str) -> None:
    """A planted import or access is found."""
    assert breaches(source)


def test_private_names_stay_in_the_upper_layer() -> None:
    """No other module of the product imports or uses them; outside of ``dicom`` none at all."""
    found = {}
    for path in PRODUCT.rglob("*.py"):
        if UPPER_LAYER not in path.parents:
            source = path.read_text(encoding="utf-8")
            found[path.name] = breaches(source)
            assert "dicom" in path.parts or "import pynetdicom" not in source
            assert "dicom" in path.parts or "from pynetdicom" not in source
    assert not {name: what for name, what in found.items() if what}


def test_listed_names_exist(originals: dict[type, object]) -> None:
    """The installed pynetdicom has each method and attribute of the list."""
    assert set(PRIVATE_NAMES) == set(originals)
    for kind, listed in PRIVATE_NAMES.items():
        assert [name for name in listed if not hasattr(originals[kind], name)] == [], kind


def test_list_is_exactly_what_is_used(originals: dict[type, object]) -> None:
    """Each name of pynetdicom in ``upper_layer`` is documented or on the list, and conversely."""
    used = set(DOCUMENTED)
    for kind, tree in subclasses(originals):
        inherited = set(dir(originals[kind])) - set(dir(threading.Thread()))
        own = {name for name, is_own in attributes(tree) if is_own} | methods(tree)
        assert own & inherited - DOCUMENTED <= set(PRIVATE_NAMES[kind]), tree
        used |= own & inherited
    for path in UPPER_LAYER.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        foreign = {name for name, is_own in attributes(tree) if not is_own}
        if path.name == "messages.py":  # stands for a `DIMSEServiceProvider`, is made of none
            used |= methods(tree) | {name for name, _ in attributes(tree)}
        private = {name for name in foreign if name.startswith("_") and not name.startswith("__")}
        assert private <= LISTED, path
        used |= foreign
    assert used >= LISTED


def subclasses(originals: dict[type, object]) -> Iterator[tuple[type, ast.AST]]:
    """Yield the base in pynetdicom and the source of each class that is made of one."""
    for path in UPPER_LAYER.glob("*.py"):
        module = importlib.import_module(f"{upper_layer.__name__}.{path.stem}")
        for one in vars(module).values():
            if inspect.isclass(one) and one.__module__ == module.__name__:
                for base in set(one.__mro__) & set(originals):
                    yield base, ast.parse(inspect.getsource(one))
