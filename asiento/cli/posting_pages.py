"""What `asiento postings` shows: documents for ledgers outside as values, and as lines for people."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from asiento.accounting.money import major_units_text
from sinks.external.documents import document_values as content_of
from sinks.posting.rows import EntryRow, PostingRow, PostingState
from sinks.posting.store import PostingStore

SECOND = 1_000_000


def list_values(store: PostingStore, rows: Sequence[PostingRow], now: int, *, limit: int) -> dict[str, Any]:
    """How a connection stands, and a page of documents; `next` is where the next page starts, None at the end."""
    pause, counts = store.sending.pause(), store.sending.counts()
    waiting = [
        {"about": about, "entries": entries, "since": _time(since), "reason": reason}
        for about, entries, since, reason in store.intake.waiting()
    ]
    return {
        "connection": store.session.connection,
        "paused": None if pause is None else {"until": _time(pause.until), "reason": pause.reason, "message": pause.message},
        "doubted_since": None if (doubted := store.sending.doubted_since()) is None else _time(doubted),
        "standing": [
            {
                "state": one.state,
                "reason": one.reason or None,
                "documents": one.documents,
                "oldest_seconds": (now - one.oldest_at) // SECOND,
            }
            for one in counts
        ],
        "entries_waiting": waiting,
        "documents": [_row_values(row) for row in rows],
        "next": rows[-1].number if len(rows) == limit else None,
    }


def list_lines(values: dict[str, Any]) -> Iterator[str]:
    """The page for people."""
    if (pause := values["paused"]) is not None:
        yield f"{values['connection']} pauses until {pause['until']}: {pause['reason']}: {pause['message']}"
    if values["doubted_since"] is not None:
        yield f"every document is looked up before it is sent, since {values['doubted_since']} (`postings doubt --end` ends that)"
    for one in values["standing"]:
        reason = f" ({one['reason']})" if one["reason"] else ""
        yield f"{one['state']}{reason}: {one['documents']}, the oldest for {_age(one['oldest_seconds'])}"
    for one in values["entries_waiting"]:
        yield f"{one['entries']} entries wait for a rule about {one['about']}: {one['reason']}"
    for one in values["documents"]:
        yield from ("", *_row_lines(one))
    if values["next"] is not None:
        yield f"next: --after {values['next']}"


def document_values(store: PostingStore, row: PostingRow) -> dict[str, Any]:
    """A document with its content, its entries, what it needs and its history."""
    return {
        **_row_values(row),
        "entry_ids": list(store.sending.entry_ids_of([row.key])),
        "needs": [{"key": one.key, "reference": one.document.reference, "state": one.state} for one in store.sending.needs_of(row.key)],
        "content": content_of(row.document),
        "history": [
            {
                "at": _time(event.at),
                "from": event.before,
                "to": event.state,
                "attempt": event.attempt,
                "reason": event.reason,
                "code": event.code,
                "message": event.message,
            }
            for event in store.sending.history(row.key)
        ],
    }


def document_lines(values: dict[str, Any]) -> Iterator[str]:
    """A document for people."""
    yield from _row_lines(values)
    content = values["content"]
    yield f"  memo: {content['memo']}"
    exponent = content["currency_exponent"]
    for line in content.get("lines", ()):
        yield f"  {line['account']}  {major_units_text(line['amount'], exponent)}  {line['role']}  {line['description']}"
    for one in values["needs"]:
        yield f"  needs {one['reference']} ({one['key']}), which is {one['state']}"
    yield f"  entries: {', '.join(values['entry_ids'])}"
    for event in values["history"]:
        words = ": ".join(word for word in (event["reason"], event["code"], event["message"]) if word)
        yield f"  {event['at']}  {event['to']}  attempt {event['attempt']}" + (f"  {words}" if words else "")


def entry_values(store: PostingStore, entry: EntryRow) -> dict[str, Any]:
    """An entry with its documents."""
    return {
        "entry_id": entry.entry_id,
        "order_key": entry.order_key,
        "entry_seq": entry.entry_seq,
        "partition": entry.partition,
        "offset": entry.offset,
        "state": entry.state,
        "about": entry.about,
        "reason": entry.reason,
        "summary": entry.summary,
        "told": entry.told_status,
        "told_reason": entry.told_reason,
        "documents": [document_values(store, row) for row in store.sending.documents_of_entry(entry.entry_id)],
    }


def entry_lines(values: dict[str, Any]) -> Iterator[str]:
    """An entry for people."""
    yield f"entry {values['entry_id']} of {values['order_key']}: {values['state']}"
    for name in ("about", "reason", "summary", "told", "told_reason"):
        if values[name]:
            yield f"  {name.replace('_', ' ')}: {values[name]}"
    for one in values["documents"]:
        yield ""
        yield from document_lines(one)


def _row_values(row: PostingRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "key": row.key,
        "kind": row.document.kind,
        "reference": row.document.reference,
        "group": row.document.group,
        "date": row.document.date,
        "currency": row.document.currency,
        "total": row.document.total,
        "total_text": major_units_text(row.document.total, row.document.currency_exponent),
        "state": row.state,
        "reason": row.reason,
        "about": row.about,
        "code": row.code,
        "message": row.message,
        "attempts": row.attempt,
        "may_stand": row.open_since is not None,
        "ready_at": _time(row.ready_at) if row.state in (PostingState.PLANNED, PostingState.UNCERTAIN) else None,
        "remote_id": row.remote_id,
        "remote_number": row.remote_number,
        "posted_at": None if row.posted_at is None else _time(row.posted_at),
    }


def _row_lines(one: dict[str, Any]) -> Iterator[str]:
    yield f"{one['key']}  {one['kind']}  {one['reference']}  {one['date']}  {one['total_text']} {one['currency']}"
    words = ": ".join(word for word in (one["reason"], one["about"], one["code"], one["message"]) if word)
    yield f"  {one['state']} after {one['attempts']} attempts" + (f": {words}" if words else "")
    if one["remote_id"]:
        yield f"  in the ledger as {one['remote_id']}" + (f", number {one['remote_number']}" if one["remote_number"] else "")


def _time(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _age(seconds: int) -> str:
    days, rest = divmod(max(seconds, 0), 86_400)
    return f"{days} d {rest // 3_600} h" if days else f"{rest // 3_600} h {rest % 3_600 // 60} min"
