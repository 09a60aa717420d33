"""What the lost ledger acknowledged after the backup is pending for the restored one, not lost."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.topics import ORDERS_EVENTS
from sinks.backup.proof import prove
from sinks.backup.restore import restore
from sinks.backup.take import take_backup
from sinks.ledger import StreamIdentity
from sinks.stream_identity import StreamUnknown
from sinks.verify.run import verify_log
from tests.unit.sinks_backup.taking import ORDERS_GROUP, backup_plan, plan_into
from tests.unit.sinks_verify.capture import Books, CapturedLog, Installation, install, order_entries


@dataclass
class _Log(CapturedLog):
    """With groups, and only the topics that it has."""

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        if topic not in self.records:
            raise StreamUnknown(topic)
        return await super().identity(topic)

    async def group_positions(self, group: str) -> Mapping[str, Mapping[int, int]]:
        return {ORDERS_EVENTS: dict(self.commits)} if group == ORDERS_GROUP else {}


async def _go_on(installation: Installation, orders: range) -> None:
    """More orders, booked and acknowledged."""
    log = installation.log
    books, noise = Books(log), random.Random(orders.start)
    books._first.update(enumerate(log.ends_of[ORDERS_EVENTS]))
    for number in orders:
        books.write(number % log.partitions, order_entries(number, number % log.partitions, noise))
    for partition in range(log.partitions):
        books.decide(partition)
    await installation.book()
    await installation.publish()


async def test_acks_of_the_lost_ledger_are_no_tail_cut(tmp_path: Path) -> None:
    made = await install(tmp_path, orders=60, conflicts=0)
    log = _Log(made.log.partitions)
    log.records, log.ends_of, log.commits = made.log.records, made.log.ends_of, made.log.commits
    installation = Installation(log, made.ledger)
    plan = backup_plan(made.ledger, f"sqlite:///{tmp_path}/none.sqlite", archive=True)
    manifest = await take_backup(log, plan, tmp_path / "backup")
    await _go_on(installation, range(1_000, 1_020))
    restored = plan_into(tmp_path / "backup", tmp_path / "data")
    await restore(restored)
    proof = await prove(restored, manifest, log, lambda name: name, ORDERS_GROUP)
    assert proof.problems == []
    assert proof.broker is not None
    assert proof.broker.pending == 40
    assert proof.broker.acks > 100
    assert proof.archive is not None
    assert proof.archive.pending == 0
    bare = await verify_log(log, lambda name: name, f"sqlite:///{restored.ledger}")
    assert bare.problems.counts["tail_cut"] == 40
    again = Installation(log, restored.ledger)
    await again.book()
    await again.publish()
    assert (await again.verify()).clean
