"""Workers and producers go on between any two questions of a backup: its archive still proves itself, whatever the order of the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES, ORDERS_EVENTS
from sinks.backup.proof import prove
from sinks.backup.restore import restore
from sinks.backup.take import take_backup
from tests.projected_log import ProjectedLog, book
from tests.projected_stream import CHUNK_RECORDS, STARTED_AT, projected_stream
from tests.unit.sinks_backup.taking import ORDERS_GROUP, backup_plan, plan_into

RECORDS_OF_A_DECISION = 2
"""The batch, and the marker of its transaction."""


@dataclass
class _Growing(ProjectedLog):
    """Every partition has so many whole chunks decided, and the events of one more; each answer about ends lets another one come."""

    chunks: int = 3

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        ends = {number: self._end(topic, number) for number in partitions}
        self.chunks += 1
        return ends

    async def group_positions(self, group: str) -> Mapping[str, Mapping[int, int]]:
        committed = {number: min(self.chunks * CHUNK_RECORDS, self.stream.end(ORDERS_EVENTS, number)) for number in self.partitions}
        return {ORDERS_EVENTS: committed} if group == ORDERS_GROUP else {}

    def _end(self, topic: str, number: int) -> int:
        whole = self.stream.end(topic, number)
        if topic == ORDERS_EVENTS:
            return min((self.chunks + 1) * CHUNK_RECORDS, whole)
        if topic == ACCOUNTING_DECISIONS:
            return min(self.chunks * RECORDS_OF_A_DECISION, whole)
        if topic not in (ACCOUNTING_ENTRIES, ACCOUNTING_DISCREPANCIES):
            return whole
        last = (STARTED_AT + 60_000_000 * self.chunks) // 1000
        return next((one.offset for one in self.stream.topics[topic].get(number, ()) if one.timestamp > last), whole)


@pytest.mark.parametrize("chunks", [0, 1, 2, 3, 5])
async def test_the_archive_of_growing_topics_proves_itself(tmp_path: Path, chunks: int) -> None:
    log = _Growing(projected_stream(seed=2, orders=40), chunks=chunks)
    await book(log, tmp_path / "ledger.sqlite", share=0.0)
    log.chunks = chunks
    manifest = await take_backup(
        log, backup_plan(tmp_path / "ledger.sqlite", f"sqlite:///{tmp_path}/none.sqlite", archive=True), tmp_path / "backup"
    )
    plan = plan_into(tmp_path / "backup", tmp_path / "data")
    await restore(plan)
    proof = await prove(plan, manifest, None, lambda name: name, ORDERS_GROUP)
    assert proof.problems == []
    assert proof.archive is not None
    assert proof.archive.consumed > 0
    assert proof.archive.lag > 0
