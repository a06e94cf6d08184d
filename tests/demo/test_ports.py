"""The ports of the demo."""

import socket

import pytest

from applinks.demo.folder import DemoError
from applinks.demo.ports import bind_ports


def test_two_free_ports_are_found_and_differ() -> None:
    """Ours: --port 0."""
    with bind_ports(0, 0) as bound:
        assert len(set(bound.ports)) == 2
        assert {each.getsockname()[0] for each in bound.first} == {"127.0.0.1"}


def test_localhost_is_taken_at_both_of_its_addresses() -> None:
    """Ours: a browser that tries ::1 first must not meet somebody else there."""
    with bind_ports(0, 0) as bound:
        hosts = {each.getsockname()[0] for each in bound.second}
        assert hosts in ({"127.0.0.1", "::1"}, {"127.0.0.1"})
        assert {each.getsockname()[1] for each in bound.second} == {bound.ports[1]}


def test_a_taken_port_is_named() -> None:
    """Ours: a clear message."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DemoError, match=f"Port {port} is taken"), bind_ports(port, 0):
            pass


def test_a_taken_second_port_gives_the_first_one_back() -> None:
    """Ours: nothing stays behind after a refusal."""
    with bind_ports(0, 0) as bound:
        first, second = bound.ports
    with socket.create_server(("127.0.0.1", second)):
        with pytest.raises(DemoError, match=f"Port {second} is taken"), bind_ports(first, second):
            pass
        socket.create_server(("127.0.0.1", first)).close()
