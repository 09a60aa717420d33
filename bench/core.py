"""The core alone: microseconds of `decide` per event, the size of an order's state, and `asiento simulate` on a large file.

    python -m bench.core [--orders 400] [--simulate 100000] [--seed 1]

`decide` is timed call by call, without reading, fingerprints or writing: on ordinary orders (three lines, their whole life,
event types in turn, after a round that warms up), with and without the SHA-1 behind the ids of entries; and on orders to
which 1 000 events of one kind were applied before, with the ratio to the same calls on a young order of the same kind.
`simulate` runs as a process of its own, on trading days one after the other; seconds are CPU. Figures are medians; the
processor is named, since they mean nothing without it.
"""

import argparse
import contextlib
import gc
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from unittest import mock

import psutil

from asiento.accounting import booking, findings
from asiento.accounting.decide import decide
from asiento.accounting.decision import Posted
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.order_state import encode_state
from sources.synthetic.arrivals import json_line
from sources.synthetic.day import trading_day
from tests import order_making as make

MICROSECONDS = 1_000_000
APPLIED = 1_000
ORDERS_PER_DAY = 2_000
SAMPLE_SECONDS = 0.1
SAMPLE = 100
ROUNDS = 5


def ordinary_life(order_id: str) -> list[OrderEvent]:
    """An order of three lines as most are: authorized, captured, shipped in two parts, one unit refunded and returned."""
    common: make.Json = {"order_id": order_id}
    apparel = make.line("L1", 10_000, "3", sku="TSHIRT-M-BLUE", revenue_category="apparel", unit_cost="12.5", taxes=[make.tax(2_100)])
    mug = make.line("L2", 5_000, "1", sku="MUG-WHITE", revenue_category="home", taxes=[make.tax(1_050)])
    shipping = make.line("L3", 795, kind="SHIPPING", taxes=[make.tax(167)])
    order = make.placed(apparel, mug, shipping, discount=500, **common)
    return [
        order,
        make.event("PaymentAuthorized", "auth:P1", payment_id="P1", amount=18_612, **common),
        make.captured("P1", 18_612, fee=310, **common),
        make.shipped("S1", {"L1": "2"}, **common),
        make.event("ShipmentDelivered", "delivered:S1", shipment_id="S1", **common),
        make.shipped("S2", {"L1": "1", "L2": "1"}, **common),
        make.refunded("R1", [make.back("L1", "1")], [make.tender("T1", 3_927, "PENDING")], **common),
        make.refunded("R1", [make.back("L1", "1")], [make.tender("T1", 3_927)], label="refund:R1:2", **common),
        make.event("ReturnReceived", "return:RT1", return_id="RT1", lines=[_returned("L1", "1")], **common),
    ]


def _returned(line_id: str, quantity: str) -> make.Json:
    return {"line_id": line_id, "quantity": quantity, "disposition": "RESTOCK"}


def _timed(event: OrderEvent, state: OrderState | None) -> tuple[float, OrderState]:
    started = time.perf_counter()
    decision = decide(event, state, DEFAULT_POLICIES)
    took = time.perf_counter() - started
    if not isinstance(decision.outcome, Posted) or decision.state is None:
        raise SystemExit(f"{type(event).__name__} {event.business_key} was not posted: {decision.outcome}")
    return took * MICROSECONDS, decision.state


def time_ordinary(orders: int) -> tuple[list[float], dict[str, list[float]]]:
    """Every call of the lives of `orders` orders in `ROUNDS` rounds, in all and by event type, after a round that warms up."""
    lives = [ordinary_life(str(number)) for number in range(orders)]
    every: list[float] = []
    by_type: dict[str, list[float]] = {}
    gc.collect()
    gc.disable()
    for turn in range(1 + ROUNDS):
        for life in lives:
            state: OrderState | None = None
            for event in life:
                took, state = _timed(event, state)
                if turn:
                    every.append(took)
                    by_type.setdefault(type(event).__name__, []).append(took)
    gc.enable()
    return every, by_type


