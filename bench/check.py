"""Whether the worker has become slower: its CPU per event to that of the bare confluent-kafka loop, against the ratio on record.

    python -m bench.check [--rounds 7] [--records 60000] [--seed 1] [--record] [--planted-us 0]

Both run in turn on the same stored input; the ratio is taken inside each round, the median of the rounds counts. Exits with 1 if it is
worse than the one in `bench/recorded_ratio.json` by more than 15 %, or if one of both wrote something else than the core gives.
--record keeps the new ratio instead. --planted-us makes the worker slower by so many microseconds per event, to see the check fail.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from asiento.runtime.child_process import ChildProcess, start_child
from asiento.runtime.local_kafka import LocalKafka
from bench.core import processor
from bench.jobs import ORDERS
from bench.processes import environment_of
from bench.rounds import JobRounds
from bench.runners import CONFLUENT, ROOT, WORKER, Runner, RunPlace, product_runners
from bench.spread import Spread
from bench.throughput import run_round, steady_ratio

RECORDED: Final = Path(__file__).with_name("recorded_ratio.json")
WORSE_MAX: Final = 1.15


def main() -> None:
    """Run the rounds and judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.check", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="keep the ratio as the one to compare with")
    parser.add_argument("--planted-us", type=float, default=0.0, help="make the worker slower by so much CPU per event")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as folder, LocalKafka(Path(folder) / "kafka") as broker:
        product = JobRounds(ORDERS, Path(folder), broker, arguments.seed)
        runners = _runners(arguments.planted_us)
        rounds = [run_round(product, runners, arguments.records, number) for number in range(arguments.rounds)]
    wrong = [f"{name}: {word}" for one in rounds for name, result in one.items() for word in result.wrong]
    if wrong:
        sys.exit("nothing is compared, as outputs differ: " + "; ".join(wrong))
    ratio = steady_ratio(rounds, CONFLUENT)
    if arguments.record:
        where = f"{datetime.now(UTC):%Y-%m-%d}, {processor()}; {arguments.records} events, {arguments.rounds} rounds"
        RECORDED.write_text(json.dumps({"worker_to_confluent_loop": round(ratio.median, 3), "recorded": where}, indent=2) + "\n")
        print(f"kept {ratio.text(3)} in {RECORDED.name}")
        return
    good, words = verdict(ratio, float(json.loads(RECORDED.read_text(encoding="utf-8"))["worker_to_confluent_loop"]))
    print(words)
    sys.exit(0 if good else 1)


def verdict(ratio: Spread, recorded: float) -> tuple[bool, str]:
    """Whether the ratio is good enough, and that in words."""
    told = f"worker : {CONFLUENT} = {ratio.text(3)}, on record {recorded:.3f}"
    limit = recorded * WORSE_MAX
    if ratio.median > limit:
        return False, (
            f"SLOWER: {told}; more than {limit:.3f} is a fault. Look for what the worker does more than before per event "
            "(python -m bench.costs), or keep the new ratio with --record if it is meant"
        )
    return True, f"good: {told}; up to {limit:.3f} passes"


def _runners(planted_us: float) -> list[Runner]:
    worker, loop = (one for one in product_runners() if one.name in {WORKER, CONFLUENT})
    if planted_us:
        worker = replace(worker, start=lambda place: _start_slowed(place, planted_us))
    return [worker, loop]


def _start_slowed(place: RunPlace, planted_us: float) -> ChildProcess:
    folder = place.settings.data_dir
    environment = environment_of(place.settings) | {"ASIENTO_METRICS_PORT": "0", "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "bench.slowed_worker", str(planted_us)]
    return start_child("slowed", argv, environment=environment, log_file=folder / "slowed.log", pid_file=folder / "slowed.pid")


if __name__ == "__main__":
    main()
