"""How soon work goes on after a kill -9, and how long a worker needs to read the order states again."""

import time
from pathlib import Path

import pytest

from tests.acceptance.chaos_checks import findings
from tests.acceptance.chaos_options import DATABASE, SEED, figure, option
from tests.acceptance.chaos_system import SINK, SMALL_CHUNKS, WORKERS, ChaosSystem, Shape, chaos_system
from tests.acceptance.topic_facts import ENTRIES
from tests.integration.order_stream import wait_until

pytestmark = pytest.mark.kafka

KILLS = int(option("KILLS", 12))
RECORDS = int(option("CHANGELOG_RECORDS", 400_000))
FIRST_ENTRY_SECONDS_MAX = option("RESTART_SECONDS", 10)
RECOVERY_SECONDS_PER_GB_MAX = option("RECOVERY_SECONDS", 60)
GIGABYTE = 1_000_000_000
RECOVERED_SECONDS_MAX = 600.0


def claimed(system: ChaosSystem, name: str) -> list[int]:
    """The partitions of a worker's last assignment."""
    lines = [line for line in system.workers[name].log() if line["event"] == "partitions_assigned"]
    return list(lines[-1]["partitions"]) if lines else []


def is_ready(system: ChaosSystem, name: str) -> bool:
    """Whether a worker has partitions and recovered them since its last assignment."""
    lines = [line["event"] for line in system.workers[name].log() if line["event"] in ("partitions_assigned", "worker_ready")]
    return lines[-1:] == ["worker_ready"] and bool(claimed(system, name))


def seconds_to_first_entry(system: ChaosSystem, victim: str) -> float:
    """Kill, start again; seconds until an entry is booked, on the partitions of the victim, that was on the topic in no form before."""
    partitions = claimed(system, victim) if victim != SINK else range(system.stream.partitions)
    system.kill(victim)
    killed_at = time.monotonic()
    ends = system.pipeline.ends(f"{system.prefix}{ENTRIES}", "read_uncommitted")
    newest = system.ledger.newest_entry()

    def new_entry() -> bool:
        system.keep_behind()
        return any(partition in partitions and offset >= ends[partition] for partition, offset in system.ledger.places_after(newest))

    system.until(new_entry, f"a new entry after the kill of {victim}")
    return time.monotonic() - killed_at


def kill_and_time(shape: Shape, directory: Path, kills: int) -> list[tuple[str, float]]:
    """So many kills one after the other, each from a state in which all work; the books are right afterwards."""
    with chaos_system(shape, directory) as system:
        system.start()
        times = []
        for number in range(kills):
            system.until(lambda: all(is_ready(system, name) for name in WORKERS), "both workers have partitions")
            system.until_decided(system.decided_total() + shape.behind_records)
            victim = (*WORKERS, SINK)[number % 3]
            times.append((victim, seconds_to_first_entry(system, victim)))
            system.journal(f"kill -9 of {victim}: a new entry after {times[-1][1]:.1f} s")
        system.drain()
        assert findings(system.scene()) == {}, f"seed {shape.seed}, logs in {directory}"
        return times


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_the_first_new_entry_comes_soon_after_a_kill(tmp_path: Path) -> None:
    """`make soak-restart`: half of the kills with static members, half with dynamic ones."""
    told = []
    for static in (True, False):
        directory = tmp_path / ("static" if static else "dynamic")
        directory.mkdir()
        shape = Shape(seed=SEED, database=DATABASE, static_members=static, lives=40, behind_records=2_000, worker_settings=SMALL_CHUNKS)
        times = kill_and_time(shape, directory, KILLS // 2)
        seconds = sorted(took for _, took in times)
        told.append(f"{directory.name} members {len(times)} kills, median {seconds[len(seconds) // 2]:.1f} s, slowest {seconds[-1]:.1f} s")
        assert seconds[-1] <= FIRST_ENTRY_SECONDS_MAX, f"seed {SEED}, {directory.name}: {times}, logs in {directory}"
    figure(f"restart: seed {SEED}, {DATABASE}, first new entry after kill -9: {'; '.join(told)}")


def changelog_bytes(system: ChaosSystem) -> int:
    """What the broker has of the changelog on its disk."""
    return sum(file.stat().st_size for file in (system.broker.directory / "data").glob("*order-state-changelog-*/*.log"))


@pytest.mark.soak
@pytest.mark.timeout(1_500)
def test_states_are_recovered_in_a_minute_per_gigabyte(tmp_path: Path) -> None:
    """`make soak-restart`: real order states, all partitions to one worker that starts with nothing."""
    shape = Shape(seed=SEED, lives=250, behind_records=20_000)
    with chaos_system(shape, tmp_path) as system:
        system.start()
        system.until_decided(RECORDS)
        system.drain()
        size = changelog_bytes(system)
        began = time.monotonic()
        worker = system.start_worker("w1")
        wait_until(lambda: worker.logged("worker_ready"), "the states are recovered", RECOVERED_SECONDS_MAX)
        from_start = time.monotonic() - began
        (ready,) = (line for line in worker.log() if line["event"] == "worker_ready")
        assert worker.stop() == 0
        per_gigabyte = ready["seconds"] * GIGABYTE / size
        figure(
            f"recovery: {ready['states']} states, changelog of {size / GIGABYTE:.2f} GB, {ready['seconds']:.1f} s "
            f"({from_start:.1f} s from the start of the process): {per_gigabyte:.1f} s per GB"
        )
        assert per_gigabyte <= RECOVERY_SECONDS_PER_GB_MAX
