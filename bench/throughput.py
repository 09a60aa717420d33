"""CPU per event of the order worker beside its peers, and of sink and projector, on one real broker in one run.

    python -m bench.throughput [--job orders] [--records 200000] [--rounds 1] [--seed 1] [--only NAME ...]

Stores a seeded input on 8 partitions (key: the order), then lets every runner work through all of it, one after the other, in an order
that turns with the rounds: the worker, and peers that do the same work with the same core and codecs on other engines. What each wrote
is compared with what the core gives for the input; a runner that wrote something else is not ranked. In the first round the ledger sink
books the worker's entries, and the projector takes all topics (into SQLite; its cost is told per event, with all that belongs to it).
The small job is a fixed job on the bare engine (`bench.small_job`), with the codec named, so that engines are compared with engines.

CPU is user + system time of a runner with all its children: `all` from start to exit, `steady` between 20 and 95 % of the input. Figures
are medians with least and most over the rounds; machines are noisy, so read the ratios, each taken inside one round.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.ports import free_ports
from asiento.runtime.settings import Settings
from bench.core import processor
from bench.disk import disk_per_event
from bench.jobs import ORDERS, small_job
from bench.measuring import Cost, CountedWork, measured
from bench.peers.work import SMALL
from bench.processes import start
from bench.rounds import PARTITIONS, JobRounds, RunResult, StoredInput
from bench.runners import WORKER, Runner, product_runners, small_runners
from bench.spread import Spread, ratios, spread
from bench.topics import committed_since
from schemas.topics import catalogue
from sinks.projector.topics import PROJECTED

Round = Mapping[str, RunResult]
"""Name of a runner -> its run."""


@dataclass(frozen=True, slots=True)
class Downstream:
    """What comes after the worker: sink per entry, projector per event, bytes on disk per event by topic or database."""

    sink: Cost
    projector: Cost
    disk: Mapping[str, float]


def main() -> None:
    """Run the rounds and print the tables; exits with 1 if a runner wrote something else than the core gives."""
    arguments = _arguments()
    job = ORDERS if arguments.job == ORDERS.work else small_job(arguments.job.removeprefix(SMALL))
    every = product_runners() if job is ORDERS else small_runners()
    runners = [one for one in every if not arguments.only or one.name in arguments.only]
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as folder, LocalKafka(Path(folder) / "kafka") as broker:
        place = Path(folder)
        product = JobRounds(job, place, broker, arguments.seed)
        started = time.monotonic()
        stored = product.stored(arguments.records)
        _say(f"{processor()}; {stored.records} records of {stored.orders} orders stored in {time.monotonic() - started:.0f} s")
        rounds, downstream = [], None
        for number in range(arguments.rounds):
            rounds.append(run_round(product, runners, arguments.records, number))
            if downstream is None and job is ORDERS and not arguments.only:
                downstream = _downstream(place, stored)
    wrong = _report(runners, rounds, stored)
    if downstream is not None:
        _report_downstream(downstream)
    sys.exit(1 if wrong else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.throughput", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--job", choices=[ORDERS.work, "small-generated", "small-fastavro"], default=ORDERS.work)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[], help="names of runners as the table shows them; no sink and projector then")
    return parser.parse_args()


def run_round(product: JobRounds, runners: Sequence[Runner], records: int, number: int) -> Round:
    """Every runner once; `number` turns their order and names their runs."""
    turn = number % len(runners)
    found = {}
    for runner in (*runners[turn:], *runners[:turn]):
        result = product.run(runner, records, f"r{number}-{runners.index(runner)}")
        _say(f"round {number + 1}: {runner.name}: {result.cost.steady_us:.1f} us")
        found[runner.name] = result
    return found


def _downstream(place: Path, stored: StoredInput) -> Downstream:
    """Sink and projector on what the worker of the first round wrote."""
    settings = stored.settings
    entries = stored.expected["entries"].count
    sink = _counted(settings, ("sinks", "run", "ledger"), "asiento_entries_booked_total", entries)
    projected = sum(_committed(settings, name) for name in PROJECTED)
    _say(f"sink: {sink.steady_us:.1f} us per entry")
    events = stored.records
    projector = _counted(settings, ("sinks", "run", "projector"), "asiento_projected_records_total", projected)
    topics = {settings.topic(spec.name): spec.name for spec in catalogue(settings.app_id, PARTITIONS, 1, 1)}
    return Downstream(sink, _per_event(projector, projected / events), disk_per_event(place / "kafka", settings, topics, events))


def _committed(settings: Settings, name: str) -> int:
    """Committed records of a topic."""
    begin = dict.fromkeys(range(PARTITIONS), 0)
    return sum(1 for _ in committed_since(str(settings.kafka_bootstrap_servers), settings.topic(name), begin))


def _counted(settings: Settings, command: tuple[str, ...], counter: str, items: int) -> Cost:
    (port,) = free_ports(1)
    return measured(lambda: start(settings, command, port), CountedWork(port, counter).done, items, settings.data_dir)


def _per_event(cost: Cost, records_per_event: float) -> Cost:
    """The cost per record of all topics as one per event."""
    return replace(
        cost,
        all_us=cost.all_us * records_per_event,
        steady_us=cost.steady_us * records_per_event,
        per_second=cost.per_second / records_per_event,
    )


def _report(runners: Sequence[Runner], rounds: Sequence[Round], stored: StoredInput) -> bool:
    """Print the table; whether a runner wrote something else."""
    _say(f"\n{len(rounds)} round(s), {stored.records} records of {stored.orders} orders; CPU in us per event, median (least-most)")
    _say(f"{'runner':<24}{'all':>22}{'steady':>22}{'events/s':>10}{'peak MB':>9}{'Kafka B/event':>14}   promise")
    wrong: dict[str, tuple[str, ...]] = {}
    for runner in runners:
        runs = [one[runner.name] for one in rounds]
        costs = [run.cost for run in runs]
        row = f"{runner.name:<24}{spread(cost.all_us for cost in costs).text():>22}{spread(cost.steady_us for cost in costs).text():>22}"
        row += f"{spread(cost.per_second for cost in costs).median:>10.0f}{spread(cost.peak_bytes for cost in costs).median / 1e6:>9.0f}"
        _say(f"{row}{spread(run.written_per_event for run in runs).median:>14.0f}   {runner.promise}")
        if words := next((run.wrong for run in runs if run.wrong), ()):
            wrong[runner.name] = words
    for name, words in wrong.items():
        _say(f"{name} is not ranked, it wrote something else: {'; '.join(words)}")
    if WORKER in rounds[0] and WORKER not in wrong:
        for runner in runners:
            if runner.name != WORKER and runner.name not in wrong:
                _say(f"{WORKER} : {runner.name} = {steady_ratio(rounds, runner.name).text(2)} (steady CPU per event)")
        grown = spread(one[WORKER].cost.grown_bytes for one in rounds).median
        _say(f"memory of the {WORKER} grown per order: {grown / stored.orders:.0f} bytes")
    return bool(wrong)


def steady_ratio(rounds: Sequence[Round], peer: str) -> Spread:
    """CPU per event of the worker to that of a peer, each inside one round."""
    return ratios(rounds, lambda one: one[WORKER].cost.steady_us, lambda one: one[peer].cost.steady_us)


def _report_downstream(downstream: Downstream) -> None:
    rows = [
        ("ledger sink (per entry)", downstream.sink, "entries and offset in one SQLite transaction, synchronous FULL"),
        ("projector (per event)", downstream.projector, "rows of all topics and offsets in one SQLite transaction, rebuildable"),
    ]
    _say(f"\n{'after the worker':<26}{'CPU us, all':>12}{'steady':>9}{'per second':>12}   guarantee")
    for name, cost, guarantee in rows:
        _say(f"{name:<26}{cost.all_us:>12.1f}{cost.steady_us:>9.1f}{cost.per_second:>12.0f}   {guarantee}")
    disk = ", ".join(f"{name} {size:.0f}" for name, size in downstream.disk.items())
    _say(f"bytes on disk per event, one copy: {disk}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
