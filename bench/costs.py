"""What metrics, content hashes, documents and decisions cost per event: the worker's fold with each of them switched off.

    python -m bench.costs [--records 10000] [--rounds 5] [--seed 1]

No broker: the order worker's processor folds chunks of a stored input in this process, as it is and with one thing patched out, in turn;
the share is that of CPU, taken inside each round. Without documents means that entries carry none: they are made, but neither hashed nor
written. Logs are not in the table: the worker writes none per event or chunk, which is counted here. A switch that changes nothing in
what is written has lost its place in the code, and the run says so and ends with 1.
"""

import argparse
import gc
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256
from typing import Any, Final
from unittest import mock

from structlog.testing import capture_logs

from asiento.accounting.booking import Booking
from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.settings import load_settings
from bench.core import processor
from bench.peers.confluent_loop import Fetched
from bench.peers.work import tune_gc
from bench.prefill import messages
from bench.spread import Spread, ratios, spread
from schemas import entries as entry_codec
from schemas.event_messages import EventMessage
from streams import chunk
from streams.engine.processor import SourceRange
from streams.orders import OrderProcessor

PARTITIONS: Final = 8
CHUNK_RECORDS: Final = 1_000
AS_IT_IS: Final = "as it is"
NO_HASH: Final = "0" * 64

Switch = Callable[[], AbstractContextManager[Any]]


def without_hashes() -> AbstractContextManager[Any]:
    """Every entry has the same content hash."""
    return mock.patch.object(entry_codec, "content_hash", _no_hash)


def without_decisions() -> AbstractContextManager[Any]:
    """No batch of outcomes is encoded."""
    return mock.patch.object(chunk, "encode_decisions", _no_bytes)


@contextmanager
def without_documents() -> Iterator[None]:
    """Entries carry no document."""
    enter = Booking.enter

    def entered(self: Booking, *words: Any, document: Any = None, **more: Any) -> Any:
        del document
        return enter(self, *words, **more)

    with mock.patch.object(Booking, "enter", entered):
        yield


@contextmanager
def without_metrics() -> Iterator[None]:
    """Nothing is counted; decoded states are kept all the same."""
    with mock.patch.object(OrderProcessor, "committed", lambda self, _, result: self._keep(result)):
        yield


def _no_hash(_: object) -> str:
    return NO_HASH


def _no_bytes(_: object) -> bytes:
    return b""


SWITCHES: Final[dict[str, Switch]] = {
    AS_IT_IS: nullcontext,
    "without metrics": without_metrics,
    "without hashes": without_hashes,
    "without documents": without_documents,
    "without decisions": without_decisions,
}
CHANGES_NOTHING_WRITTEN: Final = {AS_IT_IS, "without metrics"}


def chunks(events: Iterable[EventMessage]) -> list[SourceRange]:
    """The input in chunks, in turn over the partitions."""
    waiting: defaultdict[int, list[Fetched]] = defaultdict(list)
    for event in events:
        partition = event.partition(PARTITIONS)
        waiting[partition].append(Fetched(len(waiting[partition]), 0, event.key, event.value, list(event.headers)))
    found = []
    for start in range(0, max(map(len, waiting.values())), CHUNK_RECORDS):
        for partition, all_of_it in sorted(waiting.items()):
            part = all_of_it[start : start + CHUNK_RECORDS]
            if part:
                end = start + len(part)
                found.append(SourceRange(topic="t", partition=partition, first_offset=start, next_offset=end, records=part))
    return found


def fold_all(ranges: Sequence[SourceRange]) -> tuple[float, str]:
    """Microseconds of CPU per record, and the digest of all that is written."""
    worker = OrderProcessor(load_settings({"partitions": PARTITIONS}), Metrics(Exporter.WORKER), DEFAULT_POLICIES)
    states: dict[bytes, bytes] = {}
    written = []
    gc.collect()
    started = time.process_time()
    for source in ranges:
        result = worker.process(source, states)
        states.update({state.key: state.value for state in result.states if state.value is not None})
        worker.committed(source, result)
        written.append(result.outputs)
    took = time.process_time() - started
    digest = sha256()
    for outputs in written:
        for topic, records in sorted(outputs.items()):
            for record in records:
                # a decision batch holds when it was decided, so its length tells that it is there
                digest.update(record.value or b"" if "decisions" not in topic else str(bool(record.value)).encode())
    return took / sum(len(source.records) for source in ranges) * 1e6, digest.hexdigest()


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    ranges = chunks(messages(told.seed, told.records))
    tune_gc()
    rounds: list[dict[str, float]] = []
    digests: dict[str, str] = {}
    with capture_logs() as logged:
        for _ in range(told.rounds):
            rounds.append({})
            for name, switch in SWITCHES.items():
                with switch():
                    rounds[-1][name], digests[name] = fold_all(ranges)
    print(f"{processor()}; {told.records} events, {told.rounds} rounds; CPU in us per event, median (least-most)")
    for name in SWITCHES:
        print(f"{name:<20}{spread(one[name] for one in rounds).text():>24}   {share_words(rounds, name)}")
    print(f"log lines written in all rounds: {len(logged)}")
    blind = blind_switches(digests)
    if blind:
        sys.exit(f"these switches change nothing of what is written, so their figures mean nothing: {', '.join(blind)}")


def share_words(rounds: Sequence[dict[str, float]], name: str) -> str:
    """What a switch saves, as a share of the fold as it is."""
    if name == AS_IT_IS:
        return ""
    saved = ratios(rounds, lambda one: one[AS_IT_IS] - one[name], lambda one: one[AS_IT_IS])
    return "saves " + Spread(saved.median * 100, saved.least * 100, saved.most * 100).text() + " %"


def blind_switches(digests: dict[str, str]) -> list[str]:
    """Switches with which the same is written as without, although they should change it."""
    return [name for name, digest in digests.items() if name not in CHANGES_NOTHING_WRITTEN and digest == digests[AS_IT_IS]]


if __name__ == "__main__":
    main()
