"""What waits for a person, and how the databases stand: read from the operational database, the ledger and that of postings."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from asiento.accounting.money import major_units_text
from asiento.cli.diagnosing.findings import Finding, Mending, MendingFailed, State
from asiento.cli.runbook_pages import runbook_page
from asiento.runtime.settings import Settings
from sinks.projector.reader import OperationalReader
from sinks.report.figures import DocumentGroup, OpenGroup, OpenItems
from sinks.report.reading import read_connections, read_open, read_span

DAY_SECONDS: Final = 86_400
CLOCK_SECONDS_MAX: Final = 5
"""How far a record may lie ahead of this machine's clock."""
PARKED_SECONDS_MAX: Final = DAY_SECONDS
"""An event may wait so long before somebody should look."""
ACKS_SECONDS_MAX: Final = 60
SPAN_SECONDS_MIN: Final = 3_600
"""Growth over less time foretells nothing."""
DISK_DAYS_MIN: Final = 14
_GRAVE: Final = frozenset({"critical", "high"})
_MICRO: Final = 1_000_000


def open_findings(settings: Settings, now: int) -> list[Finding]:
    """Discrepancies, parked and rejected events, refused records, clock, disk forecast; none where there is no database to ask.

    `now`: UTC microseconds. Raises `OperationalError`, `sqlite3.Error`.
    """
    with OperationalReader.at(settings.operational_location) as reader:
        items = read_open(reader, now)
        first, newest = read_span(reader)
        counts = reader.open_counts()
    return [
        _discrepancies(items["discrepancies"], now),
        _parked(items["parked"], now),
        _counted("rejected events", counts.rejected, "asiento events list"),
        _counted("dead letters", counts.dead_letters, "asiento dlq list"),
        _clock(newest, now),
        _forecast(settings.data_dir.absolute(), first, newest),
    ]


def _discrepancies(items: OpenItems, now: int) -> Finding:
    if not items.groups:
        return Finding("discrepancies", "ok", "none is open")
    state: State = "problem" if any(group.severity in _GRAVE for group in items.groups) else "note"
    return Finding("discrepancies", state, "; ".join(_groups(items.groups, now)), "asiento discrepancies list")


def _parked(items: OpenItems, now: int) -> Finding:
    if not items.groups:
        return Finding("parked events", "ok", "none waits")
    old = any(now - group.oldest > PARKED_SECONDS_MAX * _MICRO for group in items.groups)
    return Finding("parked events", "problem" if old else "note", "; ".join(_groups(items.groups, now)), "asiento events list")


def _groups(groups: Sequence[OpenGroup], now: int) -> Iterator[str]:
    """Each code with its runbook."""
    for group in groups:
        name = f"{group.code} {group.severity}".strip()
        page = runbook_page(group.code, "en")
        yield f"{name} {group.number}, oldest {duration_text((now - group.oldest) // _MICRO)}" + (f": {page}" if page else "")


def _counted(check: str, counts: object, mend: str) -> Finding:
    found = dict(counts) if isinstance(counts, dict) else {}
    if not found:
        return Finding(check, "ok", "none is open")
    return Finding(check, "problem", ", ".join(f"{code} {number}" for code, number in found.items()), mend)


def _clock(newest: int, now: int) -> Finding:
    ahead = (newest - now) // _MICRO
    if ahead > CLOCK_SECONDS_MAX:
        detail = f"the newest record lies {duration_text(ahead)} ahead of this machine's clock"
        return Finding("clock", "problem", detail, "timedatectl timesync-status")
    return Finding("clock", "ok", "no record lies ahead of this machine's clock")


def _forecast(data_dir: Path, first: int, newest: int) -> Finding:
    """When the disk is full, if what lies in the data directory goes on to grow as it did between its first and newest record."""
    seconds = (newest - first) // _MICRO
    if seconds < SPAN_SECONDS_MIN or not data_dir.is_dir():
        return Finding("disk forecast", "ok", "too little time to foretell anything")
    used = sum(path.stat().st_size for path in data_dir.rglob("*") if path.is_file() and not path.is_symlink())
    free = shutil.disk_usage(data_dir).free
    days = free * seconds // (used * DAY_SECONDS) if used else 10**6
    daily = used * DAY_SECONDS // seconds // 1024**2
    detail = f"{daily} MiB a day so far; {free // 1024**2} MiB free are enough for {days} days"
    if days < DISK_DAYS_MIN:
        return Finding("disk forecast", "problem", detail, f"du -xh --max-depth=2 {data_dir}")
    return Finding("disk forecast", "ok", detail)


