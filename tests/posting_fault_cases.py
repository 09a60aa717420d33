"""What the posting state machine must do when a ledger fails: on SQLite in the gate, on PostgreSQL with the integration tests."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

from sinks.external.capabilities import BatchAnswers, CallLimits, Repeat
from sinks.external.documents import LedgerDocument
from sinks.external.results import Refusal, Refused
from sinks.posting.clock import SECOND
from tests.posting_faults import FaultCounts, FaultRun, KillPlan, post_all
from tests.posting_store_cases import document
from tests.scripted_ledger import FAULTS, ScriptedLedger, able

KILLS_PER_TEN_THOUSAND = 20
LOOK_UP_FAULTS: Mapping[str, int] = {"busy": 8, "lost": 4, "throttled": 4}


def documents(count: int, *, per_group: int = 3) -> list[LedgerDocument]:
    """Journals of orders: each order's in their order, every second one needs the one before."""
    made = []
    for number in range(count):
        group, sequence = divmod(number, per_group)
        needs = (f"d{number - 1}",) if sequence % 2 == 1 else ()
        made.append(document(f"d{number}", group=f"order-{group}", sequence=sequence, needs=needs))
    return made


async def ran(url: str, ledger: ScriptedLedger, count: int, *, kills: bool = True, **words: Any) -> FaultCounts:
    """A run of so many documents against the scripted ledger."""
    plan = KillPlan(per_ten_thousand=KILLS_PER_TEN_THOUSAND if kills else 0, random=Random(ledger.seed))
    return await post_all(
        FaultRun(url=url, make=ledger.connector, held=ledger.held, documents=documents(count), seed=ledger.seed, kills=plan, **words)
    )


