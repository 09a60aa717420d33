"""Ports on loopback that nobody uses."""

import secrets
import socket
from collections.abc import Sequence
from contextlib import ExitStack

PORTS = range(20_000, 32_000)
"""Below the range that outgoing connections use: a client that keeps trying a closed port cannot connect to itself."""


def free_ports(count: int) -> tuple[int, ...]:
    """As many different ports as asked for, all free a moment ago."""
    with ExitStack() as open_sockets:
        found: list[int] = []
        while len(found) < count:
            port = PORTS[secrets.randbelow(len(PORTS))]
            listener = open_sockets.enter_context(socket.socket())
            if port not in found and _bound(listener, port):
                found.append(port)
        return tuple(found)


def are_free(ports: Sequence[int]) -> bool:
    """Whether all of them can be listened on now."""
    with ExitStack() as open_sockets:
        return all(_bound(open_sockets.enter_context(socket.socket()), port) for port in ports)


def _bound(listener: socket.socket, port: int) -> bool:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: connections that are closing do not count
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
