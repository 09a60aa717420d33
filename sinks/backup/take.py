"""Taking a backup of a running system.

The order makes the parts fit each other, whatever goes on meanwhile:

1. the end of the acks, so that what they acknowledge below it is in the ledger's copy;
2. the ledger, then the operational database, each one unmoving picture;
3. what the groups have committed, then the ends of the topics, so that all that was copied stands below them;
4. with the topics: the entries up to their end; then the end of the decisions, which so cover every transaction that these
   entries came from; then those of the other topics, so that the events are there that were decided; last the entries that came
   meanwhile, which those decisions may name;
5. hash of every file, and the manifest.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from asiento.runtime.database_urls import place_of
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES
from sinks.backup.broker import BackupLog
from sinks.backup.errors import BackupRefused
from sinks.backup.folders import make_private, require_empty, stored_file, sync, write_private
from sinks.backup.ledger_copy import copy_ledger
from sinks.backup.manifest import HEADS, LEDGER, POSITIONS, TRIAL_BALANCE, LedgerFacts, Manifest, OperationalFacts, write_manifest
from sinks.backup.operational_copy import copy_operational, is_there
from sinks.backup.positions import Offsets, Positions, TopicMark
from sinks.backup.sqlite_copy import user_version
from sinks.backup.topic_archive import ArchivedPart, archive_partition, kept_topics
from sinks.ledger import ForeignLedger
from sinks.ledger_access import LedgerReader, reader_at
from sinks.stream_identity import StreamUnknown
from sinks.verify.kept_heads import KeptHeads, heads_of

_IN_THEIR_TURN: Final = frozenset({ACCOUNTING_ENTRIES, ACCOUNTING_DECISIONS, ACCOUNTING_ACKS})
"""Topics whose order matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlan:
    """What is backed up. `topic` gives a topic's name on the broker; of `topics` (names of the catalogue) starts and ends are kept, of
    `groups` the positions. `archive`: whether those of the topics that are kept for ever are archived.

    documents: further files by name. taken_at: RFC 3339, the one reading of the clock.
    """

    ledger_url: str
    operational_url: str
    topic: Callable[[str], str]
    topics: tuple[str, ...]
    groups: tuple[str, ...]
    archive: bool
    documents: Mapping[str, bytes]
    program_version: str
    taken_at: str


async def take_backup(log: BackupLog | None, plan: BackupPlan, folder: Path) -> Manifest:
    """Take a backup into a new or empty folder; without a log no topics and groups are looked at.

    Raises `BackupRefused`, `LedgerError`, `OperationalError`, `StreamUnknown`, `ScanStuck`, `KafkaError`.
    """
    require_empty(folder, "the backup")
    with reader_at(plan.ledger_url):
        pass  # says what is wrong with the ledger before anything is written
    make_private(folder)
    acks = None if log is None else await _mark(log, plan, ACCOUNTING_ACKS)
    heads, ledger = await asyncio.to_thread(_copy_ledger, plan, folder)
    operational, projected = await asyncio.to_thread(_copy_operational, plan, folder)
    topics, groups = await _topics(log, plan, folder, acks)
    _require_same_stream(heads, topics)
    positions = Positions(ledger=heads.booked_to, operational=projected, topics=topics, groups=groups)
    for name, values in ((HEADS, heads.to_json()), (POSITIONS, positions.to_json())):
        write_private(folder / name, _json(values))
    for name, content in plan.documents.items():
        write_private(folder / name, content)
    manifest = Manifest(
        taken_at=plan.taken_at,
        program_version=plan.program_version,
        ledger=ledger,
        operational=operational,
        topics=plan.archive,
        files=await asyncio.to_thread(lambda: tuple(stored_file(folder, name) for name in _written(folder))),
    )
    write_manifest(folder, manifest)
    return manifest


def trial_balance(reader: LedgerReader) -> list[dict[str, Any]]:
    """What every account holds, ordered."""
    return [
        {"currency": currency, "exponent": exponent, "account": account, "amount": amount}
        for currency, exponent, account, amount in reader.balances()
    ]


