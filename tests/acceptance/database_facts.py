"""What stands in the two databases, asked in SQL of the test's own."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg

from tests.acceptance.topic_facts import Leg, Place, Verdict

Ask = Callable[[str], list[tuple[Any, ...]]]
"""All rows of a SELECT."""


@dataclass(slots=True)
class LedgerFacts:
    """The ledger: entries and postings by entry_id, the offsets and heads by partition."""

    hashes: dict[str, str]
    places: dict[str, Place]
    links: dict[str, str]
    postings: dict[str, list[Leg]]
    next_offsets: dict[int, int]
    heads: dict[int, tuple[int, str]]
    conflicts: int


@dataclass(slots=True)
class OperationalFacts:
    """The operational database. `judged`: the last word on every record; `waited`: on every event that ever waited or was rejected."""

    events: dict[Place, str | None]
    judged: dict[Place, Verdict]
    waited: dict[tuple[int, str], Verdict]
    named: list[str]
    ranges: dict[int, list[tuple[int, int]]]
    hashes: dict[str, str]
    postings: dict[str, list[Leg]]
    discrepancies: dict[str, str]
    open_discrepancies: set[str]
    dead_letters: list[tuple[Place, str]]
    acks: list[tuple[Place, str, str, str]]
    next_offsets: dict[tuple[str, int], int]


def ledger_facts(path: Path) -> LedgerFacts:
    """Read a ledger's file."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(sql).fetchall()

        entries = ask("SELECT entry_id, content_hash, stream_partition, stream_offset, chain_hash FROM entry ORDER BY entry_no")
        offsets = ask("SELECT partition, next_offset, chain_length, chain_hash FROM source_offset")
        legs = defaultdict(list)
        for row in ask("SELECT entry_id, account, side, amount FROM entry JOIN posting USING (entry_no) ORDER BY entry_no, line"):
            legs[row[0]].append(Leg(*row[1:]))
        return LedgerFacts(
            hashes={row[0]: row[1] for row in entries},
            places={row[0]: (row[2], row[3]) for row in entries},
            links={row[0]: row[4] for row in entries},
            postings=dict(legs),
            next_offsets={row[0]: row[1] for row in offsets},
            heads={row[0]: (row[2], row[3]) for row in offsets},
            conflicts=ask("SELECT count(*) FROM entry_conflict")[0][0],
        )


def unpublished_acks(path: Path) -> int:
    """Entries of a ledger whose acks are not marked as published."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        sql = "SELECT (SELECT coalesce(max(entry_no), 0) FROM entry) - (SELECT coalesce(max(entry_no), 0) FROM ack_cursor)"
        pending: int = connection.execute(sql).fetchone()[0]
        return pending


def operational_facts(url: str, prefix: str) -> OperationalFacts:
    """Read an operational database; `prefix` is that of the topics."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            return _operational(lambda sql: file.execute(sql).fetchall(), prefix)
    with psycopg.connect(url) as server:
        return _operational(lambda sql: server.execute(sql.encode()).fetchall(), prefix)


def _operational(ask: Ask, prefix: str) -> OperationalFacts:
    decisions = ask("SELECT partition, record_offset, batch_offset, event_id, outcome, code, entry_ids FROM decision")
    healed = ask("SELECT partition, batch_offset, place, event_id, outcome, code, entry_ids FROM healed")
    entries = ask("SELECT entry_id, content_hash, body FROM entry")
    return OperationalFacts(
        events={row[:2]: row[2] for row in ask("SELECT partition, record_offset, event_id FROM event")},
        judged=_judged(decisions, healed),
        waited={row[:2]: row[2:] for row in ask("SELECT partition, event_id, outcome, code FROM event_state")},
        named=[entry_id for row in decisions + healed for entry_id in orjson.loads(row[6])],
        ranges=_ranges(ask("SELECT partition, first_offset, next_offset FROM decision_batch ORDER BY partition, batch_offset")),
        hashes={row[0]: row[1] for row in entries},
        postings={row[0]: [Leg(leg["account"], leg["side"], leg["amount"]) for leg in orjson.loads(row[2])["postings"]] for row in entries},
        discrepancies=dict(ask("SELECT discrepancy_id, state FROM discrepancy")),
        open_discrepancies={row[0] for row in ask("SELECT discrepancy_id FROM open_discrepancy")},
        dead_letters=[(row[:2], row[2]) for row in ask("SELECT source_partition, source_offset, reason FROM dead_letter")],
        acks=[(row[:2], *row[2:]) for row in ask("SELECT partition, record_offset, entry_id, ledger, status FROM ack")],
        next_offsets={
            (row[0].removeprefix(prefix), row[1]): row[2] for row in ask("SELECT topic, partition, next_offset FROM source_offset")
        },
    )


def _judged(decisions: list[tuple[Any, ...]], healed: list[tuple[Any, ...]]) -> dict[Place, Verdict]:
    """Rows of both relations in the order in which they were decided; a judging again is about the record that was parked last."""
    told = [(partition, batch, 0, offset, event_id, outcome, code) for partition, offset, batch, event_id, outcome, code, _ in decisions]
    told += [(partition, batch, 1, place, event_id, outcome, code) for partition, batch, place, event_id, outcome, code, _ in healed]
    verdicts: dict[Place, Verdict] = {}
    parked: dict[tuple[int, str], Place] = {}
    for partition, _, again, number, event_id, outcome, code in sorted(told, key=lambda row: row[:4]):
        place = parked[partition, event_id] if again else (partition, number)
        verdicts[place] = outcome, code
        if not again and outcome == "deferred":
            parked[partition, event_id] = place
    return verdicts


def _ranges(rows: list[tuple[Any, ...]]) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for partition, first, end in rows:
        found[partition].append((first, end))
    return dict(found)
