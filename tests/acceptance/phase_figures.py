"""What a quiet time of the installation led to, counted from topics and the ledger alone: to hold rates, ages and quantiles against."""

import math
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from asiento.runtime.metrics import AGE_BUCKETS
from tests.acceptance.topic_facts import ACKS, DECISIONS, DISCREPANCIES, ENTRIES, EVENTS, TOPICS, TopicFacts, decoded
from tests.integration.order_stream import Fetched

SCRAPE_SECONDS: Final = 5.0
SHARE_OF_A_SCRAPE: Final = 0.02
"""Two workers are scraped at different moments: the window of one may hold a sample more, and its observations weigh so much more."""
COMMIT_SECONDS_MAX: Final = 1.0
"""A row says when it was booked, which is before its transaction ends; ages are told after that."""
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Phase:
    """A time in which nothing died; `began` and `ended` are seconds since the epoch, and around both nothing flowed."""

    began: float
    ended: float
    facts: TopicFacts
    ledger: Path

    @property
    def window(self) -> str:
        """Its length, as PromQL writes it."""
        return f"{math.ceil(self.ended - self.began)}s"

    @property
    def factor_max(self) -> float:
        """How much more than what was counted Prometheus may say: it reckons up to both edges of the window, a scrape or less from each."""
        seconds = math.ceil(self.ended - self.began)
        return seconds / (seconds - 2 * SCRAPE_SECONDS)

    def records(self, topic: str) -> Iterator[tuple[Fetched, dict[str, Any]]]:
        """Those of this time; what came before may be poison."""
        for record in self.facts.records[topic]:
            if record.timestamp_ms >= self.began * 1000:
                assert record.value is not None
                yield record, decoded(record.value)[1]

    # How much of it.

    def outcomes(self) -> Counter[tuple[str, ...]]:
        """First outcomes of records."""
        return Counter((one["outcome"],) for _, batch in self.records(DECISIONS) for one in batch["outcomes"])

    def entry_kinds(self) -> Counter[tuple[str, ...]]:
        """Entries on the stream, by kind."""
        return Counter((entry["entry_kind"],) for _, entry in self.records(ENTRIES))

    def by_topic(self) -> Counter[tuple[str, ...]]:
        """Records of the topics that the operational database is made of."""
        return Counter((topic,) for topic in TOPICS for _ in self.records(topic))

    def acks(self) -> Counter[tuple[str, ...]]:
        """Words of ledgers."""
        return Counter((ack["ledger"], ack["status"]) for _, ack in self.records(ACKS))

    def booked_by_result(self) -> Counter[tuple[str, ...]]:
        """Entries that the ledger booked; nothing is offered twice where nothing dies."""
        return Counter({("booked",): len(self.booked())})

    def booked(self) -> dict[str, float]:
        """Entry id -> when the ledger booked it; seconds since the epoch."""
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as ledger:
            rows = ledger.execute("SELECT entry_id, booked_at FROM entry WHERE booked_at >= ?", (round(self.began * _MILLION),))
            return {entry_id: at / _MILLION for entry_id, at in rows}

    # How long it took.

    def entry_ages(self) -> tuple[list[float], list[float]]:
        """From the arrival of an event to the commit of its entry, at least and at most: before its record, and before it was booked."""
        arrived = {event["event_id"]: record.timestamp_ms / 1000 for record, event in self.records(EVENTS)}
        booked = self.booked()
        made = [(entry["entry_id"], record.timestamp_ms / 1000, arrived[entry["event_id"]]) for record, entry in self.records(ENTRIES)]
        return [at - since for _, at, since in made], [booked[entry_id] - since for entry_id, _, since in made]

    def booked_ages(self) -> tuple[list[float], list[float]]:
        """From the record of an entry to its booking, at least and at most."""
        booked = self.booked()
        ages = [booked[entry["entry_id"]] - record.timestamp_ms / 1000 for record, entry in self.records(ENTRIES)]
        return ages, [age + COMMIT_SECONDS_MAX for age in ages]


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(max(math.ceil(share * len(ordered)) - 1, 0), len(ordered) - 1)]