def _copy_ledger(plan: BackupPlan, folder: Path) -> tuple[KeptHeads, LedgerFacts]:
    copy = folder / LEDGER
    copy_ledger(plan.ledger_url, copy)
    with reader_at(f"sqlite:///{copy}") as reader:
        heads = heads_of(reader)
        if heads is None:
            raise BackupRefused(f"{place_of(plan.ledger_url)}: the ledger has never been started, there is nothing to back up yet")
        write_private(folder / TRIAL_BALANCE, _json(trial_balance(reader)))
    return heads, LedgerFacts(version=user_version(copy), entries=heads.entry_no, seal=heads.seal)


def _copy_operational(plan: BackupPlan, folder: Path) -> tuple[OperationalFacts | None, dict[tuple[str, int], int]]:
    if not is_there(plan.operational_url):
        return None, {}
    return copy_operational(plan.operational_url, folder)


async def _topics(
    log: BackupLog | None, plan: BackupPlan, folder: Path, acks: TopicMark | None
) -> tuple[tuple[TopicMark, ...], dict[str, Mapping[str, Offsets]]]:
    """Mark, and archive where that is asked for, every topic."""
    if log is None:
        return (), {}
    groups = {group: await log.group_positions(group) for group in plan.groups}
    entries = await _mark(log, plan, ACCOUNTING_ENTRIES)
    if entries is None:
        raise StreamUnknown(f"topic {plan.topic(ACCOUNTING_ENTRIES)} does not exist; `asiento topics apply` makes it")
    await _archive(log, plan, folder, entries)
    marks = []
    for name in (ACCOUNTING_DECISIONS, *(name for name in plan.topics if name not in _IN_THEIR_TURN)):
        mark = await _mark(log, plan, name)
        if mark is not None:
            await _archive(log, plan, folder, mark)
            marks.append(mark)
    entries = await _marked_again(log, entries)
    await _archive(log, plan, folder, entries)
    again = () if acks is None else (await _marked_again(log, acks),)
    return (entries, *marks, *again), groups


async def _mark(log: BackupLog, plan: BackupPlan, name: str) -> TopicMark | None:
    try:
        identity, numbers = await log.identity(plan.topic(name))
    except StreamUnknown:
        return None
    starts, ends = await log.starts(identity.topic, numbers), await log.ends(identity.topic, numbers)
    return TopicMark(name=name, identity=identity, starts=starts, ends=(ends,))


async def _marked_again(log: BackupLog, mark: TopicMark) -> TopicMark:
    ends = await log.ends(mark.identity.topic, tuple(mark.starts))
    return TopicMark(name=mark.name, identity=mark.identity, starts=mark.starts, ends=(*mark.ends, ends))


async def _archive(log: BackupLog, plan: BackupPlan, folder: Path, mark: TopicMark) -> None:
    """Archive what lies between the last two answers about the ends; up to the first one that is everything."""
    starts, ends = (mark.starts, *mark.ends)[-2:]
    for number, start in sorted(starts.items()):
        if plan.archive and mark.name in kept_topics() and start < ends[number]:
            part = ArchivedPart(topic=mark.name, partition=number, start=start, end=ends[number])
            await archive_partition(folder, part, log.read(mark.identity.topic, {number: start}, {number: ends[number]}))
            sync(folder / part.file)


def _require_same_stream(heads: KeptHeads, topics: tuple[TopicMark, ...]) -> None:
    found = next((topic.identity for topic in topics if topic.name == ACCOUNTING_ENTRIES), heads.stream)
    if found != heads.stream:
        raise ForeignLedger(
            f"the ledger books from topic {heads.stream.topic} (id {heads.stream.topic_id}), the broker has {found.topic} with id "
            f"{found.topic_id}: name the right broker, topic prefix or ledger"
        )


def _written(folder: Path) -> list[str]:
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        sync(path)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
