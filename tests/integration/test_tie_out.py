"""The continuous tie-out on a real broker and a real ledger: planted in a running system, told within a minute, resolved when mended."""

import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from asiento.accounting.decision import Discrepancy
from asiento.runtime.ports import free_ports
from schemas.discrepancies import decode_discrepancy
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES
from tests.integration.ledger_sink import DEADLINE_SECONDS, POLL_SECONDS, LedgerSink, emit, make_topics
from tests.unit.sinks.journal import capture, invoice
from tests.unit.sinks_tie_out.planting import Planted, plant, restore, unlocked_file

PARTITIONS = 3
ORDERS = 30
KILLS = 4


class TieOut(LedgerSink):
    """`asiento tie-out run` as a process."""

    def __init__(self, directory: Path, kafka: str, prefix: str) -> None:
        self.port = free_ports(1)[0]
        super().__init__(directory, kafka, prefix, tie_out_interval_seconds="1", metrics_port=str(self.port))
        self.kafka = kafka
        self.discrepancies = f"{prefix}{ACCOUNTING_DISCREPANCIES}"
        self.log = directory / "tie-out.log"

    def start(self) -> None:
        """Start the process; does not wait."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "asiento.cli.main", "tie-out", "run"]
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def once(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """One comparison as a command."""
        command = [sys.executable, "-m", "asiento.cli.main", "tie-out", "run", "--once", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    def page(self, name: str) -> str:
        """A page of the process; empty while it does not answer, a refusal included."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}/{name}", timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.read().decode()
        except OSError:
            return ""

    async def until(self, holds: Callable[[], bool]) -> None:
        """Poll until it holds; fails when the process dies or the minute is over."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not await asyncio.to_thread(holds):
            assert self.running, self.log.read_text()
            assert time.monotonic() < deadline, self.page("metrics") + self.log.read_text()
            await asyncio.sleep(POLL_SECONDS)

    async def told(self) -> list[Discrepancy]:
        """The discrepancies on the topic, those of a partition in order."""
        assigned = [TopicPartition(self.discrepancies, number) for number in range(PARTITIONS)]
        found: list[Discrepancy] = []
        async with AIOKafkaConsumer(
            bootstrap_servers=self.kafka, isolation_level="read_committed", auto_offset_reset="earliest"
        ) as consumer:
            consumer.assign(assigned)
            ends = await consumer.end_offsets(assigned)
            while [partition for partition in assigned if await consumer.position(partition) < ends[partition]]:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [decode_discrepancy(record.value) for record in records]
        return found

    async def until_told(self, wanted: Counter[tuple[str, str]]) -> None:
        """Wait until exactly this is on the topic: (entry, state) -> how often."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (found := Counter((one.entry_id or "", one.state) for one in await self.told())) != wanted:
            assert self.running, self.log.read_text()
            assert time.monotonic() < deadline, f"{found} instead of {wanted}\n{self.log.read_text()}"
            await asyncio.sleep(POLL_SECONDS)


@pytest.fixture
async def tie_out(tmp_path: Path, kafka: str, topic_prefix: str) -> AsyncIterator[TieOut]:
    """A ledger that has booked 60 entries, and its tie-out, not started."""
    names = [f"{topic_prefix}{name}" for name in (ACCOUNTING_ENTRIES, ACCOUNTING_ACKS, ACCOUNTING_DISCREPANCIES)]
    await make_topics(kafka, names, PARTITIONS)
    placed = [(number % PARTITIONS, make(number)) for number in range(1, ORDERS + 1) for make in (capture, invoice)]
    await emit(kafka, names[0], placed)
    sink, tie_out = LedgerSink(tmp_path, kafka, topic_prefix), TieOut(tmp_path, kafka, topic_prefix)
    sink.start()
    try:
        await sink.wait_booked(ORDERS * 2)
        sink.terminate()
        yield tie_out
    finally:
        sink.close()
        tie_out.close()


async def test_planted_in_a_running_system_it_is_told_within_a_minute_and_resolved_when_mended(tie_out: TieOut) -> None:
    tie_out.start()
    await tie_out.until(lambda: 'asiento_tie_out_entries{ledger="ledger"} 60.0' in tie_out.page("metrics"))
    assert json.loads(tie_out.page("readyz"))["ok"]
    assert 'asiento_tie_out_differences{difference="missing",ledger="ledger"} 0.0' in tie_out.page("metrics")
    with unlocked_file(tie_out.ledger) as books:
        planted = [plant(books, entry_no, what) for entry_no, what in ((7, "row"), (20, "double"), (33, "amount_balanced"))]
        wanted = Counter((one.entry_id, "OPEN") for one in planted)
        await tie_out.until_told(wanted)
        page = tie_out.page("metrics")
        for kind in ("missing", "doubled", "altered"):
            assert f'asiento_tie_out_differences{{difference="{kind}",ledger="ledger"}} 1.0' in page
        found = tie_out.once("--json", "--dry-run")
        assert found.returncode == 1
        values = json.loads(found.stdout)
        assert values["differences"] == {"missing": 1, "foreign": 0, "doubled": 1, "altered": 1}
        assert {one["entry_id"] for one in values["entries_that_differ"]} == {one.entry_id for one in planted}
        restore(books, planted[1])
        wanted[planted[1].entry_id, "RESOLVED"] += 1
        await tie_out.until_told(wanted)
    assert 'asiento_tie_out_differences{difference="doubled",ledger="ledger"} 0.0' in tie_out.page("metrics")
    assert tie_out.terminate() == 0


async def test_killed_at_any_instant_it_tells_everything_once(tie_out: TieOut) -> None:
    """Also by two at once: the second is the command, which tells, too."""
    chance = random.Random(11)
    planted: list[Planted] = []
    with unlocked_file(tie_out.ledger) as books:
        for number in range(KILLS):
            planted.append(plant(books, 5 + number * 7, "amount_unbalanced"))
            tie_out.start()
            until = time.monotonic() + chance.uniform(0.8, 3.0)
            while time.monotonic() < until and tie_out.running:
                await asyncio.sleep(POLL_SECONDS)
            tie_out.kill()
        tie_out.start()
        assert tie_out.once().returncode == 1
        await tie_out.until_told(Counter((one.entry_id, "OPEN") for one in planted))


async def test_what_is_away_is_waited_for_and_shown(tie_out: TieOut) -> None:
    hidden = tie_out.ledger.with_suffix(".hidden")
    tie_out.ledger.rename(hidden)
    tie_out.start()
    await tie_out.until(lambda: "no ledger there yet" in tie_out.page("readyz"))
    hidden.rename(tie_out.ledger)
    await tie_out.until(lambda: '"ok":true' in tie_out.page("readyz"))
    await tie_out.until(lambda: 'asiento_unbooked_entries{ledger="ledger"} 0.0' in tie_out.page("metrics"))
    assert await tie_out.told() == []
