"""What must hold when a world has come to rest: books, offsets, states, chain, acks and counters, against independent sources."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from aiokafka.structs import TopicPartition

from asiento.accounting.decide import decide
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime.settings import Settings
from schemas.acceptance import accept_record
from schemas.entries import content_hash
from schemas.order_state import encode_state
from schemas.refusal import Refusal
from schemas.topics import ACCOUNTING_ACTIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS, changelog_name
from sinks.projector.topics import PROJECTED
from tests.acceptance import agreement
from tests.acceptance.agreement import Books, Picture
from tests.acceptance.database_facts import ledger_facts, operational_facts, unpublished_acks
from tests.acceptance.topic_facts import TopicFacts, decoded
from tests.integration.order_stream import Fetched
from tests.oracle.books import close_books
from tests.simulation.broker import Committed

if TYPE_CHECKING:
    from tests.simulation.world import World


def events_of(settings: Settings) -> str:
    """The topic of order events."""
    return settings.topic(ORDERS_EVENTS)


def changelog_of(settings: Settings) -> str:
    """The topic of order states."""
    return settings.topic(changelog_name(settings.app_id))


# -- whether it has come to rest --------------------------------------------------------------------------------------------


def unfinished(world: "World") -> str:
    """What is still to do, or nothing."""
    settings, broker = world.settings, world.broker
    for number in range(world.partitions):
        tp = TopicPartition(events_of(settings), number)
        if broker.offsets.get((settings.orders_id, tp), Committed(0)).offset != len(broker.log(tp).records):
            return f"events of partition {number}"
    if any(one.state != "empty" for one in broker.transactions.values()):
        return "transactions"
    try:
        return _unbooked(world) or _unprojected(world)
    except sqlite3.Error as error:
        return f"a database: {error}"


def _unbooked(world: "World") -> str:
    path = world.settings.data_dir / "ledger.sqlite"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        booked = dict(connection.execute("SELECT partition, next_offset FROM source_offset").fetchall())
    for number in range(world.partitions):
        if booked.get(number, 0) != world.broker.log(TopicPartition(ACCOUNTING_ENTRIES, number)).stable_end:
            return f"entries of partition {number}"
    return "acks" if unpublished_acks(path) else ""


def _unprojected(world: "World") -> str:
    path = world.settings.data_dir / "operational.sqlite"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        reached = {row[:2]: row[2] for row in connection.execute("SELECT topic, partition, next_offset FROM source_offset")}
    for topic in PROJECTED:
        for number in range(world.partitions):
            if reached.get((topic, number), 0) != world.broker.log(TopicPartition(topic, number)).stable_end:
                return f"{topic} of partition {number} in the operational database"
    return ""


# -- whether it is right ------------------------------------------------------------------------------------------------------


def findings(world: "World") -> list[str]:
    """Everything that is wrong; the checks of the acceptance tests, and what only a simulated world can see."""
    try:
        picture = _picture(world)
        found = [f"{name}: {line}" for name, lines in agreement.findings(picture).items() for line in lines]
        found += [f"{check.__name__}: {line}" for check in _OWN for line in check(world, picture)]
    except Exception as error:  # noqa: BLE001 - what cannot even be read is a finding, too
        return [f"the outcome cannot be checked: {error!r}"]
    finally:
        decoded.cache_clear()  # it would keep the records of every world
    return found


def _picture(world: "World") -> Picture:
    facts = _topic_facts(world)
    return Picture(
        topics=facts,
        ledger=ledger_facts(world.settings.data_dir / "ledger.sqlite"),
        operational=operational_facts(world.settings.operational_location, ""),
        books=_books(facts),
    )


def _topic_facts(world: "World") -> TopicFacts:
    records: dict[str, list[Fetched]] = {}
    ends: dict[tuple[str, int], int] = {}
    for topic in (*PROJECTED, ACCOUNTING_ACTIONS):
        logs = [world.broker.log(TopicPartition(topic, number)) for number in range(world.partitions)]
        records[topic] = [
            Fetched(number, record.offset, record.key, record.value) for number, log in enumerate(logs) for record in log.committed()
        ]
        ends |= {(topic, number): log.stable_end for number, log in enumerate(logs)}
    refused = {
        (one.partition, one.offset)
        for one in records[ORDERS_EVENTS]
        if (one.partition, one.key or None, one.value or None) in world.mail.refused
    }
    return TopicFacts(records, ends, refused)


def _books(topics: TopicFacts) -> Books:
    told = list(topics.events())
    orders = close_books(enumerate(event for _, event in told))
    return Books(
        verdicts={
            told[int(number)][0]: (said[0], said[1] if len(said) > 1 else None)
            for order in orders
            for number, said in order["outcomes"].items()
        },
        entries={(order["order_key"], number): entry for order in orders for number, entry in enumerate(order["entries"], 1)},
        discrepancies={(code, event_id) for order in orders for code, event_id in order["discrepancies"]},
    )


def the_core_says_the_same(world: "World", picture: Picture) -> Iterator[str]:
    """Ledger and changelog are the fold of the events topic by the core alone, in the order of the log, to the last byte."""
    hashes: dict[str, str] = {}
    states: dict[bytes, OrderState] = {}
    for record in picture.topics.records[ORDERS_EVENTS]:
        event = accept_record(key=record.key, value=record.value, partition=record.partition, partition_count=world.partitions)
        if isinstance(event, Refusal):
            continue
        key = event.order_key.encode()
        decision = decide(event, states.get(key), DEFAULT_POLICIES)
        if decision.state is not None:
            states[key] = decision.state
        hashes |= {entry.entry_id: content_hash(entry) for entry in decision.entries}
    yield from _differences("entry", hashes, picture.ledger.hashes)
    kept: dict[bytes | None, bytes | None] = {}
    for number in range(world.partitions):
        for state in world.broker.log(TopicPartition(changelog_of(world.settings), number)).committed():
            kept[state.key] = state.value
    yield from _differences("state", {key: encode_state(state) for key, state in states.items()}, kept)


def nothing_is_there_twice(world: "World", picture: Picture) -> Iterator[str]:
    """Every entry stands on its topic once; acks of one entry all say the same."""
    del world
    times = Counter(entry["entry_id"] for _, entry in picture.topics.values(ACCOUNTING_ENTRIES))
    yield from (f"entry {entry_id} stands on the topic {count} times" for entry_id, count in times.items() if count > 1)
    acks: dict[tuple[str, str], bytes | None] = {}
    for record, ack in picture.topics.values("accounting.acks.v1"):
        if acks.setdefault((ack["entry_id"], ack["status"]), record.value) != record.value:
            yield f"the acks of entry {ack['entry_id']} contradict each other"


def the_ledger_balances(world: "World", picture: Picture) -> Iterator[str]:
    """Debits and credits of each entry are equal."""
    del world
    for entry_id, legs in picture.ledger.postings.items():
        if sum(leg.amount if leg.side == "DEBIT" else -leg.amount for leg in legs):
            yield f"entry {entry_id} does not balance"


def counters_do_not_exceed_the_truth(world: "World", picture: Picture) -> Iterator[str]:
    """A death may lose a count, nothing may make one too many."""
    topics, ledger = picture.topics, picture.ledger
    judged = Counter(one["outcome"] for _, batch in topics.values("accounting.decisions.v1") for one in batch["outcomes"])
    consumed: Counter[str] = Counter()
    booked = 0
    for name, metrics in world.metrics:
        for family in metrics.registry.collect():
            for sample in family.samples:
                if name == "worker" and sample.name == "asiento_records_consumed_total":
                    consumed[sample.labels["outcome"]] += round(sample.value)
                if name == "sink" and sample.name == "asiento_entries_booked_total" and sample.labels["result"] == "booked":
                    booked += round(sample.value)
    for outcome, count in consumed.items():
        if count > judged[outcome]:
            yield f"{count} records counted as {outcome}, there are {judged[outcome]}"
    if booked > len(ledger.hashes):
        yield f"{booked} entries counted as booked, there are {len(ledger.hashes)}"


_OWN = (the_core_says_the_same, nothing_is_there_twice, the_ledger_balances, counters_do_not_exceed_the_truth)


def _differences(what: str, right: dict[Any, Any], found: dict[Any, Any]) -> Iterator[str]:
    wrong = [key for key in {**right, **found} if right.get(key) != found.get(key)]
    if wrong:
        missing, alien = len(right.keys() - found.keys()), len(found.keys() - right.keys())
        yield f"{what} {wrong[0]!r}: {len(wrong)} differ, {missing} missing, {alien} of nowhere"
