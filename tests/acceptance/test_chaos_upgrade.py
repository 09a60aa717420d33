"""A rolling upgrade with a changed policy, under load: old and new worker side by side, then the new ones alone.

What is exact, and what is asked for here: as long as every worker has the new file before the first event of the new version arrives
(docs/policy.md), each order is booked for life by the version in force when its first event came, whoever judged it: entry by entry what
`simulate` says with the new file. Events that come after that time to a worker with the old file are booked by the old version; no
later start can mend that, so it is not promised, and `verify` does not call it a fault.
"""

from pathlib import Path

import pytest

from sources.synthetic.arrivals import Arrival
from sources.synthetic.day import trading_day
from tests.acceptance.order_pipeline import OrderPipeline
from tests.integration.order_stream import OrderStream, wait_until

OLD_FILE = "versions:\n  - version: 1\n"
NEW_FILE = OLD_FILE + "  - version: 2\n    in_force_from: 2026-03-06T00:00:00Z\n    discounts: net\n    charges: first_shipment\n"
LAST_DAY_OF_OLD, FIRST_DAY_OF_NEW = 31, 32
"""Seeds of trading days: the fifth and the sixth of March 2026."""
SHARES = 3


def send(stream: OrderStream, arrivals: list[Arrival]) -> None:
    """Send some arrivals of a day."""
    with stream.producer() as producer:
        for arrival in arrivals:
            producer.produce(stream.events, *stream.record(arrival))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_rolling_upgrade_books_every_order_by_the_version_it_began_with(pipeline: OrderPipeline, tmp_path: Path) -> None:
    stream, old, new = pipeline.stream, tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(OLD_FILE)
    new.write_text(NEW_FILE)
    day = trading_day(LAST_DAY_OF_OLD, 45).arrivals
    shares = [list(day[len(day) * share // SHARES : len(day) * (share + 1) // SHARES]) for share in range(SHARES)]
    pipeline.sink.start()
    send(stream, shares[0])
    first, second = (stream.start_worker(policy=old, merged_records_max=10) for _ in range(2))
    wait_until(lambda: stream.lag() < len(shares[0]), "the old workers are at work")
    send(stream, shares[1])
    assert first.stop() == 0
    third = stream.start_worker(policy=new, merged_records_max=10)
    wait_until(lambda: third.logged("worker_ready") and stream.lag() == 0, "old and new have worked side by side")
    second.kill()
    fourth = stream.start_worker(policy=new, merged_records_max=10).wait_ready()
    send(stream, list(trading_day(FIRST_DAY_OF_NEW, 45).arrivals))
    send(stream, shares[2])  # of orders that began under the old version, judged by new workers
    wait_until(lambda: stream.lag() == 0 and not pipeline.open_transactions() and pipeline.ledger_lag() == 0, "all is booked")
    simulated = pipeline.check_books("--policy", str(new))
    versions = {(entry["posting_date"] < "2026-03-06", entry["policy_version"]) for entry in simulated.entries.values()}
    assert versions == {(True, 1), (False, 2)}
    assert [worker.stop() for worker in (third, fourth)] == [0, 0]
