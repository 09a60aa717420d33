"""CPU per event and memory of the worker with ten thousand to a million open orders, uniform and skewed, on one real broker.

    python -m bench.orders [--orders 10000 100000 1000000] [--events-per-order 2] [--rounds 1] [--seed 1] [--mixes uniform skewed]

All orders are placed, then their next events come in any order (uniform), or few orders get most of them (skewed). Every population has
the same mix of events. Memory is what the worker has grown since its first commit, by order: state, table, caches, everything. What is
written is not compared here: `bench.throughput` does that. A million orders are two million events, 1 GB on the broker's disk and some
ten minutes of the worker per mix at 300 us per event; making the input takes a tenth of that.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.topic_admin import apply
from bench.core import processor
from bench.jobs import ORDERS
from bench.measuring import CommittedWork, Cost, measured
from bench.populations import Population
from bench.prefill import DayTemplates, day_templates, send
from bench.rounds import PARTITIONS
from bench.runners import RunPlace, product_runners, settings_for
from bench.spread import spread
from schemas.topics import ORDERS_EVENTS, catalogue


@dataclass(frozen=True, slots=True)
class Load:
    """One input: `mix` is uniform or skewed."""

    orders: int
    events: int
    mix: str
    seed: int


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.orders", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--events-per-order", type=float, default=2.0, help="up to 3, as lives end")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mixes", nargs="+", choices=["uniform", "skewed"], default=["uniform", "skewed"])
    told = parser.parse_args()
    day = day_templates(told.seed)
    loads = [Load(orders, round(orders * told.events_per_order), mix, told.seed) for mix in told.mixes for orders in told.orders]
    found: dict[Load, list[Cost]] = {load: [] for load in loads}
    for number in range(told.rounds):
        with tempfile.TemporaryDirectory(prefix="asiento-bench-") as folder, LocalKafka(Path(folder) / "kafka") as broker:
            for place, load in enumerate(loads):
                cost = _run(Path(folder), broker.bootstrap_servers, f"o{number}-{place}", day, load)
                found[load].append(cost)
                _say(f"round {number + 1}: {load.orders} orders, {load.mix}: {cost.steady_us:.1f} us")
    _say(f"\n{processor()}; {told.rounds} round(s); CPU in us per event, median (least-most)")
    for line in table(found):
        _say(line)


def _run(place: Path, bootstrap: str, name: str, day: DayTemplates, load: Load) -> Cost:
    settings = settings_for(place, bootstrap, PARTITIONS, f"{name}-", name)
    asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
    started = time.monotonic()
    population = Population(day, load.orders)
    sent = send(settings, ORDERS_EVENTS, population.events(load.seed, load.events, skewed=load.mix == "skewed"))
    _say(f"{sent} events of {load.orders} orders stored in {time.monotonic() - started:.0f} s")
    run = RunPlace(settings, settings.topic(ORDERS_EVENTS), ORDERS)
    work = CommittedWork(bootstrap, run.group, run.source, PARTITIONS)
    cost = measured(lambda: product_runners()[0].start(run), work.done, sent, settings.data_dir)
    work.close()
    return cost


def table(found: dict[Load, list[Cost]]) -> Sequence[str]:
    """A line per load, with the ratio of its steady CPU to that of the smallest population of its mix."""
    lines = [f"{'orders':>9} {'mix':<9}{'steady':>22}{'to fewest':>11}{'peak MB':>9}{'grown B/order':>15}"]
    for load, costs in found.items():
        fewest = min((other for other in found if other.mix == load.mix), key=lambda other: other.orders)
        ratio = spread(mine.steady_us / base.steady_us for mine, base in zip(costs, found[fewest], strict=True)).median
        grown = spread(cost.grown_bytes for cost in costs).median / load.orders
        peak = spread(cost.peak_bytes for cost in costs).median / 1e6
        lines.append(
            f"{load.orders:>9} {load.mix:<9}{spread(one.steady_us for one in costs).text():>22}{ratio:>11.2f}{peak:>9.0f}{grown:>15.0f}"
        )
    return lines


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
