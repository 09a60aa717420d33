"""A TCP proxy on loopback that can spoil the connection between a client and one server port, and heal it again.

What a cut holds back is kept, as TCP keeps it where the network loses packets: it arrives after the cut, unless somebody has closed
the connection meanwhile.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from enum import Enum
from types import TracebackType
from typing import Any, Self

from asiento.runtime.ports import free_ports

PIECE_BYTES = 65_536
DELAY_SECONDS = 0.2
CALL_SECONDS_MAX = 10.0
LINGER_NOTHING = struct.pack("ii", 1, 0)
"""Close with a reset instead of a goodbye."""


class Cut(Enum):
    """What is wrong with the network."""

    NONE = "none"
    REFUSE = "refuse"
    """Connections are reset, new ones refused."""
    RESET = "reset"
    """Connections are reset, new ones are taken and reset."""
    DELAY = "delay"
    """Each piece is late."""
    ONE_WAY_UP = "one-way up"
    """What the client sends does not arrive."""
    ONE_WAY_DOWN = "one-way down"
    """What the server answers does not arrive."""
    HALF_OPEN = "half-open"
    """Nothing arrives anywhere, nobody is told."""


HELD_UP = {Cut.ONE_WAY_UP, Cut.HALF_OPEN}
HELD_DOWN = {Cut.ONE_WAY_DOWN, Cut.HALF_OPEN}


class TcpProxy:
    """Listens on a port of its own and passes everything on to `target_port`; both on 127.0.0.1. Lives in a thread of its own."""

    def __init__(self, target_port: int) -> None:
        self.port = free_ports(1)[0]
        self.cut = Cut.NONE
        self.connections_made = 0
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        self.spoil(Cut.NONE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SECONDS_MAX)
        self._loop.close()

    def spoil(self, cut: Cut) -> None:
        """Do this from now on; returns when it is so."""
        self._call(self._change(cut))

    def heal(self) -> None:
        """Pass everything on again."""
        self.spoil(Cut.NONE)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result(CALL_SECONDS_MAX)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=PIECE_BYTES)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _change(self, cut: Cut) -> None:
        self.cut = cut
        for gate, held in ((self._up, HELD_UP), (self._down, HELD_DOWN)):
            gate.clear() if cut in held else gate.set()
        if cut in {Cut.REFUSE, Cut.RESET}:
            self._reset_all()
        await (self._refuse() if cut is Cut.REFUSE else self._listen())

    async def _end(self) -> None:
        await self._refuse()
        self._reset_all()
        pumps = asyncio.all_tasks() - {asyncio.current_task()}
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    def _reset_all(self) -> None:
        for writer in list(self._open):
            _reset(writer)
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections_made += 1
        if self.cut is Cut.RESET:
            _reset(writer)
            return
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self._target_port, limit=PIECE_BYTES)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, requests}
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, requests, self._up), self._pump(answers, writer, self._down))
        for one in (writer, requests):
            self._open.discard(one)
            one.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, gate: asyncio.Event) -> None:
        """Pass on until the source ends; its end is passed on, too, when the gate is open."""
        while piece := await source.read(PIECE_BYTES):
            if self.cut is Cut.DELAY:
                await asyncio.sleep(DELAY_SECONDS)
            await gate.wait()
            sink.write(piece)
            await sink.drain()
        await gate.wait()
        if sink.can_write_eof():
            sink.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    plain = writer.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOTHING)
    writer.transport.abort()
