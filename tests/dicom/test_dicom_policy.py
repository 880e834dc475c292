"""Who may come in."""

from __future__ import annotations

import pytest

from gdtbridge.dicom.policy import AccessPolicy
from gdtbridge.dicom.upper_layer.connections import (
    HALF_OPEN_LIMIT,
    HALF_OPEN_LIMIT_OF_ADDRESS,
    ConnectionTable,
)
from gdtbridge.settings import DicomSettings


@pytest.mark.parametrize(
    ("networks", "address", "expected"),
    [
        ([], "127.0.0.1", True),
        ([], "::1", True),
        ([], "::ffff:127.0.0.1", True),
        ([], "192.168.1.5", False),
        (["192.168.1.0/24"], "192.168.1.5", True),
        (["192.168.1.0/24"], "::ffff:192.168.1.5", True),
        (["192.168.1.0/24"], "192.168.2.5", False),
        (["192.168.1.7"], "192.168.1.7", True),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["192.168.1.0/24"], "127.0.0.1", True),
        (["0.0.0.0/0"], "nonsense", False),
    ],
)
def test_addresses(networks: list[str], address: str, *, expected: bool) -> None:
    """Allowed networks may come in, and this machine always."""
    settings = DicomSettings.model_validate({"allowed_networks": networks})
    assert AccessPolicy.of(settings).admits_address(address) is expected


@pytest.mark.parametrize(
    ("allowed", "title", "expected"),
    [
        ([], "ANYONE", True),
        ([], "", True),
        (["VOLUSON", "Logiq "], "voluson", True),
        (["VOLUSON", "Logiq "], "LOGIQ", True),
        (["VOLUSON"], "VOLUSON2", False),
        (["VOLUSON"], "", False),
    ],
)
def test_titles(allowed: list[str], title: str, *, expected: bool) -> None:
    """Without a list everyone may associate; with one, those on it, whatever their case."""
    settings = DicomSettings.model_validate({"allowed_aets": allowed})
    assert AccessPolicy.of(settings).admits_title(title) is expected


class Guest:
    """A connection that knows whether it was dropped."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


def test_half_open_connections_of_one_address_give_way_to_newer() -> None:
    """An address with too many half-open connections loses its own oldest, nobody else's."""
    connections = ConnectionTable(limit=10)
    friend = Guest("10.0.0.2")
    connections.admit(friend)
    flood = [Guest("10.0.0.1") for _ in range(HALF_OPEN_LIMIT_OF_ADDRESS + 3)]
    for guest in flood:
        connections.admit(guest)
    assert [guest.dropped for guest in flood[:4]] == [True, True, True, False]
    assert not friend.dropped


def test_full_house_drops_the_greediest_address() -> None:
    """When all half-open places are taken, the address with the most loses its oldest."""
    connections = ConnectionTable(limit=10)
    flood = [Guest(f"10.0.0.{number % 5}") for number in range(HALF_OPEN_LIMIT - 1)]
    for guest in flood:
        connections.admit(guest)
    single, last = Guest("10.9.9.9"), Guest("10.9.9.8")
    connections.admit(single)
    connections.admit(last)
    assert sum(guest.dropped for guest in flood) == 1
    assert not single.dropped
    assert not last.dropped


def test_associations_are_limited_in_total_and_for_each_address() -> None:
    """Half of all associations, or four, is what one address gets."""
    connections = ConnectionTable(limit=10)
    first = [Guest("10.0.0.1") for _ in range(6)]
    second = [Guest("10.0.0.2") for _ in range(6)]
    assert [connections.establish(guest) for guest in first] == [True] * 5 + [False]
    assert [connections.establish(guest) for guest in second] == [True] * 5 + [False]
    assert connections.established == 10
    connections.forget(first[0])
    assert connections.establish(Guest("10.0.0.3"))


def test_half_open_connections_do_not_count_as_associations() -> None:
    """However many connect and say nothing, a device can associate."""
    connections = ConnectionTable(limit=1)
    for number in range(500):
        connections.admit(Guest(f"10.0.{number % 7}.1"))
    assert connections.establish(Guest("10.0.0.1"))
    assert len(connections.everyone()) <= HALF_OPEN_LIMIT + 1


def test_a_practice_behind_one_address_has_as_many_as_it_sets() -> None:
    """A NAT is no attack: 40 devices of one address connect at once and associate."""
    connections = ConnectionTable(limit=50, limit_of_address=40)
    guests = [Guest("10.0.0.1") for _ in range(40)]
    for guest in guests:
        connections.admit(guest)
    assert not any(guest.dropped for guest in guests)
    assert all(connections.establish(guest) for guest in guests)
    assert not connections.establish(Guest("10.0.0.1"))
