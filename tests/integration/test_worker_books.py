"""The order worker end to end: what it writes equals a fold of its input by the core alone, entry by entry, offset by offset."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.order_stream import OrderStream


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with its topics."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield installation
    installation.close()


def test_books_equal_a_fold_of_the_events(stream: OrderStream) -> None:
    """A small day: a fresh group starts at the earliest offset, every record has one outcome, SIGTERM drains and exits 0."""
    records = stream.send_day(seed=1, orders=60)
    worker = stream.start_worker().wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    expected = stream.check_books()
    outcomes = Counter(expected.outcomes.values())
    assert sum(outcomes.values()) == records
    assert outcomes["dead_letter"] >= 1
    assert outcomes["duplicate"] >= 1
    assert len(expected.entry_hashes) > 100


@pytest.mark.parametrize("step", ["before_begin", "after_begin", "after_produce", "after_offsets", "after_commit", "after_apply"])
def test_killed_at_each_step_of_a_commit(stream: OrderStream, step: str) -> None:
    """kill -9 at a named step, then a restart as the same static member: nothing lost, nothing twice."""
    stream.send_day(seed=2, orders=30)
    dying = stream.start_worker(instance_id="w1", unsafe=f"crash:{step}:2", merged_records_max=20)
    assert dying.wait_exit() == -9
    assert stream.lag() > 0
    worker = stream.start_worker(instance_id="w1").wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    stream.check_books()