class FaultCases:
    """One behaviour each; a subclass has the fixture `url` of an empty database, and says how many documents a run has."""

    documents_max = 900
    deaths_every = 1
    """Only each so many awaits is one to die at: where a database takes long to open."""

    async def test_with_look_up_nothing_is_lost_nothing_doubled(self, url: str) -> None:
        ledger = ScriptedLedger(able=able(), seed=1, percent=FAULTS, find_percent=LOOK_UP_FAULTS)
        counts = await ran(url, ledger, self.documents_max)
        assert counts.kills > 2
        assert ledger.faults["drop_after"] > self.documents_max // 40
        assert (counts.lost, counts.doubled, counts.unknown, counts.early) == (0, 0, 0, 0)
        assert counts.posted == self.documents_max
        assert 0 <= counts.worst_share < 0.1

    async def test_with_batches_of_single_answers(self, url: str) -> None:
        ledger = ScriptedLedger(able=able(batch=7), seed=2, percent={**FAULTS, "partly": 10}, find_percent=LOOK_UP_FAULTS)
        counts = await ran(url, ledger, self.documents_max)
        assert (counts.lost, counts.doubled, counts.unknown, counts.posted) == (0, 0, 0, self.documents_max)
        assert counts.posts < self.documents_max // 2

    async def test_with_batches_that_fail_together(self, url: str) -> None:
        bad = {f"d{number}" for number in range(0, self.documents_max, 50)}

        def refuse(one: LedgerDocument) -> Refused | None:
            return Refused(refusal=Refusal.INVALID, code="2170", message="bad enum") if one.reference in bad else None

        ledger = ScriptedLedger(
            able=able(batch=16, answers=BatchAnswers.TOGETHER), seed=3, percent=FAULTS, find_percent=LOOK_UP_FAULTS, refuse=refuse
        )
        counts = await ran(url, ledger, self.documents_max)
        assert (counts.doubled, counts.unknown) == (0, 0)
        assert counts.parked == {"invalid": len(bad)}
        first_of_order = sum(number % 3 == 0 for number in range(0, self.documents_max, 50))
        held_back = 2 * first_of_order  # the second needs the first, the third waits behind the second
        assert counts.posted == self.documents_max - len(bad) - held_back
        assert counts.lost == held_back

    async def test_without_look_up_what_is_uncertain_is_parked(self, url: str) -> None:
        ledger = ScriptedLedger(able=able(findable=False), seed=4, percent=FAULTS)
        counts = await ran(url, ledger, self.documents_max)
        assert (counts.doubled, counts.unknown) == (0, 0)
        assert set(counts.parked) == {"uncertain"}
        assert counts.parked["uncertain"] >= ledger.faults["drop_after"]
        assert counts.finds == 0

    async def test_without_look_up_a_repeated_key_answers_the_first(self, url: str) -> None:
        able_to = able(findable=False, repeat=Repeat.ANSWERS_FIRST, repeat_seconds=86_400)
        ledger = ScriptedLedger(able=able_to, seed=5, percent=FAULTS)
        counts = await ran(url, ledger, self.documents_max)
        assert (counts.lost, counts.doubled, counts.unknown, counts.posted) == (0, 0, 0, self.documents_max)

    async def test_a_window_that_is_not_documented_is_not_relied_on(self, url: str) -> None:
        ledger = ScriptedLedger(able=able(findable=False, repeat=Repeat.ANSWERS_FIRST), seed=6, percent=FAULTS)
        counts = await ran(url, ledger, self.documents_max // 3)
        assert counts.doubled == 0
        assert set(counts.parked) == {"uncertain"}

    async def test_a_window_that_has_passed_is_not_relied_on(self, url: str) -> None:
        able_to = able(findable=False, repeat=Repeat.ANSWERS_FIRST, repeat_seconds=60)
        ledger = ScriptedLedger(able=able_to, seed=7, percent={"drop_after": 30, "busy": 30, "throttled": 30})
        counts = await ran(url, ledger, self.documents_max // 3)
        assert (counts.doubled, counts.unknown) == (0, 0)
        assert set(counts.parked) == {"uncertain"}

    async def test_the_quota_is_never_exceeded_over_restarts(self, url: str) -> None:
        ledger = ScriptedLedger(able=able(), seed=8, percent=FAULTS, find_percent=LOOK_UP_FAULTS)
        limits = CallLimits(per_second=2, per_minute=20, per_day=200)
        counts = await ran(url, ledger, self.documents_max, limits=limits)
        assert counts.posted == self.documents_max
        assert counts.hours > 24 * (self.documents_max // 200 - 1)
        assert counts.log.most_within(SECOND) <= 2
        assert counts.log.most_within(60 * SECOND) <= 20
        assert counts.log.most_in_a_day() <= 200

    async def test_a_death_at_any_await_loses_and_doubles_nothing(self, url: str) -> None:
        await self._death_at_each(url, able(), {"r": "POSTED"})

    async def test_a_death_at_any_await_doubles_nothing_where_nobody_can_tell(self, url: str) -> None:
        await self._death_at_each(url, able(findable=False), {"r": "POSTED", "uncertain": "PARKED"})

    def test_connections_share_a_database_at_once(self, url: str) -> None:
        """Also its making: all of them find none."""
        ledgers = [ScriptedLedger(able=able(), seed=number, percent=FAULTS) for number in range(4)]
        with ThreadPoolExecutor(len(ledgers)) as threads:
            runs = [
                threads.submit(asyncio.run, ran(url, ledger, 60, kills=False, connection=f"books-{number}"))
                for number, ledger in enumerate(ledgers)
            ]
        for run in runs:
            counts = run.result()
            assert (counts.lost, counts.doubled, counts.unknown, counts.posted) == (0, 0, 0, 60)

    async def _death_at_each(self, url: str, able_to: Any, allowed: Mapping[str, str]) -> None:
        number = 1 - self.deaths_every
        while True:
            number += self.deaths_every
            ledger = ScriptedLedger(able=able_to, once=["", "drop_after", "busy"])
            run = FaultRun(
                url=url,
                connection=f"books-{number}",
                make=ledger.connector,
                held=ledger.held,
                documents=documents(4),
                kills=KillPlan(at=frozenset({number})),
            )
            counts = await post_all(run)
            assert (counts.doubled, counts.unknown) == (0, 0), f"died at await {number}"
            assert set(counts.parked) <= set(allowed), f"died at await {number}"
            if "uncertain" not in allowed:
                assert (counts.lost, counts.posted) == (0, 4), f"died at await {number}"
            if counts.kills == 0:
                assert number > 40
                return
