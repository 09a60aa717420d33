"""Twenty minutes at half of peak with the same orders over and over: memory, handles and tasks of every process stay where they are."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.acceptance.chaos_options import DATABASE, SEED, figure, option
from tests.acceptance.chaos_system import SINK, WORKERS, ChaosSystem, Shape, chaos_system
from tests.acceptance.metrics_watch import health_url, scrape
from tests.acceptance.steady_load import SteadyLoad

pytestmark = pytest.mark.kafka

MINUTES = option("MINUTES", 20)
ORDERS = int(option("ORDERS", 2000))
PEAK_RECORDS = int(option("PEAK_RECORDS", 60000))
GROWTH_BYTES_MAX = 8_000_000
HANDLES_MORE_MAX = 2
TASKS_MORE_MAX = 2
TICK_SECONDS = 0.5
JOURNAL_SECONDS = 60.0
"""From one line of the journal on what is held to the next: how it came about, where the end is too high."""
LOOKS = 10
"""Looks around an instant: the median of the memory counts, and the least of handles and tasks, as those of requests come and go."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds."""

    rss: int
    handles: int
    tasks: int

    def __str__(self) -> str:
        return f"{self.rss / 1e6:.1f} MB, {self.handles} handles, {self.tasks} tasks"


def held(system: ChaosSystem) -> dict[str, Held]:
    """What worker processes and sink hold now."""
    assert system.sink.pid is not None
    processes = {name: (worker.process.pid, worker.log_file) for name, worker in system.workers.items()}
    processes[SINK] = system.sink.pid, system.sink.log
    found = {}
    for name, (pid, log) in processes.items():
        process, url = psutil.Process(pid), health_url(log)
        assert url is not None, log
        tasks = int(scrape(url)["asiento_asyncio_tasks", ""])
        found[name] = Held(process.memory_info().rss, process.num_fds(), tasks)
    return found


def peak_rate(system: ChaosSystem, load: SteadyLoad) -> float:
    """Records a second that the workers judge when there is enough to do."""
    before, began = system.decided_total(), time.monotonic()
    load.send(PEAK_RECORDS)
    system.until(lambda: system.decided_total() - before >= PEAK_RECORDS, "the records of the peak are judged", 600)
    return PEAK_RECORDS / (time.monotonic() - began)


def pace(system: ChaosSystem, load: SteadyLoad, rate: float, seconds: float) -> dict[str, Held]:
    """Send at this rate for so long; what was held at the end, by some looks."""
    began, sent, looks, lines = time.monotonic(), 0, [], 0
    while (passed := time.monotonic() - began) < seconds:
        if passed >= lines * JOURNAL_SECONDS:
            lines += 1
            system.journal(f"{ {name: str(one) for name, one in held(system).items()} }, waiting {system.stream.lag()}")
        due = int(rate * passed) - sent
        load.send(due)
        sent += due
        if seconds - passed < LOOKS * TICK_SECONDS * 2:
            looks.append(held(system))
        system.revive()
        time.sleep(TICK_SECONDS)
    assert not system.excused, f"a process died although nothing was done to it: {dict(system.excused)}, logs in {system.directory}"
    return {
        name: Held(
            rss=sorted(look[name].rss for look in looks)[len(looks) // 2],
            handles=min(look[name].handles for look in looks),
            tasks=min(look[name].tasks for look in looks),
        )
        for name in looks[0]
    }


@pytest.mark.soak
@pytest.mark.timeout(1_560)
def test_at_half_of_peak_nothing_grows(tmp_path: Path) -> None:
    """`make soak-memory`: each process holds at the end what it held half-way, but 8 MB."""
    shape = Shape(seed=SEED, database=DATABASE, lives=1)
    with chaos_system(shape, tmp_path) as system:
        system.start()
        load = SteadyLoad(system.stream, ORDERS, SEED)
        load.send_first()
        system.until(lambda: system.stream.lag() == 0, "the orders are there")
        rate = peak_rate(system, load) / 2
        system.journal(f"half of peak is {rate:.0f} records a second, {MINUTES:.0f} minutes begin")
        middle = pace(system, load, rate, MINUTES * 30)
        system.journal(f"half-way { ({name: str(one) for name, one in middle.items()}) }")
        end = pace(system, load, rate, MINUTES * 30)
        system.until(lambda: system.stream.lag() == 0, "all events are judged")
        told = "; ".join(f"{name} {middle[name]} -> {end[name]}" for name in (*WORKERS, SINK))
        figure(
            f"memory: seed {SEED}, {DATABASE}, {MINUTES:.0f} minutes at {rate:.0f} records/s, {ORDERS} orders, {load.sent} records, "
            f"{load.news} new facts: {told}"
        )
        for name, before in middle.items():
            assert end[name].rss <= before.rss + GROWTH_BYTES_MAX, f"{name} grows: {told}"
            assert end[name].handles <= before.handles + HANDLES_MORE_MAX, f"{name} keeps handles: {told}"
            assert end[name].tasks <= before.tasks + TASKS_MORE_MAX, f"{name} keeps tasks: {told}"
