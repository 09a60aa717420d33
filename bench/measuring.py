"""What a process costs while it works through a topic: sampled from outside, all its children included.

Work done is what the consumer group has committed, asked of the broker, so that no runner is asked anything while it is measured.
"""

import contextlib
import re
import resource
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from confluent_kafka import Consumer, KafkaException, TopicPartition

from asiento.runtime.child_process import ChildProcess

STILL_SECONDS_MAX: Final = 120.0
LOG_TAIL_CHARACTERS: Final = 1_500
STOP_SECONDS_MAX: Final = 60.0
SAMPLE_SECONDS: Final = 0.2
STEADY_FROM: Final = 0.20
STEADY_TO: Final = 0.95
STEADY_SECONDS_MIN: Final = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How far a process was at a moment (monotonic seconds), and what it and its children had cost by then."""

    at: float
    done: int
    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: CPU microseconds per item from start to exit and in the steady part, items per second, memory grown and peak.

    Memory grown is since the first work was committed, so that a program's own size does not count.
    """

    all_us: float
    steady_us: float
    per_second: float
    grown_bytes: int
    peak_bytes: int


class CommittedWork:
    """Records of a topic that a consumer group has committed. A context: the connection is closed at its end."""

    def __init__(self, bootstrap_servers: str, group: str, topic: str, partitions: int) -> None:
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap_servers, "group.id": group, "isolation.level": "read_uncommitted", "enable.auto.commit": False}
        )
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]

    def done(self) -> int:
        """The sum over the partitions; what the broker does not tell now counts as nothing."""
        with contextlib.suppress(KafkaException):
            return sum(max(found.offset, 0) for found in self._consumer.committed(self._partitions, timeout=10.0))
        return 0

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()


def measured(start: Callable[[], ChildProcess], done: Callable[[], int], items: int, log_folder: Path) -> Cost:
    """Start a process, sample it until all items are done, stop it (SIGTERM).

    Ends the program, with the last words in the logs of `log_folder`, if the process ends before or stands still.
    """
    before = _children_cpu()
    child = start()
    samples: list[Sample] = []
    try:
        reached, moved_at = 0, time.monotonic()
        while reached < items:
            if child.exit_code() is not None or time.monotonic() > moved_at + STILL_SECONDS_MAX:
                sys.exit(f"{child.name} stopped at {reached} of {items}\n{log_tail(log_folder)}")
            with contextlib.suppress(psutil.NoSuchProcess):
                samples.append(sample_of(child.pid, done()))
                if samples[-1].done > reached:
                    reached, moved_at = samples[-1].done, time.monotonic()
            time.sleep(SAMPLE_SECONDS)
    finally:
        child.stop(STOP_SECONDS_MAX)
    return cost_of(samples, items, _children_cpu() - before)


def sample_of(pid: int, done: int) -> Sample:
    """A sample of the process and all its children now. Raises `psutil.NoSuchProcess`."""
    process = psutil.Process(pid)
    cpu = memory = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            cpu, memory = cpu + times.user + times.system, memory + one.memory_info().rss
    return Sample(time.monotonic(), done, cpu, round(memory))


def cost_of(samples: Sequence[Sample], items: int, cpu_seconds: float) -> Cost:
    """The cost of a run of `items` that took `cpu_seconds` in all; with too little work all of it counts as steady."""
    last = samples[-1]
    start = next(sample for sample in samples if sample.done >= items * STEADY_FROM)
    end = next(sample for sample in samples if sample.done >= items * STEADY_TO)
    if end.at - start.at < STEADY_SECONDS_MIN:
        start, end = samples[0], last
    work = end.done - start.done
    return Cost(
        all_us=cpu_seconds / items * 1e6,
        steady_us=(end.cpu_seconds - start.cpu_seconds) / work * 1e6,
        per_second=work / (end.at - start.at),
        grown_bytes=last.memory_bytes - next(sample for sample in samples if sample.done).memory_bytes,
        peak_bytes=max(sample.memory_bytes for sample in samples),
    )


def require_running(children: Sequence[ChildProcess], log_folder: Path) -> None:
    """End the program, with the last words in the logs of a folder, if one of these processes has ended."""
    for child in children:
        if child.exit_code() is not None:
            sys.exit(f"{child.name} ended with {child.exit_code()}\n{log_tail(log_folder)}")


def log_tail(folder: Path) -> str:
    """The last lines in the logs of a folder."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.log")))
    return "".join(texts)[-LOG_TAIL_CHARACTERS:]


def _children_cpu() -> float:
    """Seconds of CPU of all processes of ours that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class CountedWork:
    """Items that a process of ours shows in its counters at `port`: for what commits no consumer group."""

    def __init__(self, port: int, counter: str) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._pattern = re.compile(rf"^{counter}(?:\{{[^}}]*\}})? (\S+)$", re.MULTILINE)

    def done(self) -> int:
        """The sum of the counter's series; 0 while the process does not answer."""
        with contextlib.suppress(OSError), urllib.request.urlopen(self._url, timeout=10) as answer:  # noqa: S310 - our own page
            return round(sum(float(value) for value in self._pattern.findall(answer.read().decode())))
        return 0
