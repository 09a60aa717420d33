"""What a round of the tie-out found, for people and for programs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from asiento.accounting.money import CURRENCY_EXPONENTS, grouped_units_text

if TYPE_CHECKING:
    from sinks.tie_out.round import Round
    from sinks.tie_out.totals import Movement

CELLS_SHOWN_MAX: Final = 100


def round_values(done: "Round") -> dict[str, Any]:
    """A round as plain values; amounts in minor units, debit positive."""
    found = done.comparison
    return {
        "clean": found.clean,
        "entries": found.entries,
        "differences": {kind.value: number for kind, number in found.found.counts.items()},
        "entries_that_differ": [
            {
                "difference": one.kind.value,
                "entry_id": one.entry_id,
                "order_key": one.order_key,
                "event_id": one.event_id,
                "partition": one.partition,
                "offset": one.offset,
                "changed": one.changed,
                "account": one.account,
                "currency": one.currency,
                "expected": one.expected,
                "actual": one.actual,
            }
            for one in found.found.differences
        ],
        "cells_shown_max": CELLS_SHOWN_MAX,
        "cells": [
            {
                **dict(zip(("legal_entity", "posting_date", "account", "currency"), one.cell, strict=True)),
                "stream": _movement(one.sent),
                "ledger": _movement(one.held),
            }
            for one in found.cells[:CELLS_SHOWN_MAX]
        ],
        "unexplained_ranges": [{"partition": partition, "range": number} for partition, number in found.unexplained],
        "repeats_on_stream": len(found.found.repeats),
        "unbooked": found.unbooked.entries,
        "trial_balance_difference": dict(found.trial_balance),
        "money_in": dict(found.captured),
        "money_booked": dict(found.booked),
        "balances": [
            {
                "legal_entity": one.legal_entity,
                "account": one.account,
                "currency": one.currency,
                "balance": one.balance,
                "oldest_day": one.oldest_day,
            }
            for one in found.standing
        ],
        "overdue": [
            {"account": one.standing.account, "currency": one.standing.currency, "reason": one.reason, "days": one.days}
            for one in done.overdue
        ],
        "raised": done.raised,
        "resolved": done.resolved,
        "seconds": round(done.seconds, 3),
    }


def _movement(movement: "Movement") -> dict[str, int]:
    return {"debits": movement.debits, "credits": movement.credits, "legs": movement.legs}


def round_lines(done: "Round") -> Iterator[str]:
    """A round for people."""
    found = done.comparison
    yield (
        f"{found.entries} entries of the ledger compared in {done.seconds:.1f} s; {found.unbooked.entries} on the stream are not booked yet"
    )
    for one in found.found.differences:
        amounts = (
            ""
            if one.account is None
            else f"; {one.account}: {_money(one.actual, one.currency)}, expected {_money(one.expected, one.currency)}"
        )
        yield f"{one.kind}: entry {one.entry_id} of {one.order_key}: {one.changed}{amounts}"
    more = found.found.total - len(found.found.differences)
    if more:
        yield f"and {more} more, which are counted but not named"
    for cell, sent, held in found.cells[:CELLS_SHOWN_MAX]:
        entity, day, account, currency = cell
        yield (
            f"total of {entity} {day} {account}: stream {_money(sent.balance, currency)}, ledger {_money(held.balance, currency)} "
            f"({sent.legs} and {held.legs} postings)"
        )
    for partition, number in found.unexplained:
        yield f"totals of partition {partition}, range {number} differ and no entry explains it: run `asiento verify`"
    for overdue in done.overdue:
        standing = overdue.standing
        yield (
            f"{overdue.reason}: {standing.account} of {standing.legal_entity} holds {_money(standing.balance, standing.currency)} "
            f"since {standing.oldest_day}"
        )
    if found.clean:
        yield "ledger and stream are the same"


def _money(amount: int | None, currency: str) -> str:
    return "unknown" if amount is None else f"{grouped_units_text(amount, CURRENCY_EXPONENTS.get(currency, 0))} {currency}"
