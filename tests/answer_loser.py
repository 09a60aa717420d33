"""A proxy on loopback that passes calls on, and loses the answers of those that it is told: the server has done what it was asked."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

PIECE_BYTES = 65_536
END_SECONDS_MAX = 10.0
Wanted = Callable[[bytes], bool]


class AnswerLoser:
    """Serves `port`, in threads of its own; both sides on 127.0.0.1."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._wanted: Wanted | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.lost = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def lose_next(self, wanted: Wanted) -> None:
        """Lose the answer to the next piece of a request that is wanted."""
        self._wanted = wanted

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for end in [self._listener, *self._open]:
            _shut(end)
        for thread in self._threads:
            thread.join(END_SECONDS_MAX)

    def _start(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._open.add(near)
                self._start(lambda near=near: self._relay(near))  # type: ignore[misc]
        self._listener.close()

    def _relay(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._target_port)) as far:
            self._open.add(far)
            losing = threading.Event()
            upward = self._start(lambda: self._up(near, far, losing))
            with contextlib.suppress(OSError):
                while piece := far.recv(PIECE_BYTES):
                    if losing.is_set():
                        self.lost += 1
                        break
                    near.sendall(piece)
            _shut(near)
            _shut(far)
            upward.join(END_SECONDS_MAX)
        self._open -= {near, far}

    def _up(self, near: socket.socket, far: socket.socket, losing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while piece := near.recv(PIECE_BYTES):
                if self._wanted is not None and self._wanted(piece):
                    self._wanted = None
                    losing.set()
                far.sendall(piece)
        _shut(far)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
