"""Entries, the rows that a ledger has of them, and the sums of such rows as the database would make them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from sinks.header_mark import header_mark
from sinks.tie_out.facts import EntryFacts, range_of
from sinks.tie_out.totals import CAPTURE, WEIGHT_MODULUS, CellKey, ControlTotals, LedgerGroup, LedgerMarks


def entry(number: int, *, partition: int = 0, offset: int | None = None, amount: int = 11_600, day: str = "2025-06-15") -> EntryFacts:
    """A capture or an invoice of an order."""
    tax = amount * 16 // 116
    legs = (
        (("psp_clearing:stripe", "DEBIT", amount), ("contract_liability", "CREDIT", amount))
        if number % 2
        else (
            ("accounts_receivable", "DEBIT", amount),
            ("revenue:sales", "CREDIT", amount - tax),
            ("tax_payable:MX:VAT", "CREDIT", tax),
        )
    )
    return EntryFacts(
        partition=partition,
        offset=number if offset is None else offset,
        entry_id=str(UUID(int=number)),
        entry_kind=CAPTURE if number % 2 else "invoice",
        part="",
        order_key=f"t1:shopify:mx:{number // 2}",
        event_id=str(UUID(int=number + 2**64)),
        legal_entity="MX01",
        posting_date=day,
        currency="MXN",
        legs=legs,
    )


def booked(entries: Iterable[EntryFacts]) -> list[EntryFacts]:
    """The rows of a ledger that has booked these entries in this order."""
    return [replace(one, entry_no=number) for number, one in enumerate(entries, start=1)]


def totals_of(entries: Iterable[EntryFacts]) -> ControlTotals:
    """The stream's totals."""
    totals = ControlTotals()
    for one in entries:
        totals.add(one)
    return totals


def sums_of(rows: Sequence[EntryFacts]) -> ControlTotals:
    """The ledger's totals, by sums over groups."""
    groups: dict[tuple[tuple[int, int], CellKey], list[int]] = defaultdict(lambda: [0] * 5)
    marks: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        key = range_of(row.partition, row.offset)
        for account, side, amount in row.legs:
            sums = groups[key, (row.legal_entity, row.posting_date, account, row.currency)]
            sums[0 if side == "DEBIT" else 1] += amount
            sums[2] += 1
            sums[3] += amount % WEIGHT_MODULUS * (row.offset % WEIGHT_MODULUS + 1)
            sums[4] += amount if row.entry_kind == CAPTURE and side == "DEBIT" else 0
        marks[key][0] += 1
        marks[key][1] += header_mark(row.entry_id, row.order_key, row.event_id, row.entry_kind)
    totals = ControlTotals()
    totals.add_groups(
        [LedgerGroup(key, cell, *sums) for (key, cell), sums in groups.items()],
        [LedgerMarks(key, count, mark) for key, (count, mark) in marks.items()],
    )
    return totals
