"""kill -9 of workers and of the sink under load, at seeded instants and at every step of a commit: the books come out right."""

from pathlib import Path

import pytest

from asiento.runtime.local_kafka import LocalKafka
from streams.engine.faults import STEPS
from tests.acceptance.load import Load, trading_days
from tests.acceptance.nemesis import LOG, Nemesis
from tests.acceptance.order_pipeline import OrderPipeline


@pytest.mark.parametrize(
    ("kills", "seed", "static_members"),
    [
        pytest.param(4, 7, True, marks=pytest.mark.soak),
        pytest.param(20, 11, True, marks=[pytest.mark.soak, pytest.mark.timeout(1_800)]),
        pytest.param(20, 12, False, marks=[pytest.mark.soak, pytest.mark.timeout(1_800)]),
    ],
    ids=["short", "long-static", "long-dynamic"],
)
def test_killed_under_load_the_ledger_equals_simulate(
    local_kafka: LocalKafka, topic_prefix: str, tmp_path: Path, *, kills: int, seed: int, static_members: bool
) -> None:
    """Workers and sink are killed, a third worker joins and leaves, the broker is killed: nothing lost, nothing twice."""
    pipeline = OrderPipeline(local_kafka.bootstrap_servers, topic_prefix, tmp_path, sink_batch_entries_max="2")
    try:
        load = Load(pipeline.stream, trading_days(pipeline.stream, seed))
        nemesis = Nemesis(pipeline, local_kafka, load, seed, static_members=static_members)
        nemesis.start()
        nemesis.plan(worker_kills=kills, sink_kills=kills)
        nemesis.drain()
        simulated = pipeline.check_books()
        history = nemesis.history
        LOG.warning("seed %d: %s; %d records, %d entries", seed, history, simulated.outcomes.total(), len(simulated.entries))
        assert all(kill.behind for kill in history.worker_kills + history.sink_kills)
        assert len(history.sink_kills) == kills <= len(history.worker_kills)
        assert 4 * history.in_flight >= 3 * len(history.worker_kills)
        assert set(history.steps_behind) == set(STEPS)
    finally:
        pipeline.close()
