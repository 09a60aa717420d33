"""Sends the events of a seeded input at a steady rate, each at its scheduled time whether or not the one before was answered.

    python -m bench.latency_sender --bootstrap-servers HOST:PORT --topic NAME --partitions 8 --seed 1 --skip 100 --records 1000 \\
        --rate 300

It is a process of its own, so that nobody's work delays the schedule. When its events are made it prints `ready` and reads the start,
in seconds since 1970, from its input; event number n (from 0, skipped ones not counted) is due at start + n / rate. At the end it prints
how late it was at most, in milliseconds, as JSON.
"""

import argparse
import json
import sys
import time
from itertools import islice
from typing import Any, Final

from confluent_kafka import Producer

from bench.prefill import messages

NAP_SECONDS: Final = 0.001
FLUSH_SECONDS_MAX: Final = 60.0


def main() -> None:
    """Send all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency_sender", description=__doc__)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topic", required=True)
    for name in ("partitions", "seed", "skip", "records"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    told = parser.parse_args()
    found = islice(messages(told.seed, told.skip + told.records), told.skip, None)
    parts = told.partitions
    events: list[tuple[bytes, bytes, int, Any]] = [(one.value, one.key, one.partition(parts), list(one.headers)) for one in found]
    producer = Producer({"bootstrap.servers": told.bootstrap_servers, "linger.ms": 1, "enable.idempotence": True})
    print("ready", flush=True)
    start_at, late = float(sys.stdin.readline()), 0.0
    for number, (value, key, partition, headers) in enumerate(events):
        due = start_at + number / told.rate
        while (left := due - time.time()) > 0:
            time.sleep(min(left, NAP_SECONDS))
        late = max(late, -left)
        producer.produce(told.topic, value, key, partition, headers=headers)
        producer.poll(0)
    if producer.flush(FLUSH_SECONDS_MAX):
        sys.exit("the broker did not store everything")
    print(json.dumps({"late_ms_max": round(late * 1000, 1)}))


if __name__ == "__main__":
    main()
