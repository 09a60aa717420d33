"""The dispatcher: direct, spooling, and back, with links that fail at any point; nothing acknowledged is lost, order per key stays."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sources.gateway import dispatcher as module
from sources.gateway.broker_link import LinkFailed
from sources.gateway.dispatcher import Dispatcher, NotSafe
from sources.gateway.outgoing import OutgoingRecord
from sources.gateway.spool.spool import Spool, open_spool


class FakeBroker:
    """A topic in memory: stores in order, stalls, loses confirmations, refuses connections, as told."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.reachable = True
        self.stalled = False
        self.confirms = True
        self.links: list[FakeLink] = []

    async def connect(self, failed: Callable[[str], None]) -> "FakeLink":
        if not self.reachable:
            raise LinkFailed("nobody answers")
        link = FakeLink(self, failed)
        self.links.append(link)
        return link

    def break_link(self) -> None:
        """The connection in use breaks."""
        link = self.links[-1]
        if not link.over:
            link.over = True
            link.failed("the connection broke")


class FakeLink:
    """One connection to it."""

    def __init__(self, broker: FakeBroker, failed: Callable[[str], None]) -> None:
        self.broker = broker
        self.failed = failed
        self.over = False

    def send(self, record: OutgoingRecord, confirmed: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(self._store, record, confirmed)

    def _store(self, record: OutgoingRecord, confirmed: Callable[[], None]) -> None:
        if self.over or self.broker.stalled:
            return
        self.broker.stored.append(record.value)
        if self.broker.confirms:
            confirmed()

    async def abandon(self) -> None:
        self.over = True


def record(number: int) -> OutgoingRecord:
    """A record of one of five keys."""
    return OutgoingRecord("orders.raw.v1", b"key-%d" % (number % 5), b"%d" % number, 1_000 + number)


@asynccontextmanager
async def running(broker: FakeBroker, directory: Path, records_max: int = 100_000) -> AsyncIterator[tuple[Dispatcher, Spool]]:
    """A dispatcher at work."""
    spool = open_spool(directory, bytes_max=100_000_000, records_max=records_max)
    found = Dispatcher(spool, broker.connect, seconds_max=0.3, stored=lambda _: None, broker_there=lambda _: None)
    task = asyncio.ensure_future(found.run())
    try:
        await found.tried(5)
        yield found, spool
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await found.settled()
        await spool.close()


async def turns() -> None:
    """Let the loop go round a few times."""
    for _ in range(3):
        await asyncio.sleep(0)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again soon."""
    for name in ("RETRY_SECONDS", "RETRY_SECONDS_MAX", "CHECK_SECONDS"):
        monkeypatch.setattr(module, name, 0.02)
    monkeypatch.setattr(module, "WINDOW_SECONDS_MAX", 0.5)


async def test_records_go_straight_to_a_broker_that_is_there(tmp_path: Path) -> None:
    broker = FakeBroker()
    async with running(broker, tmp_path) as (found, spool):
        assert [await found.deliver(record(number)) for number in range(3)] == ["stored"] * 3
        assert spool.empty
    assert broker.stored == [b"0", b"1", b"2"]


async def test_without_a_broker_they_are_kept_and_brought_later_in_order(tmp_path: Path) -> None:
    broker = FakeBroker()
    broker.reachable = False
    async with running(broker, tmp_path) as (found, spool):
        assert [await found.deliver(record(number)) for number in range(5)] == ["spooled"] * 5
        assert (spool.records, found.reasons()) == (5, ())
        broker.reachable = True
        await eventually(lambda: found.direct)
        assert await found.deliver(record(5)) == "stored"
    assert broker.stored == [b"%d" % number for number in range(6)]


async def test_what_a_former_process_kept_goes_before_anything_new(tmp_path: Path) -> None:
    broker = FakeBroker()
    broker.reachable = False
    async with running(broker, tmp_path) as (found, _):
        await found.deliver(record(0))
    broker.reachable = True
    async with running(broker, tmp_path) as (found, _):
        assert await found.deliver(record(1)) == "stored"
    assert broker.stored == [b"0", b"1"]


@pytest.mark.parametrize("how", ["breaks", "stalls", "loses confirmations"])
async def test_what_a_failed_link_did_not_confirm_goes_to_the_spool(tmp_path: Path, how: str) -> None:
    broker = FakeBroker()
    async with running(broker, tmp_path) as (found, _):
        assert await found.deliver(record(0)) == "stored"
        broker.stalled, broker.confirms = how != "loses confirmations", False
        waiting = [asyncio.ensure_future(found.deliver(record(number))) for number in range(1, 4)]
        await turns()
        broker.reachable = False
        if how == "breaks":
            broker.break_link()
        assert await asyncio.gather(*waiting) == ["spooled"] * 3
        broker.stalled, broker.confirms, broker.reachable = False, True, True
        await eventually(lambda: found.direct)
    firsts = list(dict.fromkeys(broker.stored))
    assert firsts == [b"0", b"1", b"2", b"3"]


async def test_a_full_spool_is_said_and_nothing_is_acknowledged(tmp_path: Path) -> None:
    broker = FakeBroker()
    broker.reachable = False
    async with running(broker, tmp_path, records_max=2) as (found, _):
        assert [await found.deliver(record(number)) for number in range(2)] == ["spooled"] * 2
        with pytest.raises(NotSafe, match="full"):
            await found.deliver(record(2))
        assert found.reasons() == ("the broker is away and the spool is full",)


async def test_it_stops_although_an_attempt_to_connect_fails_at_that_moment(tmp_path: Path) -> None:
    answers = asyncio.Event()

    async def connect(failed: Callable[[str], None]) -> FakeLink:
        del failed
        await answers.wait()
        raise LinkFailed("nobody answers")

    spool = open_spool(tmp_path, bytes_max=1_000_000, records_max=10)
    found = Dispatcher(spool, connect, seconds_max=0.3, stored=lambda _: None, broker_there=lambda _: None)
    task = asyncio.ensure_future(found.run())
    await turns()
    answers.set()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    assert done
    await spool.close()


async def test_records_held_for_the_last_of_the_spool_are_kept_when_the_link_breaks_then(tmp_path: Path) -> None:
    broker = FakeBroker()
    broker.reachable = False
    async with running(broker, tmp_path) as (found, _):
        await found.deliver(record(0))
        broker.stalled, broker.reachable = True, True
        await eventually(lambda: bool(broker.links))
        await turns()
        held = asyncio.ensure_future(found.deliver(record(1)))
        await turns()
        broker.reachable = False
        broker.break_link()
        assert await held == "spooled"
        broker.stalled, broker.reachable = False, True
        await eventually(lambda: found.direct)
    assert list(dict.fromkeys(broker.stored)) == [b"0", b"1"]


@pytest.mark.parametrize("seed", range(12))
async def test_a_broker_that_comes_and_goes_under_load(tmp_path: Path, seed: int) -> None:
    """Every record that was acknowledged is stored, and the records of a key are seen first in the order in which they were sent."""
    chance, broker, acknowledged = random.Random(seed), FakeBroker(), set()
    async with running(broker, tmp_path) as (found, spool):

        async def one_key(key: int) -> None:
            for number in range(key, 300, 5):
                await found.deliver(record(number))
                acknowledged.add(b"%d" % number)

        load = [asyncio.ensure_future(one_key(key)) for key in range(5)]
        while not all(task.done() for task in load):
            await asyncio.sleep(chance.random() * 0.01)
            broker.reachable, broker.stalled = chance.random() < 0.7, chance.random() < 0.2
            broker.confirms = chance.random() < 0.8
            if broker.links and chance.random() < 0.5:
                broker.break_link()
        await asyncio.gather(*load)
        broker.reachable, broker.stalled, broker.confirms = True, False, True
        if broker.links:
            broker.break_link()
        await eventually(lambda: found.direct and spool.empty)
    assert acknowledged == {b"%d" % number for number in range(300)} == set(broker.stored)
    per_key = defaultdict(list)
    for value in dict.fromkeys(broker.stored):
        per_key[int(value) % 5].append(int(value))
    assert all(numbers == sorted(numbers) for numbers in per_key.values())
