"""How the file of an order looks: as tables for an accountant, and as plain values."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from asiento.accounting.balances import Balances
from asiento.accounting.explaining.figures import Figure, Place
from asiento.accounting.journal import JournalEntry, Posting
from asiento.accounting.money import grouped_units_text
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import PolicyBook
from asiento.cli.explained_orders import Figures, found_in_file
from asiento.cli.order_desk_pages import desk_tables, desk_to_json, json_time, time_text, titled_table
from asiento.cli.order_words import word
from schemas.entries import entry_to_json
from schemas.events import event_to_json
from schemas.refusal import Refusal
from schemas.wording.figures import formula
from schemas.wording.language import Language
from schemas.wording.messages import code_title
from schemas.wording.templates import plain_decimal
from sinks.order_file import EntryLine, EventLine, OrderFile

MICRO_UNITS = 6
_PARTS = frozenset({"part", "charge_part", "credit_part"})
"""Figures whose arithmetic stands beside the amount; all others are left to `asiento explain`."""


def pages(file: OrderFile, language: Language, policies: PolicyBook) -> Iterator[RenderableType]:
    """The tables from top to bottom; they fit 100 columns. The arithmetic of documents is told by `policies`."""
    yield Text(f"{word('order', language)} {file.order_key}  {_origin(file, language)}".rstrip(), style="bold")
    yield _events(file, language)
    figures = found_in_file(file, policies).figures() if file.entries else {}
    if file.entries:
        yield _entries(file, figures, language)
    if file.parked:
        yield _parked(file, language)
    yield from desk_tables(file, language)
    if file.state is not None:
        yield _state(file.state, language)


def _origin(file: OrderFile, language: Language) -> str:
    """Where the file comes from, and how new it is."""
    if file.source == "file":
        return f"({word('from_file', language)})"
    partition = "" if file.partition is None else f"({word('partition', language)} {file.partition})"
    as_of = f"  {word('from_database', language)} {time_text(file.as_of)}" if file.as_of is not None else ""
    return partition + as_of


def _events(file: OrderFile, language: Language) -> Table:
    table = titled_table(word("events", language))
    for name in ("offset", "when", "event", "key", "outcome"):
        table.add_column(
            word(name, language), justify="right" if name == "offset" else "left", overflow="fold", no_wrap=name in ("when", "event")
        )
    for line in file.events:
        event = line.event
        if isinstance(event, Refusal):
            table.add_row(str(line.offset), time_text(line.record_at * 1000), "?", "", _outcome(line, language))
        else:
            table.add_row(
                str(line.offset), time_text(event.occurred_at), type(event).__name__, event.business_key, _outcome(line, language)
            )
    return table


def _outcome(line: EventLine, language: Language) -> str:
    if line.outcome is None:
        return word("not_judged", language)
    text = word(line.outcome, language)
    if line.healed and line.outcome != "deferred":
        text += f" {word('after_waiting', language)}"
    why = code_title(line.code, language)
    return f"{text} ({why})" if why else text


def _entries(file: OrderFile, figures: Figures, language: Language) -> Table:
    table = titled_table(word("entries", language))
    if figures:
        table.caption, table.caption_justify = word("rounding", language), "left"
    table.add_column("#", justify="right")
    table.add_column(word("account", language), overflow="fold", ratio=1)
    table.add_column(word("debit", language), justify="right", no_wrap=True)
    table.add_column(word("credit", language), justify="right", no_wrap=True)
    for line in file.entries:
        entry = line.entry
        head = f"{entry.entry_kind}  {entry.posting_date}  {entry.currency}  {entry.memo}"
        table.add_row(str(entry.entry_seq), Text(head, style="bold"), "", "")
        table.add_row("", f"{word('why', language)}: {entry.rule}, {word('policy', language)} {entry.policy_version}", "", "")
        for leg in entry.postings:
            amount = grouped_units_text(leg.amount, entry.currency_exponent)
            debit, credit = (amount, "") if leg.side == "DEBIT" else ("", amount)
            table.add_row("", f"  {leg.account}{_dimensions(leg, entry)}", debit, credit)
        for text in _document(entry, figures, language):
            table.add_row("", Text(f"    {text}", style="dim"), "", "")
        table.add_row("", f"{word('balances', language)}: {_balances(line, language)}", "", "")
        for text in _booked(file, line, language):
            table.add_row("", text, "", "")
        table.add_section()
    return table


def _booked(file: OrderFile, line: EntryLine, language: Language) -> Iterator[str]:
    """Where the entry stands at each ledger; nothing for a file of events, which no ledger knows."""
    acks = file.acks.get(line.entry.entry_id, ())
    for ack in acks:
        number = f", {word('document_number', language)} {ack.document_number}" if ack.document_number else ""
        why = f" ({ack.reason})" if ack.reason else ""
        yield f"{word('ledger', language)} {ack.ledger}: {word(ack.status, language)} {time_text(ack.at)}{number}{why}"
    if not acks and file.source != "file":
        yield word("not_booked", language) if line.booked_at is None else f"{word('booked', language)} {time_text(line.booked_at)}"


def _dimensions(leg: Posting, entry: JournalEntry) -> str:
    """What tells a leg from another one on the same account; nothing where there is no other."""
    others = [set(other.dimensions) for other in entry.postings if other.account == leg.account and other is not leg]
    telling = [f"{name} {value}" for name, value in leg.dimensions if any((name, value) not in other for other in others)]
    return f"  ({', '.join(telling)})" if telling else ""


def _document(entry: JournalEntry, figures: Figures, language: Language) -> Iterator[str]:
    document = entry.document
    if document is None:
        return
    refers = f", {word('refers_to', language)} {', '.join(document.refers_to)}" if document.refers_to else ""
    yield f"{word('document', language)} {document.kind} {document.document_ref}{refers}"
    for place, line in enumerate(document.lines):
        units = f" {plain_decimal(line.quantity, MICRO_UNITS)} {word('units', language)}" if line.quantity else ""
        net = _amount(line.net, entry, figures.get((entry.entry_id, Place("line", place, "net"))))
        yield f"{line.description or line.line_id or ''} [{line.line_id}]{units}: {net}"
        for number, tax in enumerate(line.taxes):
            amount = _amount(tax.amount, entry, figures.get((entry.entry_id, Place("line", place, f"tax:{number}"))))
            yield f"  {tax.code} {tax.rate}: {amount}"


def _amount(amount: int, entry: JournalEntry, figure: Figure | None) -> str:
    """An amount, and how it came about where it is a part of something larger."""
    text = grouped_units_text(amount, entry.currency_exponent)
    spelled = formula(figure, entry.currency) if figure is not None and figure.name in _PARTS else ""
    return f"{text} = {spelled}" if "R(" in spelled else text


def _parked(file: OrderFile, language: Language) -> Table:
    table = titled_table(word("parked", language))
    for name in ("when", "event", "key", "why", "since"):
        table.add_column(word(name, language), overflow="fold")
    for waiting in file.parked:
        event = waiting.event
        since = "" if waiting.since is None else time_text(waiting.since)
        table.add_row(time_text(event.occurred_at), type(event).__name__, event.business_key, code_title(waiting.code, language), since)
    return table


def _state(state: OrderState, language: Language) -> Table:
    exponent = state.placement.currency_exponent if state.placement is not None else 0
    currency = state.placement.currency if state.placement is not None else ""
    table = titled_table(f"{word('state', language)} {currency}".rstrip())
    table.show_header = False
    table.add_column("")
    table.add_column("", justify="right", no_wrap=True)
    for name, amount in (*_totals(state).items(), *state.balances()._asdict().items()):
        table.add_row(word(name, language), grouped_units_text(amount, exponent))
    return table


def _totals(state: OrderState) -> dict[str, int]:
    totals = state.totals
    return {
        "agreed": totals.agreed,
        "invoiced": totals.invoiced + totals.return_fees,
        "cancelled": totals.cancelled,
        "open": totals.open,
        "credited": totals.credited,
        "captured": totals.captured,
        "refunded": totals.refunded,
        "pending": totals.pending,
    }


def order_to_json(file: OrderFile, language: Language) -> dict[str, Any]:
    """The same as plain values: money in minor units, times RFC 3339."""
    state = file.state
    return {
        "order_key": file.order_key,
        "partition": file.partition,
        "source": file.source,
        "as_of": json_time(file.as_of),
        "events": [_event_to_json(line, language) for line in file.events],
        "entries": [_entry_to_json(file, line) for line in file.entries],
        "parked": [
            {"event_id": one.event.event_id, "code": one.code, "reason": code_title(one.code, language), "since": json_time(one.since)}
            for one in file.parked
        ],
        "state": None if state is None else {"totals": _totals(state), "balances": state.balances()._asdict()},
        **desk_to_json(file, language),
    }


def _event_to_json(line: EventLine, language: Language) -> dict[str, Any]:
    event = line.event
    value = {"refused": event.reason} if isinstance(event, Refusal) else {"event": event_to_json(event)}
    judged = {"outcome": line.outcome, "code": line.code, "reason": code_title(line.code, language) or None}
    return {"offset": line.offset, **value, **judged, "healed": line.healed, "entry_ids": line.entry_ids}


def _entry_to_json(file: OrderFile, line: EntryLine) -> dict[str, Any]:
    acks = [{**asdict(ack), "at": json_time(ack.at)} for ack in file.acks.get(line.entry.entry_id, ())]
    return {"entry": entry_to_json(line.entry), "balances": line.balances._asdict(), "booked_at": json_time(line.booked_at), "acks": acks}


def _balances(line: EntryLine, language: Language) -> str:
    exponent = line.entry.currency_exponent
    shown = [name for name in Balances._fields if name != "dispute_losses" or line.balances.dispute_losses]
    return ", ".join(f"{word(name, language)} {grouped_units_text(getattr(line.balances, name), exponent)}" for name in shown)
