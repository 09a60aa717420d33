"""CPU of the ledger sink per entry, two versions of the program side by side on the same topics of one real broker.

    python -m bench.sink_pair BEFORE AFTER [--entries 100000] [--rounds 3] [--seed 1]

BEFORE and AFTER are checkouts. In each round both book all entries into a new ledger, in turn; CPU is user + system time of the
whole process from its start until everything is booked, acknowledged where the version does that, and the process has ended.
"""

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.settings import Settings, load_settings
from asiento.runtime.topic_admin import apply
from bench.processes import all_booked, environment_of
from bench.verify_million import prefill, say
from schemas.topics import catalogue

PARTITIONS = 8
BOOKED_SECONDS_MAX = 1_800.0


def main() -> None:
    """Run the rounds and print each and the medians."""
    parser = argparse.ArgumentParser(prog="python -m bench.sink_pair", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trees", nargs=2, type=Path, metavar="BEFORE AFTER")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as place, LocalKafka(Path(place) / "kafka") as broker:
        options = {"kafka_bootstrap_servers": broker.bootstrap_servers, "partitions": PARTITIONS, "app_id": "bench"}
        settings = load_settings({**options, "replication_factor": 1, "min_insync_replicas": 1, "data_dir": Path(place)})
        asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
        ends = prefill(settings, PARTITIONS, arguments.seed, arguments.entries)
        costs: list[list[float]] = [[], []]
        for number in range(arguments.rounds):
            for which, tree in enumerate(arguments.trees):
                ledger = Path(place) / f"ledger-{number}-{which}.sqlite"
                costs[which].append(_cost(settings, tree, ledger, ends) / sum(ends.values()) * 1e6)
            before, after = costs[0][-1], costs[1][-1]
            say(f"round {number + 1}: before {before:.1f} us, after {after:.1f} us of CPU per entry, ratio {after / before:.3f}")
    before, after = (statistics.median(one) for one in costs)
    ratio = statistics.median(after / before for before, after in zip(*costs, strict=True))
    say(f"median: before {before:.1f} us, after {after:.1f} us, ratio of pairs {ratio:.3f}")


def _cost(settings: Settings, tree: Path, ledger: Path, ends: Mapping[int, int]) -> float:
    """Seconds of CPU of one run."""
    environment = environment_of(settings) | {"ASIENTO_LEDGER_URL": f"sqlite:///{ledger}", "PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", "asiento.cli.main", "sinks", "run", "ledger"]
    with Path(f"{ledger}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=tree, stdout=log, stderr=log)
    deadline = time.monotonic() + BOOKED_SECONDS_MAX
    while not all_booked(ledger, ends):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{tree}: the sink stopped: {Path(f'{ledger}.log').read_text(encoding='utf-8')[-2_000:]}")
        time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
