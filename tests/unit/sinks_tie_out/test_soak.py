"""A thousand differences of every kind among a hundred thousand clean orders: all found, each named right, nothing else."""

import logging
import random
import resource
import time
from collections import Counter
from pathlib import Path

import pytest

from schemas.entries import encode_entry
from schemas.topics import ACCOUNTING_ENTRIES
from tests.unit.sinks_tie_out.captured import Comparer
from tests.unit.sinks_tie_out.planting import plant_all, unlocked_file
from tests.unit.sinks_verify.capture import CapturedLog, Installation, order_entries

PARTITIONS = 8
ORDERS = 100_000
PLANTED = 1_000
KIBIBYTES = 1024

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1500)]


async def test_a_thousand_differences_among_a_hundred_thousand_clean_orders(tmp_path: Path) -> None:
    log, noise = CapturedLog(PARTITIONS), random.Random(3)
    for number in range(1, ORDERS + 1):
        for entry in order_entries(number, number % PARTITIONS, noise):
            log.append(ACCOUNTING_ENTRIES, number % PARTITIONS, entry.order_key.encode(), encode_entry(entry))
    installation = Installation(log, tmp_path / "ledger.sqlite")
    await installation.book(batch_entries=2_000)
    comparer = Comparer(installation)
    first = await _timed(comparer, "first comparison, from the start of the stream")
    assert first == {}
    assert await _timed(comparer, "a comparison of a clean ledger") == {}
    with unlocked_file(installation.ledger) as books:
        planted = {one.entry_id: one.kind for one in plant_all(books, PLANTED, seed=7)}
    found = await _timed(comparer, f"a comparison that finds {PLANTED}")
    comparer.close()
    assert found == planted
    assert len(planted) == PLANTED


async def _timed(comparer: Comparer, what: str) -> dict[str, str]:
    started, used = time.monotonic(), time.process_time()
    found = await comparer.compare()
    spent, took = time.process_time() - used, time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIBIBYTES
    counts = dict(Counter(one.kind.value for one in found.found.differences))
    logging.getLogger(__name__).warning(
        "%s: %d entries, %.1f s CPU (%.1f s), peak %d MB, %s", what, found.entries, spent, took, peak, counts
    )
    return {one.entry_id: one.kind for one in found.found.differences}
