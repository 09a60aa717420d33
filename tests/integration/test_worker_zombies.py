"""Zombies and forced deaths at every step of a commit, with dynamic and with static members.

Six workers with one partition each freeze, or die, at one step each; then others take over. The broker refuses whoever wakes up, and
what a fold of the events gives is what the topics hold.
"""

import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.engine.failure import KNOWN_CAUSES, ExitCode
from streams.engine.faults import STEPS
from tests.integration.order_stream import OrderStream, Worker, wait_until

pytestmark = pytest.mark.timeout(900)

LOG = logging.getLogger("zombies")

SEED = int(os.environ.get("SEED", "1"))
REFUSED = {ExitCode.FENCED, ExitCode.LOST_GENERATION}
REFUSED_SECONDS_MAX = 15.0
"""From waking up until it has ended; a fraction of a second on a quiet machine, all six wake up at once."""
MEMBERS_SECONDS_MAX = 180.0
"""Six processes start at once: four seconds on a quiet machine, a minute and more where others are at work."""
UNCOMMITTED = STEPS[: STEPS.index("after_commit")]
"""Steps at which the frozen transaction is not committed: its worker must be refused by the broker, whatever else it notices."""


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with a partition for each step."""
    installation = OrderStream(kafka, topic_prefix, tmp_path, partitions=len(STEPS)).make_topics()
    yield installation
    installation.close()


def members(stream: OrderStream, fault: str | None, *, static: bool) -> dict[str, Worker]:
    """A worker for each step, which is to befall it at its second commit; each has one partition when this returns."""
    workers = {
        step: stream.start_worker(
            instance_id=f"w{number}" if static else None, unsafe=f"{fault}:{step}:2" if fault else None, merged_records_max=10
        )
        for number, step in enumerate(STEPS)
    }
    wait_until(lambda: all(claimed(worker) == 1 for worker in workers.values()), "each worker has one partition", MEMBERS_SECONDS_MAX)
    return workers


def claimed(worker: Worker) -> int:
    """Partitions of the last assignment that a worker is ready for; 0 while it takes one over."""
    events = [line for line in worker.log() if line["event"] in ("partitions_assigned", "worker_ready")]
    return int(events[-1]["partitions"]) if events and events[-1]["event"] == "worker_ready" else 0


def successors(stream: OrderStream, *, static: bool, unsafe: str | None = None) -> list[Worker]:
    """Who takes over: one worker for all partitions, or for static members one with each id."""
    ids = [f"w{number}" for number in range(len(STEPS))] if static else [None]
    return [
        stream.start_worker(instance_id=member, unsafe=unsafe if number == 0 else None, merged_records_max=10)
        for number, member in enumerate(ids)
    ]


def all_booked(stream: OrderStream) -> bool:
    """Whether nothing is left to judge; whoever ended for a known cause meanwhile is left dead."""
    assert all(worker.process.poll() in (None, 0, -signal.SIGKILL, *KNOWN_CAUSES) for worker in stream.workers)
    return stream.lag() == 0


def frozen_zombies(stream: OrderStream, *, static: bool) -> dict[str, Worker]:
    """Six workers, frozen at one step each."""
    zombies = members(stream, "stop", static=static)
    stream.send_day(SEED + 70, orders=90)
    wait_until(lambda: all(worker.is_stopped() for worker in zombies.values()), "every worker froze at its step")
    return zombies


def wake(zombies: dict[str, Worker]) -> None:
    """Let them go on and wait until each is refused; who had committed everything it held may also have joined the group again."""
    woken_at = time.monotonic()
    for worker in zombies.values():
        worker.process.send_signal(signal.SIGCONT)

    def refused(step: str, worker: Worker) -> bool:
        joined_again = sum(line["event"] == "partitions_assigned" for line in worker.log()) > before[step]
        return worker.process.poll() is not None or (step not in UNCOMMITTED and joined_again)

    before = {step: sum(line["event"] == "partitions_assigned" for line in worker.log()) for step, worker in zombies.items()}
    wait_until(lambda: all(refused(*item) for item in zombies.items()), "every zombie is refused", REFUSED_SECONDS_MAX)
    codes = {step: worker.process.poll() for step, worker in zombies.items()}
    assert {codes[step] for step in UNCOMMITTED} <= REFUSED, codes
    assert set(codes.values()) <= {*REFUSED, None}, codes
    LOG.warning("refused %.1f s after waking up: %s", time.monotonic() - woken_at, codes)


@pytest.mark.parametrize("static", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["dynamic", "static"])
def test_frozen_at_each_step_and_woken_after_the_successor_has_done_their_work(stream: OrderStream, *, static: bool) -> None:
    """Their sessions run out, or others take their ids; awake again, the broker refuses them at once."""
    zombies = frozen_zombies(stream, static=static)
    successors(stream, static=static)
    wait_until(lambda: all_booked(stream), "all events are judged", MEMBERS_SECONDS_MAX)
    wake(zombies)
    stream.send_day(seed=71, orders=10)
    wait_until(lambda: all_booked(stream), "what came afterwards is judged, too")
    stream.check_books()


@pytest.mark.soak
@pytest.mark.parametrize("static", [False, True], ids=["dynamic", "static"])
def test_frozen_at_each_step_and_woken_while_a_successor_is_in_its_commit(stream: OrderStream, *, static: bool) -> None:
    """The successor holds an open transaction on their partition when they wake up: it is not disturbed."""
    zombies = frozen_zombies(stream, static=static)
    first = successors(stream, static=static, unsafe="stop:after_produce:1")[0]
    wait_until(first.is_stopped, "the successor is in its commit", MEMBERS_SECONDS_MAX)
    wake(zombies)
    first.process.send_signal(signal.SIGCONT)
    if first.process.poll() is not None:
        successors(stream, static=static)
    wait_until(lambda: all_booked(stream), "all events are judged")
    stream.check_books()


@pytest.mark.parametrize("static", [pytest.param(False, marks=pytest.mark.soak), True], ids=["dynamic", "static"])
def test_killed_at_each_step_at_once(stream: OrderStream, *, static: bool) -> None:
    """Six open transactions, or what is left of them, are ended by whoever takes over; nothing is lost, nothing doubled."""
    dying = members(stream, "crash", static=static)
    stream.send_day(SEED + 72, orders=90)
    assert {step: worker.wait_exit() for step, worker in dying.items()} == dict.fromkeys(STEPS, -signal.SIGKILL)
    assert stream.lag() > 0
    successors(stream, static=static)
    wait_until(lambda: all_booked(stream), "all events are judged")
    stream.check_books()


FROZEN_TAKING_OVER = """
import os, signal
from asiento.runtime.logging import configure_logging
from asiento.runtime.settings import load_settings
from streams.app import run_order_worker
from streams.engine.transaction import PartitionProducer

