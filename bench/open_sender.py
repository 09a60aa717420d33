"""Sends the events of a seeded input on a schedule, each at its time whether or not the one before was answered.

    python -m bench.open_sender --bootstrap-servers HOST:PORT --topic NAME --partitions 8 --seed 1 --skip 100 --schedule 300:120 3000:300

A schedule is a row of RATE:SECONDS. It is a process of its own, so that nobody's work delays it. When its first event is made it prints
`ready` and reads the start, in seconds since 1970, from its input. At the end it prints how late it was at most, in milliseconds.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final, TypeAlias

from confluent_kafka import Producer

from asiento.runtime.settings import Settings
from bench.prefill import messages
from schemas.topics import ORDERS_EVENTS

NAP_SECONDS: Final = 0.001
LEAD_SECONDS: Final = 1.0
FLUSH_SECONDS_MAX: Final = 60.0

Schedule: TypeAlias = Sequence[tuple[float, float]]
"""Rate (events a second) and how many seconds it lasts, one after the other."""


def due_offsets(schedule: Schedule) -> Iterator[float]:
    """Seconds after the start at which each event is due."""
    begin = 0.0
    for rate, seconds in schedule:
        yield from (begin + number / rate for number in range(round(rate * seconds)))
        begin += seconds


def records_of(schedule: Schedule) -> int:
    """How many events a schedule has."""
    return sum(round(rate * seconds) for rate, seconds in schedule)


@dataclass(slots=True)
class OpenSender:
    """The sending process, seen from the outside. `start` lets it begin and tells when that is, `late_ms` waits for its end."""

    process: "subprocess.Popen[str]"

    @classmethod
    def of(cls, settings: Settings, seed: int, skip: int, schedule: Schedule) -> "OpenSender":
        """Start it; it waits. It sends to the events topic of `settings`, and leaves out the first `skip` events."""
        words = {
            "bootstrap-servers": settings.kafka_bootstrap_servers,
            "topic": settings.topic(ORDERS_EVENTS),
            "partitions": settings.partitions,
            "seed": seed,
            "skip": skip,
        }
        argv = [sys.executable, "-m", "bench.open_sender", *(part for name, word in words.items() for part in (f"--{name}", str(word)))]
        argv += ["--schedule", *(f"{rate}:{seconds}" for rate, seconds in schedule)]
        return cls(subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def start(self) -> float:
        """When event 0 is due, in seconds since 1970."""
        sender = self.process
        if sender.stdin is None or sender.stdout is None or not sender.stdout.readline():
            sys.exit("the sender ended before it was ready")
        start_at = time.time() + LEAD_SECONDS
        sender.stdin.write(f"{start_at}\n")
        sender.stdin.flush()
        return start_at

    def late_ms(self) -> float:
        """How late it was at most, in milliseconds, when it has ended."""
        told, _ = self.process.communicate()
        if self.process.returncode:
            sys.exit("the sender could not send")
        return float(json.loads(told)["late_ms_max"])


def main() -> None:
    """Send all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.open_sender", description=__doc__)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topic", required=True)
    for name in ("partitions", "seed", "skip"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--schedule", nargs="+", required=True)
    told = parser.parse_args()
    schedule = [(float(rate), float(seconds)) for rate, seconds in (part.split(":") for part in told.schedule)]
    events = islice(messages(told.seed, told.skip + records_of(schedule)), told.skip, None)
    first = next(events)
    producer = Producer({"bootstrap.servers": told.bootstrap_servers, "linger.ms": 1, "enable.idempotence": True})
    print("ready", flush=True)
    start_at, late = float(sys.stdin.readline()), 0.0
    for offset, event in zip(due_offsets(schedule), chain([first], events), strict=True):
        while (left := start_at + offset - time.time()) > 0:
            time.sleep(min(left, NAP_SECONDS))
        late = max(late, -left)
        headers: list[Any] = list(event.headers)
        producer.produce(told.topic, event.value, event.key, event.partition(told.partitions), headers=headers)
        producer.poll(0)
    if producer.flush(FLUSH_SECONDS_MAX):
        sys.exit("the broker did not store everything")
    print(json.dumps({"late_ms_max": round(late * 1000, 1)}))


if __name__ == "__main__":
    main()
