"""The proxy spoils what it is told to, and heals."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.acceptance.tcp_proxy import Cut, TcpProxy

SHORT_SECONDS = 0.3


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it gets; its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while piece := connection.recv(4096):
                connection.sendall(piece)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def proxy(echo: int) -> Iterator[TcpProxy]:
    with TcpProxy(echo) as running:
        yield running


def connected(proxy: TcpProxy, seconds: float = 5.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), seconds)


def said(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(100)


def test_everything_passes_and_its_end(proxy: TcpProxy) -> None:
    with connected(proxy) as client:
        assert said(client, b"one") == b"one"
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""


def test_refused_connections_come_back_on_the_same_port(proxy: TcpProxy) -> None:
    with connected(proxy) as client:
        assert said(client, b"one") == b"one"
        proxy.spoil(Cut.REFUSE)
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.heal()
    with connected(proxy) as client:
        assert said(client, b"two") == b"two"


def test_a_reset_is_one_and_no_goodbye(proxy: TcpProxy) -> None:
    with connected(proxy) as client:
        assert said(client, b"one") == b"one"
        proxy.spoil(Cut.RESET)
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with pytest.raises(ConnectionResetError), connected(proxy) as client:  # at once, or after a while
        client.recv(100)


@pytest.mark.parametrize("cut", [Cut.ONE_WAY_UP, Cut.ONE_WAY_DOWN, Cut.HALF_OPEN])
def test_what_a_cut_held_back_arrives_after_it(proxy: TcpProxy, cut: Cut) -> None:
    with connected(proxy, SHORT_SECONDS) as client:
        proxy.spoil(cut)
        with pytest.raises(TimeoutError):
            said(client, b"late")
        proxy.heal()
        client.settimeout(5.0)
        assert client.recv(100) == b"late"


def test_a_delayed_piece_arrives(proxy: TcpProxy) -> None:
    proxy.spoil(Cut.DELAY)
    with connected(proxy) as client:
        assert said(client, b"slow") == b"slow"
