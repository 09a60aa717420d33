"""How long nobody works on a partition after kill -9 of its worker, which is started again at once: the figure of docs/delivery.md."""

import logging
import time

import pytest

from schemas.topics import ACCOUNTING_ENTRIES
from tests.acceptance.order_pipeline import OrderPipeline
from tests.integration.order_stream import Worker, wait_until

LOG = logging.getLogger("restart")

FIRST_ENTRY_SECONDS_MAX = 10.0
"""A dead dynamic member is waited for until its session (6 s) ends; the rest is Python, the frame and the recovery."""
QUIET_START_SECONDS = 4.0
"""Start of a worker until it is ready, where nobody else needs the processors; what it takes longer here, the restart may, too."""
BUSY_SHARE = 2.0


def partitions_of(worker: Worker) -> set[int]:
    """What a worker said that it was assigned last."""
    return set([line["partitions"] for line in worker.log() if line["event"] == "partitions_assigned"][-1])


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.soak), 2])
@pytest.mark.parametrize("static", [False, True], ids=["dynamic", "static"])
def test_first_new_entry_after_a_kill(pipeline: OrderPipeline, *, static: bool, workers: int) -> None:
    """Counted from the kill to a committed entry on each partition of the dead; events wait there all the time."""
    stream, topic = pipeline.stream, pipeline.stream.settings.topic(ACCOUNTING_ENTRIES)
    names = [f"w{number}" if static else None for number in range(workers)]
    running = [stream.start_worker(instance_id=name) for name in names]
    started_at = time.monotonic()
    wait_until(lambda: all(worker.logged("worker_ready") for worker in running), "all workers are ready")
    busy_seconds = max(time.monotonic() - started_at - QUIET_START_SECONDS * workers, 0.0)
    stream.send_day(seed=80, orders=40)
    stream.wait_drained()
    share = stream.partitions // workers
    wait_until(lambda: all(len(partitions_of(worker)) == share for worker in running), "each has its share")
    lost, before = partitions_of(running[0]), pipeline.ends(topic, "read_committed")

    def new_entries() -> bool:
        ends = pipeline.ends(topic, "read_committed")
        return all(ends[partition] > before[partition] for partition in lost)

    running[0].kill()
    killed_at = time.monotonic()
    stream.start_worker(instance_id=names[0])
    stream.send_day(seed=81, orders=40)
    wait_until(new_entries, "there are new entries on every partition of the dead")
    seconds = time.monotonic() - killed_at
    kind = "static" if static else "dynamic"
    LOG.warning("%s, %d worker(s): entries on its %d partitions %.1f s after kill -9 (%s)", kind, workers, len(lost), seconds, busy_seconds)
    assert seconds <= FIRST_ENTRY_SECONDS_MAX + BUSY_SHARE * busy_seconds
    stream.wait_drained()