def ledger_findings(settings: Settings, now: int) -> Iterator[Finding]:
    """Trial balance and acks; nothing where there is no ledger yet. Raises `LedgerError`, `sqlite3.Error`."""
    from sinks.ledger import LedgerMissing
    from sinks.ledger_access import reader_at
    from sinks.trial_balance import balances_of

    try:
        with reader_at(settings.ledger_location) as reader:
            odd = [item for item in balances_of(reader.balances()) if not item.balanced]
            pending = reader.pending_acks()
    except LedgerMissing:
        return
    if odd:
        detail = "; ".join(f"{one.currency} {major_units_text(one.debits - one.credits, one.exponent)} more debits" for one in odd)
        yield Finding("trial balance", "problem", detail, "asiento verify")
    else:
        yield Finding("trial balance", "ok", "debits and credits are equal in every currency")
    yield _acks(settings, pending, now)


def _acks(settings: Settings, pending: tuple[int, int], now: int) -> Finding:
    number, oldest = pending
    if not number or now - oldest < ACKS_SECONDS_MAX * _MICRO:
        return Finding("acks", "ok", f"{number} on their way" if number else "all published")
    detail = f"{number} entries are booked and not acknowledged, the oldest for {duration_text((now - oldest) // _MICRO)}"
    what = f"publish the acks of {number} booked entries to accounting.acks.v1"
    return Finding("acks", "problem", detail, "asiento doctor --mend", Mending(what, lambda: _publish(settings)))


def _publish(settings: Settings) -> str:
    import asyncio

    from aiokafka.errors import KafkaError

    from asiento.cli.run_directory import client_settings
    from sinks.ack_republishing import publish_pending_acks
    from sinks.ledger import LedgerError, LedgerInUse
    from sinks.sink_process import BrokerUnreachable
    from sinks.stream_identity import StreamUnknown

    own = settings if settings.kafka_bootstrap_servers is not None else client_settings()
    if own.kafka_bootstrap_servers is None:
        raise MendingFailed("no broker runs; `asiento up` starts one, and its sink publishes them")
    try:
        return f"published {asyncio.run(publish_pending_acks(own))} acks"
    except LedgerInUse as error:
        raise MendingFailed(f"{error}: it publishes them itself, unless the broker does not take them") from None
    except (LedgerError, KafkaError, BrokerUnreachable, StreamUnknown, OSError) as error:
        raise MendingFailed(f"acks were not published: {error}") from None


def postings_finding(settings: Settings, now: int) -> Finding:
    """How documents for ledgers outside stand, connection by connection. Raises `PostingError`."""
    place, groups, doubted = read_connections(settings.postings_location)
    if place is None:
        return Finding("ledgers outside", "ok", "no entry was ever taken for one")
    bad = [one for one in groups if one.state in {"PARKED", "UNCERTAIN"}]
    words = [f"{name} is doubted since {duration_text((now - since) // _MICRO)}" for name, since in sorted(doubted.items())]
    words += [_document_words(one, now) for one in bad]
    if not words:
        return Finding("ledgers outside", "ok", f"{place}: nothing is parked, uncertain or doubted")
    named = bad[0].connection if bad else min(doubted)
    mend = f"asiento postings list {named}" if bad else f'asiento postings doubt {named} --end --reason "WHY"'
    return Finding("ledgers outside", "problem", "; ".join(words), mend)


def _document_words(group: DocumentGroup, now: int) -> str:
    reason = f" ({group.reason})" if group.reason else ""
    age = duration_text((now - group.oldest) // _MICRO)
    return f"{group.connection}: {group.number} {group.state}{reason}, oldest {age}"


def duration_text(seconds: int) -> str:
    """An age in its largest unit, cut off."""
    for unit, length in (("d", DAY_SECONDS), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{max(seconds, 0)} s"
