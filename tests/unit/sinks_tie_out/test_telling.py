"""Each discrepancy is raised once and resolved once, whatever was told before and by whom; what they say can be written and read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from asiento.accounting.identity import discrepancy_id
from schemas.discrepancies import decode_discrepancy, encode_discrepancy
from schemas.wording.messages import discrepancy_message
from sinks.entry_stream import Record
from sinks.ledger import StreamIdentity
from sinks.posting.rows import RaisedDiscrepancy
from sinks.tie_out.ageing import Overdue, StandingBalance
from sinks.tie_out.comparison import Difference, DifferenceKind
from sinks.tie_out.raising import is_ours, of_differences, of_overdue, of_ranges
from sinks.tie_out.telling import NotTold, Telling, Wanted

TOPIC = "accounting.discrepancies.v1"
PARTITIONS = 3
AT = 1_750_000_000_000_000
ENTRY = "00000000-0000-4000-8000-00000000000{}"


@dataclass
class Topic:
    """A topic in memory. Satisfies `DiscrepancyLog` and `DiscrepancyWriter`."""

    records: list[Record] = field(default_factory=list)
    topic_id: str = "A"
    fenced: bool = False
    transactions: int = 0

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        return StreamIdentity(cluster_id="c", topic=topic, topic_id=self.topic_id), tuple(range(PARTITIONS))

    async def starts(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, 0)

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        return {number: sum(record.partition == number for record in self.records) for number in partitions}

    async def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        yield [one for one in self.records if starts.get(one.partition, 10**9) <= one.offset < ends[one.partition]]

    @asynccontextmanager
    async def writing(self, topic: str) -> AsyncIterator["Topic"]:
        yield self

    async def write(self, raised: Sequence[RaisedDiscrepancy]) -> None:
        if self.fenced:
            raise NotTold("fenced")
        self.transactions += 1
        for one in raised:
            offset = sum(record.partition == one.partition for record in self.records)
            self.records.append(Record(one.partition, offset, 0, one.value.order_key.encode(), encode_discrepancy(one.value)))

    @property
    def said(self) -> list[tuple[str, str]]:
        """(entry, state) in order."""
        return [(value.entry_id or "", value.state) for value in (decode_discrepancy(record.value) for record in self.records)]


def difference(number: int, **changed: object) -> Difference:
    """An entry that differs."""
    made = Difference(
        kind=DifferenceKind.ALTERED,
        entry_id=ENTRY.format(number),
        order_key=f"t1:shopify:mx:{number}",
        event_id=ENTRY.format(9),
        partition=number % PARTITIONS,
        offset=7,
        currency="MXN",
        changed="amount of psp_clearing:stripe 101 instead of 100",
        account="psp_clearing:stripe",
        expected=100,
        actual=101,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def wanted(*numbers: int, final: bool = True) -> Wanted:
    """What a comparison wants to stand, `numbers` being the entries that differ."""
    return Wanted(raised=of_differences([difference(number) for number in numbers], PARTITIONS, AT), final=final)


async def told(topic: Topic, telling: Telling, what: Wanted) -> tuple[int, int]:
    """One round of telling."""
    assert await telling.partitions(topic) == PARTITIONS
    return await telling.tell(topic, what)


async def test_raised_once_and_resolved_once() -> None:
    topic, telling = Topic(), Telling(TOPIC)
    assert await told(topic, telling, wanted(1, 2)) == (2, 0)
    assert await told(topic, telling, wanted(1, 2)) == (0, 0)
    assert await told(topic, telling, wanted(2)) == (0, 1)
    assert await told(topic, telling, wanted()) == (0, 1)
    assert await told(topic, telling, wanted(1)) == (1, 0)
    first, second = ENTRY.format(1), ENTRY.format(2)
    assert topic.said == [(first, "OPEN"), (second, "OPEN"), (first, "RESOLVED"), (second, "RESOLVED"), (first, "OPEN")]
    assert topic.transactions == 4


async def test_a_process_that_starts_knows_what_was_told_before_it() -> None:
    topic = Topic()
    await told(topic, Telling(TOPIC), wanted(1, 2))
    assert await told(topic, Telling(TOPIC), wanted(2, 3)) == (1, 1)
    assert topic.said[-2:] == [(ENTRY.format(3), "OPEN"), (ENTRY.format(1), "RESOLVED")]


async def test_what_another_process_has_told_meanwhile_is_not_told_again() -> None:
    topic, one, other = Topic(), Telling(TOPIC), Telling(TOPIC)
    for telling in (one, other):
        await telling.partitions(topic)
    assert await one.tell(topic, wanted(1)) == (1, 0)
    assert await other.tell(topic, wanted(1)) == (0, 0)
    assert topic.transactions == 1


async def test_what_was_not_taken_is_told_by_the_next_round() -> None:
    topic, telling = Topic(fenced=True), Telling(TOPIC)
    with pytest.raises(NotTold):
        await told(topic, telling, wanted(1))
    topic.fenced = False
    assert await told(topic, telling, wanted(1)) == (1, 0)


async def test_nothing_is_called_over_while_not_all_are_named() -> None:
    topic, telling = Topic(), Telling(TOPIC)
    await told(topic, telling, wanted(1))
    assert await told(topic, telling, wanted(2, final=False)) == (1, 0)
    assert await told(topic, telling, wanted(2)) == (0, 1)


async def test_a_topic_that_was_made_again_is_read_from_its_start() -> None:
    topic, telling = Topic(), Telling(TOPIC)
    await told(topic, telling, wanted(1))
    topic.records, topic.topic_id = [], "B"
    assert await told(topic, telling, wanted(1)) == (1, 0)


async def test_what_others_have_raised_is_left_alone() -> None:
    topic = Topic()
    (ours,) = of_differences([difference(1)], PARTITIONS, AT)
    for parameters in ((("ledger", "books"), ("reason", "missing")), (("ledger", "ledger"), ("reason", "unexplained"))):
        value = replace(ours.value, discrepancy_id=discrepancy_id("D18", str(parameters)), parameters=parameters)
        assert not is_ours(value)
        await topic.write([RaisedDiscrepancy(partition=0, value=value)])
    topic.records.append(Record(0, 2, 0, b"k", b"nothing of ours"))
    assert await told(topic, Telling(TOPIC), wanted()) == (0, 0)


def test_ids_are_those_of_the_specification() -> None:
    (raised,) = of_differences([difference(1)], PARTITIONS, AT)
    assert raised.value.discrepancy_id == discrepancy_id("D18", ENTRY.format(1))
    assert (raised.value.code, raised.value.severity, raised.partition, raised.value.raised_at) == ("D18", "critical", 1, AT)


@pytest.mark.parametrize(("kind", "says"), [(kind, kind.value) for kind in DifferenceKind])
def test_each_kind_has_words_of_its_own_in_both_languages(kind: DifferenceKind, says: str) -> None:
    (raised,) = of_differences([difference(1, kind=kind)], PARTITIONS, AT)
    assert is_ours(raised.value)
    english, spanish = (discrepancy_message(raised.value, language) for language in ("en", "es"))
    assert "asiento verify" in english.text
    assert "MXN" in english.happened
    assert english.happened != spanish.happened
    assert dict(raised.value.parameters)["reason"] == says


def test_rows_that_hold_anything_can_be_told() -> None:
    broken = difference(
        1, kind=DifferenceKind.FOREIGN, entry_id="x\0y", order_key="\n", event_id=None, currency="euro", account="a\tb", actual=2**70
    )
    (raised,) = of_differences([broken], PARTITIONS, AT)
    again = decode_discrepancy(encode_discrepancy(raised.value))
    assert (again.order_key, again.entry_id, again.event_id, again.currency, again.actual) == ("ledger:ledger", None, None, None, None)
    assert 0 <= raised.partition < PARTITIONS
    assert discrepancy_message(again, "en").happened


def test_ranges_and_balances_have_ids_and_words() -> None:
    standing = StandingBalance(legal_entity="MX01", account="suspense:unknown_order", currency="MXN", balance=-5, oldest_day="2025-06-01")
    overdue = [Overdue(standing=standing, reason=reason, days=3, days_max=0) for reason in ("too_old", "wrong_sign")]
    raised = [*of_ranges([(2, 3)], AT), *of_overdue(overdue, PARTITIONS, AT)]
    assert [one.value.code for one in raised] == ["D18", "D30", "D30"]
    assert raised[1].value.discrepancy_id == raised[2].value.discrepancy_id
    assert [one.value.severity for one in raised] == ["critical", "medium", "medium"]
    said = [discrepancy_message(decode_discrepancy(encode_discrepancy(one.value)), "en").happened for one in raised]
    assert "offsets 6144 to 8191" in said[0]
    assert "holds -0.05 MXN; its oldest part came on 2025-06-01" in said[1]
    assert "on the side where it should never stand" in said[2]
