"""The order worker among others: joining, leaving, freezing, dying under load; the books stay what a fold of the events gives."""

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sources.synthetic.day import trading_day
from streams.engine.failure import ExitCode
from tests.integration.order_stream import OrderStream, Worker, wait_until


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with its topics."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield installation
    installation.close()


@contextmanager
def load(stream: OrderStream, seed: int, days: int, orders: int) -> Iterator[threading.Thread]:
    """Send several small days from a thread of its own; joined at the end."""
    sender = threading.Thread(target=lambda: [stream.send_day(seed + day, orders) for day in range(days)])
    sender.start()
    yield sender
    sender.join()


def test_second_worker_joins_and_leaves(stream: OrderStream) -> None:
    """Partitions go to the newcomer and come back: its states and positions are recovered each time, nothing of the old stay is used."""
    first = stream.start_worker().wait_ready()
    with load(stream, seed=10, days=2, orders=15):
        second = stream.start_worker().wait_ready()
    stream.send_day(seed=19, orders=15)
    wait_until(lambda: len({batch.worker for batch in stream.batches()}) == 2, "both workers have committed chunks")
    assert second.stop() == 0
    stream.send_day(seed=20, orders=15)
    stream.wait_drained()
    assert first.stop() == 0
    stream.check_books()


def test_partitions_that_come_right_after_a_recovery_are_recovered_too(stream: OrderStream) -> None:
    """Two assignments within seconds, both with states to recover: the end of the first recovery is not the end of the second."""
    arrivals = trading_day(21, 40).arrivals
    with stream.producer() as producer:
        for arrival in arrivals[: len(arrivals) // 2]:
            producer.produce(stream.events, *stream.record(arrival))
    first = stream.start_worker().wait_ready()
    stream.wait_drained()
    second = stream.start_worker().wait_ready()
    assert first.stop() == 0
    with stream.producer() as producer:
        for arrival in arrivals[len(arrivals) // 2 :]:
            producer.produce(stream.events, *stream.record(arrival))
    stream.wait_drained()
    assert second.stop() == 0
    stream.check_books()


def frozen_in_commit_then_woken(stream: OrderStream, unsafe: str) -> Worker:
    """A worker freezes inside an open transaction; another takes over after its session and works on; then the first wakes up."""
    stream.send_day(seed=30, orders=40)
    zombie = stream.start_worker(unsafe=",".join(filter(None, (unsafe, "stop:after_offsets:3"))), merged_records_max=20)
    wait_until(zombie.is_stopped, "the first worker froze in its commit")
    stream.start_worker(unsafe=unsafe or None).wait_ready()
    stream.wait_drained()
    zombie.process.send_signal(signal.SIGCONT)
    return zombie


def test_frozen_worker_that_wakes_up_is_fenced(stream: OrderStream) -> None:
    """The broker refuses the zombie's commit, the process ends with its own code, read_committed readers see nothing of it."""
    zombie = frozen_in_commit_then_woken(stream, unsafe="")
    assert zombie.wait_exit() == ExitCode.FENCED
    stream.check_books()


def test_without_fencing_the_frozen_worker_does_harm(stream: OrderStream) -> None:
    """The control of the test above: with a transactional id of its own the zombie commits, and the checks notice."""

    def books_are_broken() -> bool:
        try:
            stream.check_books()
        except AssertionError:
            return True
        return False

    frozen_in_commit_then_woken(stream, unsafe="no-fencing")
    wait_until(books_are_broken, "the zombie's transaction became visible")


def wait_for_progress(stream: OrderStream, offsets: int) -> None:
    """Wait until so many offsets are committed in sum and others are not."""
    wait_until(lambda: sum(stream.committed().values()) >= offsets and stream.lag() > 0, "progress and lag")


def kill_under_load(stream: OrderStream, seed: int, kills: int, days: int, orders: int) -> None:
    """Two static members; one of them is killed at a seeded instant while there is lag, then started again."""
    random_instants = random.Random(seed)
    names = ("w1", "w2")
    workers = {name: stream.start_worker(instance_id=name, merged_records_max=50) for name in names}
    with load(stream, seed=seed, days=days, orders=orders):
        for _ in range(kills):
            name = random_instants.choice(names)
            committed = sum(stream.committed().values())
            wait_for_progress(stream, committed + random_instants.randrange(1, 60))
            workers[name].kill()
            workers[name] = stream.start_worker(instance_id=name, merged_records_max=50)
    stream.wait_drained(120)
    for worker in workers.values():
        assert worker.wait_ready().stop() == 0
    stream.check_books()


@pytest.mark.soak
def test_killed_under_load(stream: OrderStream) -> None:
    """Five kill -9 at seeded instants."""
    kill_under_load(stream, seed=40, kills=5, days=6, orders=40)


@pytest.mark.soak
def test_killed_twenty_times_under_load(stream: OrderStream) -> None:
    """Twenty kill -9 at seeded instants."""
    kill_under_load(stream, seed=50, kills=20, days=40, orders=80)