def bucket_bounds(at_least: Sequence[float], at_most: Sequence[float], share: float) -> tuple[float, float]:
    """Between which bounds of buckets a histogram's quantile must lie when each true value lies between these two."""
    low = quantile(at_least, share - SHARE_OF_A_SCRAPE)
    high = quantile(at_most, share + SHARE_OF_A_SCRAPE)
    edges = (0.0, *AGE_BUCKETS)
    return edges[max(bisect_left(edges, low) - 1, 0)], edges[min(bisect_left(edges, high), len(edges) - 1)]


# Since when something waits.


def parked_since(facts: TopicFacts) -> dict[tuple[str, ...], float]:
    """Code -> when the oldest event was parked that still waits under it; seconds since the epoch."""
    waiting: dict[tuple[int, str], tuple[str, int]] = {}
    for record, batch in facts.values(DECISIONS):
        at = _microseconds(batch["decided_at"])
        for one in batch["outcomes"]:
            if one["outcome"] == "deferred":
                waiting[record.partition, one["event_id"]] = one["code"], at
        for one in batch["healed"]:
            key = record.partition, one["event_id"]
            _, since = waiting.pop(key)
            if one["outcome"] == "deferred":
                waiting[key] = one["code"], since
    return _oldest((code, at) for code, at in waiting.values())


def raised_since(facts: TopicFacts, resolved: set[str]) -> dict[tuple[str, ...], float]:
    """Code -> the time of the oldest open discrepancy."""
    newest: dict[str, Mapping[str, Any]] = {value["discrepancy_id"]: value for _, value in facts.values(DISCREPANCIES)}
    still = (one for one in newest.values() if one["state"] == "OPEN" and one["discrepancy_id"] not in resolved)
    return _oldest((one["code"], _microseconds(one["raised_at"])) for one in still)


def _oldest(found: Iterable[tuple[str, int]]) -> dict[tuple[str, ...], float]:
    oldest: dict[tuple[str, ...], int] = {}
    for code, at in found:
        oldest[code,] = min(at, oldest.get((code,), at))
    return {key: at / _MILLION for key, at in oldest.items()}


def _microseconds(at: Any) -> int:
    return round(at.timestamp() * _MILLION) if isinstance(at, datetime) else int(at)


def balance_days(facts: TopicFacts) -> dict[tuple[str, str], str]:
    """Account and currency -> the day of the oldest part that is not used up, first in, first out; of all legal entities the oldest."""
    moved: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
    seen: set[str] = set()
    for _, entry in facts.values(ENTRIES):
        if entry["entry_id"] in seen:
            continue
        seen.add(entry["entry_id"])
        for leg in entry["postings"]:
            amount = leg["amount"] if leg["side"] == "DEBIT" else -leg["amount"]
            place = leg["account"], entry["currency"], entry["legal_entity"]
            moved.setdefault(place, []).append((_day(entry["posting_date"]), amount))
    oldest: dict[tuple[str, str], str] = {}
    for (account, currency, _), movements in moved.items():
        day = _first_unused(sorted(movements))
        if day is not None:
            oldest[account, currency] = min(day, oldest.get((account, currency), day))
    return oldest


def _first_unused(movements: Sequence[tuple[str, int]]) -> str | None:
    """Use up what came first by what went; answers the day of the first part that is left."""
    balance = sum(amount for _, amount in movements)
    sign = 1 if balance > 0 else -1
    came = [(day, amount * sign) for day, amount in movements if amount * sign > 0]
    gone = -sum(amount * sign for _, amount in movements if amount * sign < 0)
    for day, amount in came:
        if amount > gone:
            return day
        gone -= amount
    return None


def _day(day: Any) -> str:
    return day.isoformat() if isinstance(day, date) else str(day)


def ended_at(day: str) -> float:
    """When a day ended (UTC), seconds since the epoch."""
    return (datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(days=1)).timestamp()