def _one_kind(kind: str) -> Callable[[int], OrderEvent]:
    match kind:
        case "PaymentAuthorized":
            return lambda n: make.event(kind, f"auth:{n}", payment_id=f"P{n}", amount=1)
        case "PaymentCaptured":
            return lambda n: make.captured(f"P{n}", 100, fee=1)
        case "ShipmentDispatched":
            return lambda n: make.shipped(f"S{n}", {"L1": "1"})
        case "RefundIssued":
            return lambda n: make.refunded(f"R{n}", [make.back("L1", "1")], [])
        case "ReturnReceived":
            return lambda n: make.event(kind, f"return:{n}", return_id=f"RT{n}", lines=[_returned("L1", "1")])
        case _:
            return lambda n: make.cancelled({"L1": "1"}, label=f"cancel:{n}")


def time_old_orders() -> Iterator[tuple[str, float, float]]:
    """Per kind: the median call on an order of one kind of events when young, and after `APPLIED` of them."""
    units = APPLIED + 3 * SAMPLE
    apparel = make.line("L1", 100 * units, str(units), revenue_category="apparel", unit_cost="0.5", taxes=[make.tax(21 * units)])
    order = make.placed(apparel, make.line("L2", 795, kind="SHIPPING"))
    for kind in ("PaymentAuthorized", "PaymentCaptured", "ShipmentDispatched", "OrderCancelled", "RefundIssued", "ReturnReceived"):
        _, state = _timed(order, None)
        if kind in ("RefundIssued", "ReturnReceived"):
            _, state = _timed(make.shipped("S", {"L1": str(units)}), state)
        event = _one_kind(kind)
        times = []
        for number in range(APPLIED + SAMPLE):
            took, state = _timed(event(number), state)
            times.append(took)
        yield kind, median(times[5 : 5 + SAMPLE]), median(times[APPLIED:])


def open_order_bytes() -> tuple[int, int]:
    """The state of an open order of three lines after six events, and of the same order when all of it is over."""
    state: OrderState | None = None
    sizes = []
    for event in ordinary_life("1"):
        _, state = _timed(event, state)
        sizes.append(len(encode_state(state)))
    return sizes[5], sizes[-1]


def time_simulate(events: int, seed: int) -> Iterator[str]:
    """`asiento simulate` on trading days: all the events, then half of them with as many open orders left at the end."""
    lines: list[bytes] = []
    while len(lines) < events:
        lines += [json_line(event) for event in trading_day(seed, ORDERS_PER_DAY).events]
        seed += 1
    for count in (events, events // 2):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.jsonl"
            path.write_bytes(b"".join(lines[:count]))
            took, peak = _run_simulate(path)
        yield f"simulate of {count} events: {took:.1f} s, {took / count * MICROSECONDS:.0f} us per event, peak {peak} MB"


def _run_simulate(path: Path) -> tuple[float, int]:
    """Seconds of CPU and peak memory in MB of one run."""
    command = [sys.executable, "-m", "asiento.cli.main", "simulate", str(path)]
    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    peak, seconds = 0, 0.0
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            peak, used = max(peak, process.memory_info().rss), process.cpu_times()
            seconds = used.user + used.system
        time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        raise SystemExit(f"simulate ended with {process.returncode}")
    return seconds, peak >> 20


def processor() -> str:
    """The processor's own name."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--simulate", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"processor: {processor()}, Python {platform.python_version()}")
    with mock.patch.object(booking, "entry_id", "{}|{}|{}|{}".format), mock.patch.object(findings, "discrepancy_id", "{}|{}".format):
        bare, _ = time_ordinary(options.orders)
    every, by_type = time_ordinary(options.orders)
    print(f"decide, ordinary order, ids not hashed: median {median(bare):.1f} us, mean {sum(bare) / len(bare):.1f} us per event")
    print(f"decide, ordinary order: median {median(every):.1f} us, mean {sum(every) / len(every):.1f} us per event, {len(every)} events")
    for kind, times in by_type.items():
        print(f"  {kind:20} median {median(times):6.1f} us")
    for kind, young, old in time_old_orders():
        print(f"decide, {kind:20} young {young:6.1f} us, after {APPLIED} events {old:6.1f} us, ratio {old / young:.2f}")
    still_open, over = open_order_bytes()
    print(f"state of an open order of 3 lines after 6 events: {still_open} bytes; when it is over: {over} bytes")
    for line in time_simulate(options.simulate, options.seed):
        print(line)


if __name__ == "__main__":
    main()
