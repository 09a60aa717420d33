"""Whether decisions, ledger, operational database, topics and the oracle's books say the same. Every check answers what it found.

None of it goes through the program's own codecs, readers or folds; the books are those of tests/oracle.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from tests.acceptance.database_facts import LedgerFacts, OperationalFacts
from tests.acceptance.topic_facts import (
    ACKS,
    DEAD_LETTERS,
    DECISIONS,
    DISCREPANCIES,
    ENTRIES,
    EVENTS,
    Leg,
    Place,
    TopicFacts,
    Verdict,
)
from tests.oracle.books import close_books
from tests.oracle.figures import Event

FINDINGS_MAX = 5
"""Differences that one comparison names."""
ORACLES = 2
WATCHED = {"deferred", "rejected"}
SAID_WITH_CODE = {"conflict", "deferred", "rejected"}
"""Outcomes of which the oracle says why."""


@dataclass(slots=True)
class Books:
    """What the oracle makes of the events: the verdict by place, entries by order and number, discrepancies (code, event_id)."""

    verdicts: dict[Place, Verdict]
    entries: dict[tuple[str, int], dict[str, Any]]
    discrepancies: set[tuple[str, str]]


@dataclass(slots=True)
class Picture:
    """Everything, once nothing moves any more."""

    topics: TopicFacts
    ledger: LedgerFacts
    operational: OperationalFacts
    books: Books


Check = Callable[[Picture], Iterator[str]]


def books_of(topics: TopicFacts) -> Books:
    """Ask the oracle, a share of the orders in each of two processes."""
    lives: dict[str, list[tuple[int, Event]]] = defaultdict(list)
    places: list[Place] = []
    for place, event in topics.events():
        lives[f"{event['tenant']}:{event['source']}:{event['order_id']}"].append((len(places), event))
        places.append(place)
    shares = [[told for key in list(lives)[share::ORACLES] for told in lives[key]] for share in range(ORACLES)]
    with ProcessPoolExecutor(ORACLES, get_context("spawn")) as oracles:  # forked ones would inherit the threads of the clients
        orders = [order for told in oracles.map(close_books, shares) for order in told]
    verdicts = {
        places[int(number)]: (said[0], said[1] if len(said) > 1 else None) for order in orders for number, said in order["outcomes"].items()
    }
    return Books(
        verdicts=verdicts,
        entries={(order["order_key"], number): entry for order in orders for number, entry in enumerate(order["entries"], 1)},
        discrepancies={(code, event_id) for order in orders for code, event_id in order["discrepancies"]},
    )


def findings(picture: Picture) -> dict[str, list[str]]:
    """Check -> what it found; the empty dictionary where all agree."""
    found = {check.__name__: list(check(picture)) for check in CHECKS}
    return {name: lines for name, lines in found.items() if lines}


def every_offset_is_decided_once(picture: Picture) -> Iterator[str]:
    """Each record has one outcome, no other place has one, and the ranges join from the start of each partition to its end."""
    topics = picture.topics
    offsets = Counter((record.partition, record.offset) for record in topics.records[EVENTS])
    decided = Counter((record.partition, one["offset"]) for record, batch in topics.values(DECISIONS) for one in batch["outcomes"])
    yield from _differences("decided", offsets, decided)
    ranges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for record, batch in topics.values(DECISIONS):
        ranges[record.partition].append((batch["first_offset"], batch["next_offset"]))
    for partition, end in ((partition, end) for (topic, partition), end in topics.ends.items() if topic == EVENTS):
        joints = [0, *(edge for span in ranges[partition] for edge in span), end]
        if joints[0::2] != joints[1::2]:
            yield f"partition {partition}: the ranges {ranges[partition]} do not join from 0 to {end}"
    yield from _differences("range", dict(ranges), picture.operational.ranges)


def outcomes_are_projected(picture: Picture) -> Iterator[str]:
    """The operational database has every record, with the last word of the decisions on it."""
    topics, operational = picture.topics, picture.operational
    ids = {place: event["event_id"] for place, event in topics.events()} | dict.fromkeys(topics.refused)
    # The projector does not know a record on a wrong partition for what it is (docs/known-limits.md): its id stands there.
    strayed = {(one["partition"], one["offset"]) for _, one in topics.values(DEAD_LETTERS) if one["reason"] == "wrong_partition"}
    listed = {place: None if place in strayed else event_id for place, event_id in operational.events.items()}
    yield from _differences("event", ids, listed)
    yield from _differences("outcome", topics.judged(), operational.judged)
    yield from _differences("event that waited", _waited(topics), operational.waited)


def _waited(topics: TopicFacts) -> dict[tuple[int, str], Verdict]:
    """The last word on each event that ever waited or was rejected; repeats and contradictions of it are no word on it."""
    last: dict[tuple[int, str], Verdict] = {}
    for record, batch in topics.values(DECISIONS):
        for one in batch["outcomes"]:
            key = record.partition, one["event_id"]
            if one["outcome"] in WATCHED or (one["outcome"] == "posted" and key in last):
                last[key] = one["outcome"], one["code"]
        for one in batch["healed"]:
            last[record.partition, one["event_id"]] = one["outcome"], one["code"]
    return last


def entries_are_the_same_everywhere(picture: Picture) -> Iterator[str]:
    """Named in decisions, on the topic, in the ledger, in the operational database: ids, content hashes, postings; each once."""
    topics, ledger, operational = picture.topics, picture.ledger, picture.operational
    emitted = list(topics.values(ENTRIES))
    named = Counter(
        entry_id for _, batch in topics.values(DECISIONS) for one in (*batch["outcomes"], *batch["healed"]) for entry_id in one["entry_ids"]
    )
    yield from _differences("entry emitted", named, Counter(entry["entry_id"] for _, entry in emitted))
    yield from _differences("entry named in the operational database", named, Counter(operational.named))
    hashes = {entry["entry_id"]: entry["content_hash"] for _, entry in emitted}
    yield from _differences("content hash in the ledger", hashes, ledger.hashes)
    yield from _differences("content hash in the operational database", hashes, operational.hashes)
    legs = {entry["entry_id"]: [Leg(leg["account"], leg["side"], leg["amount"]) for leg in entry["postings"]] for _, entry in emitted}
    yield from _differences("postings in the ledger", legs, ledger.postings)
    yield from _differences("postings in the operational database", legs, operational.postings)
    if ledger.conflicts:
        yield f"the ledger holds {ledger.conflicts} conflicts"


def the_books_are_the_oracle_s(picture: Picture) -> Iterator[str]:
    """Outcome of every record, entries of every order in their order, discrepancies."""
    topics, books = picture.topics, picture.books
    judged = {place: (said, code if said in SAID_WITH_CODE else None) for place, (said, code) in topics.judged().items()}
    right = books.verdicts | dict.fromkeys(topics.refused, ("dead_letter", None))
    yield from _differences("verdict", right, judged)
    booked: dict[tuple[str, int], dict[str, Any]] = {}
    for _, entry in topics.values(ENTRIES):
        booked[entry["order_key"], entry["entry_seq"]] = _as_the_oracle_tells(entry, picture.ledger.postings.get(entry["entry_id"], []))
    yield from _differences("entry of the order", books.entries, booked)
    raised = {(one["code"], one["event_id"]) for _, one in topics.values(DISCREPANCIES)}
    yield from _differences("discrepancy", dict.fromkeys(books.discrepancies), dict.fromkeys(raised))


def _as_the_oracle_tells(entry: dict[str, Any], legs: Iterable[Leg]) -> dict[str, Any]:
    """An entry of the topic with the sums by account that the ledger booked for it."""
    sums: Counter[str] = Counter()
    for leg in legs:
        sums[leg.account] += leg.amount if leg.side == "DEBIT" else -leg.amount
    return {name: entry[name] for name in ("event_id", "entry_kind", "part", "currency")} | {"postings": dict(sums)}


def discrepancies_stand_alike(picture: Picture) -> Iterator[str]:
    """The newest record of each discrepancy says where it stands; no operator has acted."""
    newest = {one["discrepancy_id"]: one["state"] for _, one in picture.topics.values(DISCREPANCIES)}
    yield from _differences("discrepancy", newest, picture.operational.discrepancies)
    still = {one for one, state in newest.items() if state == "OPEN"}
    yield from _differences("open discrepancy", dict.fromkeys(still), dict.fromkeys(picture.operational.open_discrepancies))


def dead_letters_are_kept(picture: Picture) -> Iterator[str]:
    """One letter for each record that had to be refused, with the bytes of the record; the operational database lists it."""
    topics = picture.topics
    letters = [(one["partition"], one["offset"], one["key"], one["value"] or None, one["reason"]) for _, one in topics.values(DEAD_LETTERS)]
    events = [(one.partition, one.offset, one.key, one.value or None) for one in topics.records[EVENTS]]
    refused = [told for told in events if told[:2] in topics.refused]
    yield from _differences("dead letter", Counter(refused), Counter(letter[:4] for letter in letters))
    listed = Counter(((letter[0], letter[1]), letter[4]) for letter in letters)
    yield from _differences("dead letter in the operational database", listed, Counter(picture.operational.dead_letters))


def every_entry_is_acknowledged(picture: Picture) -> Iterator[str]:
    """Posted, with its link of the chain, at least once; the operational database has each word of it."""
    acks = list(picture.topics.values(ACKS))
    told = Counter(((record.partition, record.offset), one["entry_id"], one["ledger"], one["status"]) for record, one in acks)
    yield from _differences("ack", told, Counter(picture.operational.acks))
    posted = {one["entry_id"]: one["chain_hash"] for _, one in acks if one["status"] == "POSTED"}
    yield from _differences("entry acknowledged", picture.ledger.links, posted)


def the_chain_is_the_stream_s(picture: Picture) -> Iterator[str]:
    """SHA-256 over link before, partition, offset and value of each first-seen entry: the links and heads of the ledger."""
    heads: dict[int, tuple[int, str]] = {partition: (0, "0" * 64) for topic, partition in picture.topics.ends if topic == ENTRIES}
    links: dict[str, str] = {}
    places: dict[str, Place] = {}
    for record, entry in picture.topics.values(ENTRIES):
        if entry["entry_id"] in links:
            continue
        length, before = heads[record.partition]
        place = record.partition.to_bytes(4, "big") + record.offset.to_bytes(8, "big")
        link = hashlib.sha256(bytes.fromhex(before) + place + (record.value or b"")).hexdigest()
        heads[record.partition], links[entry["entry_id"]] = (length + 1, link), link
        places[entry["entry_id"]] = record.partition, record.offset
    yield from _differences("place of the entry", places, picture.ledger.places)
    yield from _differences("link", links, picture.ledger.links)
    yield from _differences("head of partition", heads, picture.ledger.heads)


def offsets_are_the_ends_of_the_logs(picture: Picture) -> Iterator[str]:
    """Ledger and operational database have passed everything, and nothing that is not there."""
    ends = picture.topics.ends
    of_entries = {partition: end for (topic, partition), end in ends.items() if topic == ENTRIES}
    yield from _differences("offset of the ledger", of_entries, picture.ledger.next_offsets)
    yield from _differences("offset of the operational database", ends, picture.operational.next_offsets)


CHECKS: tuple[Check, ...] = (
    every_offset_is_decided_once,
    outcomes_are_projected,
    entries_are_the_same_everywhere,
    the_books_are_the_oracle_s,
    discrepancies_stand_alike,
    dead_letters_are_kept,
    every_entry_is_acknowledged,
    the_chain_is_the_stream_s,
    offsets_are_the_ends_of_the_logs,
)


def _differences(what: str, right: Mapping[Any, Any], found: Mapping[Any, Any]) -> Iterator[str]:
    """The first keys whose values differ, absent ones included."""
    missing = object()
    keys: list[Hashable] = [key for key in {**right, **found} if right.get(key, missing) != found.get(key, missing)]
    for key in keys[:FINDINGS_MAX]:
        yield f"{what} {key}: {right.get(key, 'none')} expected, {found.get(key, 'none')} found; {len(keys)} differ"