real = PartitionProducer.{step}
frozen = []

async def freeze_first(producer, *words):
    if not frozen:
        frozen.append(True)
        os.kill(os.getpid(), signal.SIGSTOP)
    return await real(producer, *words)

PartitionProducer.{step} = freeze_first
settings = load_settings()
configure_logging(settings, "streams")
run_order_worker(settings)
"""


@pytest.mark.parametrize("step", ["start", "settle_offsets"])
def test_frozen_while_it_takes_over_and_woken_in_the_middle_of_its_successors_work(stream: OrderStream, step: str) -> None:
    """It may fence its successor by what it believes to own; whoever is refused comes again, and the books are exact."""
    stream.send_day(SEED + 77, orders=60)
    zombie = stream.start(("-c", FROZEN_TAKING_OVER.format(step=step)), merged_records_max=10)
    wait_until(zombie.is_stopped, "it froze while it took its partitions over")
    running = [stream.start_worker(merged_records_max=10)]
    wait_until(lambda: sum(stream.committed().values()) > 0, "the successor has begun")
    zombie.process.send_signal(signal.SIGCONT)
    stream.send_day(SEED + 78, orders=60)

    def done() -> bool:
        if running[-1].process.poll() is not None:
            assert running[-1].process.poll() in KNOWN_CAUSES, running[-1].log_file.read_text()[-3000:]
            running.append(stream.start_worker(merged_records_max=10))
        return all_booked(stream)

    wait_until(done, "all events are judged", 120)
    stream.check_books()


def test_two_processes_with_one_instance_id_say_so(stream: OrderStream) -> None:
    """Whoever comes last has the partitions; the other one ends and names the setting, each time that it is started again."""
    stream.send_day(seed=73, orders=30)
    first = stream.start_worker(instance_id="twin").wait_ready()
    wait_until(lambda: stream.lag() == 0, "all events are judged")
    second = stream.start_worker(instance_id="twin").wait_ready()
    assert first.wait_exit() == ExitCode.LOST_GENERATION
    again = stream.start_worker(instance_id="twin").wait_ready()
    assert second.wait_exit() == ExitCode.LOST_GENERATION
    ends = [line for worker in (first, second) for line in worker.log() if line["event"] == "worker_ended_itself"]
    assert [line["known_cause"] for line in ends] == [True, True]
    assert all("another process has joined the group with ASIENTO_INSTANCE_ID=twin" in line["reason"] for line in ends)
    stream.send_day(seed=74, orders=10)
    wait_until(lambda: stream.lag() == 0, "the last one works")
    assert again.process.poll() is None
    stream.check_books()


def test_a_static_member_that_sleeps_past_its_session_says_so(stream: OrderStream) -> None:
    """Nobody took its place: idle, frozen, awake again it ends, and what is started in its place goes on."""
    stream.send_day(seed=75, orders=10)
    sleeper = stream.start_worker(instance_id="w0").wait_ready()
    wait_until(lambda: stream.lag() == 0, "all events are judged")
    sleeper.process.send_signal(signal.SIGSTOP)
    frozen_at = time.monotonic()
    wait_until(lambda: time.monotonic() - frozen_at > stream.settings.kafka_session_timeout_seconds + 1, "its session is over")
    sleeper.process.send_signal(signal.SIGCONT)
    assert sleeper.wait_exit(REFUSED_SECONDS_MAX) == ExitCode.LOST_GENERATION
    assert "longer than its session of 6 s" in sleeper.log_file.read_text()
    stream.send_day(seed=76, orders=10)
    stream.start_worker(instance_id="w0")
    wait_until(lambda: all_booked(stream), "all events are judged")
    stream.check_books()
