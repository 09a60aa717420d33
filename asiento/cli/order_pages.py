"""How the file of an order looks: as tables for an accountant, and as plain values."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich import box
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
    yield Text(f"{word('order', language)} {file.order_key}  ({word('partition', language)} {file.partition})", style="bold")
    yield _events(file, language)
    figures = found_in_file(file, policies).figures() if file.entries else {}
    if file.entries:
        yield _entries(file, figures, language)
    if file.state is not None:
        if file.state.parked:
            yield _parked(file.state, language)
        yield _state(file.state, language)


def _events(file: OrderFile, language: Language) -> Table:
    table = _table(word("events", language))
    for name in ("offset", "when", "event", "key", "outcome"):
        table.add_column(
            word(name, language), justify="right" if name == "offset" else "left", overflow="fold", no_wrap=name in ("when", "event")
        )
    for line in file.events:
        event = line.event
        if isinstance(event, Refusal):
            table.add_row(str(line.offset), _time(line.record_at * 1000), "?", "", _outcome(line, language))
        else:
            table.add_row(str(line.offset), _time(event.occurred_at), type(event).__name__, event.business_key, _outcome(line, language))
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
    table = _table(word("entries", language))
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
        booked = word("not_booked", language) if line.booked_at is None else f"{word('booked', language)} {_time(line.booked_at)}"
        table.add_row("", booked, "", "", end_section=True)
    return table


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


def _parked(state: OrderState, language: Language) -> Table:
    table = _table(word("parked", language))
    for name in ("when", "event", "key", "why"):
        table.add_column(word(name, language), overflow="fold")
    for waiting in state.parked:
        event = waiting.event
        table.add_row(_time(event.occurred_at), type(event).__name__, event.business_key, code_title(waiting.code, language))
    return table


def _state(state: OrderState, language: Language) -> Table:
    exponent = state.placement.currency_exponent if state.placement is not None else 0
    currency = state.placement.currency if state.placement is not None else ""
    table = _table(f"{word('state', language)} {currency}".rstrip())
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
        "events": [_event_to_json(line, language) for line in file.events],
        "entries": [_entry_to_json(line) for line in file.entries],
        "parked": [
            {"event_id": waiting.event.event_id, "code": waiting.code, "reason": code_title(waiting.code, language)}
            for waiting in (state.parked if state is not None else ())
        ],
        "state": None if state is None else {"totals": _totals(state), "balances": state.balances()._asdict()},
    }


def _event_to_json(line: EventLine, language: Language) -> dict[str, Any]:
    event = line.event
    value = {"refused": event.reason} if isinstance(event, Refusal) else {"event": event_to_json(event)}
    judged = {"outcome": line.outcome, "code": line.code, "reason": code_title(line.code, language) or None}
    return {"offset": line.offset, **value, **judged, "healed": line.healed, "entry_ids": line.entry_ids}


def _entry_to_json(line: EntryLine) -> dict[str, Any]:
    booked_at = None if line.booked_at is None else _moment(line.booked_at).isoformat().replace("+00:00", "Z")
    return {"entry": entry_to_json(line.entry), "balances": line.balances._asdict(), "booked_at": booked_at}


def _balances(line: EntryLine, language: Language) -> str:
    exponent = line.entry.currency_exponent
    shown = [name for name in Balances._fields if name != "dispute_losses" or line.balances.dispute_losses]
    return ", ".join(f"{word(name, language)} {grouped_units_text(getattr(line.balances, name), exponent)}" for name in shown)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def _time(microseconds: int) -> str:
    return _moment(microseconds).strftime("%Y-%m-%d %H:%M:%S")
