"""The state of an order as JSON bytes: the value of the table and of its changelog.

Format version 1: one object of short keys, rows as arrays in the order of the fields of
`asiento.accounting.order_state`. Taxes stand once in "x" and lines name them by place. A component vector
that is all 0 is written 0; an open block's vector that equals the agreed one is written 1.
"""

from typing import Any

import orjson

from asiento.accounting.balances import Balances, Totals
from asiento.accounting.blocks import Amounts, Block, ShippedBlock
from asiento.accounting.facts import Fact, Facts
from asiento.accounting.order_state import (
    CapKey,
    LineState,
    LineTerms,
    OpenFinding,
    OrderState,
    Parked,
    Payment,
    Placement,
    Refund,
    Shipment,
    TaxTerms,
    Tender,
)
from schemas.parked_events import event_from_fields, event_type

FORMAT_VERSION = 1


class UnknownStateFormat(ValueError):
    """The bytes are no order state of a format that this program reads: the worker must stop, not guess."""


def encode_state(state: OrderState) -> bytes:
    """The bytes of a state; equal states give equal bytes."""
    taxes: dict[TaxTerms, int] = {}
    lines = [_line_row(line, taxes) for line in state.lines.values()]
    totals = state.totals
    row: dict[str, Any] = {
        "v": FORMAT_VERSION,
        "p": state.policy_version,
        "o": [*state.placement] if state.placement is not None else None,
        "x": [[*tax] for tax in taxes],
        "l": lines,
        "f": [[*fact] for fact in state.facts],
        "n": [state.next_number, *state.seen_ahead],
        "y": {payment_id: [*payment] for payment_id, payment in state.payments.items()},
        "s": [[*shipment] for shipment in state.shipments],
        "r": {refund_id: [one[0], one[1], [[name, *tender] for name, tender in one[2]]] for refund_id, one in state.refunds.items()},
        "t": [
            totals.agreed,
            totals.invoiced,
            totals.cancelled,
            totals.return_fees,
            totals.credited,
            totals.written_off,
            totals.captured,
            totals.refunded,
            totals.pending,
            totals.lost,
            totals.disputed,
        ],
        "u": [[*key, rest] for key, rest in state.uncredited.items()],
        "q": state.entry_seq,
        "d": state.documents,
        "b": [*state.posted],
    }
    if state.parked:
        row["k"] = [[parked.code, event_type(parked.event), parked.event] for parked in state.parked]
    if state.findings:
        row["w"] = [[*finding] for finding in state.findings]
    return orjson.dumps(row)


def decode_state(value: bytes) -> OrderState:
    """The state of `encode_state`; raises `UnknownStateFormat`."""
    try:
        row = orjson.loads(value)
    except orjson.JSONDecodeError as problem:
        raise UnknownStateFormat(f"no JSON: {problem}") from None
    if not isinstance(row, dict) or row.get("v") != FORMAT_VERSION:
        version = row.get("v") if isinstance(row, dict) else None
        raise UnknownStateFormat(f"format version {version!r}, this program reads {FORMAT_VERSION}: run the version that wrote it")
    taxes = [TaxTerms(*tax) for tax in row["x"]]
    next_number, *seen_ahead = row["n"]
    return OrderState(
        policy_version=row["p"],
        placement=_placement(row["o"]) if row["o"] is not None else None,
        lines={line[0]: _line(line, taxes) for line in row["l"]},
        facts=Facts([Fact(*fact) for fact in row["f"]]),
        parked=tuple([Parked(event_from_fields(kind, fields), code) for code, kind, fields in row.get("k", ())]),
        next_number=next_number,
        seen_ahead=tuple(seen_ahead),
        payments={payment_id: Payment(*payment) for payment_id, payment in row["y"].items()},
        shipments=tuple([_shipment(*shipment) for shipment in row["s"]]),
        refunds={refund_id: _refund(*refund) for refund_id, refund in row["r"].items()},
        totals=Totals(*row["t"]),
        uncredited={_cap_key(key): key[3] for key in row["u"]},
        entry_seq=row["q"],
        documents=row["d"],
        posted=Balances(*row["b"]),
        findings=tuple([_finding(finding) for finding in row.get("w", ())]),
    )


def _line_row(line: LineState, taxes: dict[TaxTerms, int]) -> list[Any]:
    terms, block, agreed = line.terms, line.open, line.agreed
    return [
        terms.line_id,
        terms.kind,
        terms.category,
        terms.unit_price,
        terms.sku,
        terms.description,
        terms.unit_cost,
        [taxes.setdefault(tax, len(taxes)) for tax in terms.taxes],
        agreed,
        block.units,
        block.taken,
        1 if block.amounts == agreed else _vector(block.amounts),
        _vector(line.invoiced),
        _vector(line.cancelled),
        _vector(line.credited),
        line.cancelled_units,
        line.named_units,
        [[*shipped] for shipped in line.shipped],
    ]


def _vector(amounts: Amounts) -> Amounts | int:
    return amounts if any(amounts) else 0


def _line(row: list[Any], taxes: list[TaxTerms]) -> LineState:
    line_id, kind, category, unit_price, sku, description, unit_cost, tax_places, agreed_list, units, taken, *rest = row
    agreed: Amounts = tuple(agreed_list)
    nothing = (0,) * len(agreed)
    open_amounts, invoiced, cancelled, credited, cancelled_units, named_units, shipped = rest
    return LineState(
        LineTerms(line_id, kind, category, unit_price, sku, description, unit_cost, tuple([taxes[place] for place in tax_places])),
        agreed,
        Block(units, taken, agreed if open_amounts == 1 else tuple(open_amounts or nothing)),
        tuple(invoiced or nothing),
        tuple(cancelled or nothing),
        tuple(credited or nothing),
        cancelled_units,
        named_units,
        tuple([ShippedBlock(one[0], one[1], tuple(one[2]), one[3], one[4], one[5]) for one in shipped]),
    )


def _placement(row: list[Any]) -> Placement:
    return Placement._make([*row[:-1], _pairs(row[-1])])


def _shipment(shipment_id: str, invoice_number: int, warehouse: str | None, charges: list[Any]) -> Shipment:
    taken = tuple([(line_id, tuple(amounts)) for line_id, amounts in charges])
    return Shipment(shipment_id, invoice_number, warehouse, taken)


def _refund(content: str, credit_note_number: int, tenders: list[Any]) -> Refund:
    return Refund(content, credit_note_number, tuple([(name, Tender(*tender)) for name, *tender in tenders]))


def _finding(row: list[Any]) -> OpenFinding:
    return OpenFinding._make([*row[:-1], _pairs(row[-1])])


def _cap_key(row: list[Any]) -> CapKey:
    return row[0], row[1], row[2]


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple([(name, value) for name, value in rows])
