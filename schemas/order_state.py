"""The state of an order as JSON bytes: the value of the table and of its changelog.

Format version 2: one object of short keys, absent where there is nothing. Rows are arrays in the order of the fields of
`asiento.accounting.order_state`, without the zeros and empty parts at their end. What comes again stands once: taxes in
"x", accounts with the dimensions that are not the order's own in "a"; rows name them by place. A component vector that is
all 0 is written 0, one that equals the agreed vector 1, one without a discount as its net and taxes. The three digests of
a fact (event_id, fingerprint, content) are one base64 text; of a natural key only the kind is written where its id is
that of the business key.
"""

from base64 import b64decode, b64encode
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeAlias

import orjson

from asiento.accounting.balances import Balances, Totals
from asiento.accounting.blocks import FIRST_TAX, Amounts, Block, ShippedBlock
from asiento.accounting.facts import Fact, Facts
from asiento.accounting.journal import DocumentKind
from asiento.accounting.order_state import (
    NET_CAP,
    Adjustment,
    Booked,
    BookedEntry,
    CapKey,
    Dispute,
    LineState,
    LineTerms,
    OpenFinding,
    OrderState,
    Parked,
    Payment,
    Placement,
    Refund,
    ReturnedPart,
    Shipment,
    Suspended,
    TaxTerms,
    Tender,
)
from schemas.exact_bytes import exact_copy
from schemas.fingerprints import TAG
from schemas.kept import Kept
from schemas.order_state_upgrades import UPGRADES
from schemas.parked_events import event_from_fields, event_type

FORMAT_VERSION = 2
Row: TypeAlias = list[Any]
Dimensions: TypeAlias = tuple[tuple[str, str], ...]
Account: TypeAlias = tuple[str, Dimensions]

_UUID_DIGITS = 32
_TOTALS = tuple(field.name for field in fields(Totals))
_DOCUMENT_KINDS: tuple[DocumentKind, ...] = ("INVOICE", "CREDIT_NOTE", "PAYMENT", "REFUND")
_DIMENSIONS = {"c": "category", "h": "channel", "s": "store", "t": "tax_code", "r": "tax_rate", "w": "warehouse"}
_FACT_KINDS = {"p": "payment", "s": "shipment", "r": "return", "f": "fee", "a": "adjustment", "j": "journal"}
_ENTRY_KINDS = {"p": "capture", "f": "fee", "i": "invoice", "c": "cost", "r": "return_stock", "a": "receivable_adjusted"}
_ENTRY_LETTERS = {kind: letter for letter, kind in _ENTRY_KINDS.items()}
_FACT_LETTERS = {kind: letter for letter, kind in _FACT_KINDS.items()}
_DIMENSION_LETTERS = {name: letter for letter, name in _DIMENSIONS.items()}


class UnknownStateFormat(ValueError):
    """The bytes are no order state of a format that this program reads: the worker must stop, not guess."""


def encode_state(state: OrderState) -> bytes:
    """The bytes of a state; equal states give equal bytes."""
    taxes: dict[TaxTerms, int] = {}
    accounts: dict[Account, int] = {}
    placement, totals = state.placement, state.totals
    included = placement is not None and placement.prices_include_tax
    row: dict[str, Any] = {
        "v": FORMAT_VERSION,
        "p": state.policy_version,
        "o": placement and [*placement],
        "l": [_line_row(line, taxes, included=included) for line in state.lines.values()],
        "f": [_fact_row(*fact) for fact in state.facts],
        "n": _trimmed([state.next_number, *state.seen_ahead]) if state.next_number > 1 or state.seen_ahead else None,
        "y": {payment_id: _payment_row(payment) for payment_id, payment in state.payments.items()},
        "s": [_shipment_row(shipment, included=included) for shipment in state.shipments],
        "r": state.refunds and {refund_id: _refund_row(*refund) for refund_id, refund in state.refunds.items()},
        "t": _trimmed([getattr(totals, name) for name in _TOTALS]),
        "u": _cap_rows(state.uncredited, taxes),
        "q": state.entry_seq,
        "d": _trimmed([state.documents.get(kind, 0) for kind in _DOCUMENT_KINDS]),
        "b": _trimmed([*state.posted]),
        "k": state.parked and [[parked.code, event_type(parked.event), parked.event] for parked in state.parked],
        "w": state.findings and [[*finding] for finding in state.findings],
        "e": None if state.order_revision is None else [state.order_revision],
        "i": state.returns and {return_id: [[*part] for part in parts] for return_id, parts in state.returns.items()},
        "c": state.disputes and {dispute_id: _trimmed([*dispute]) for dispute_id, dispute in state.disputes.items()},
        "j": state.adjustments and {adjustment_id: [*one] for adjustment_id, one in state.adjustments.items()},
        "h": state.booked and _booked_rows(state, accounts),
        "m": state.corrected,
        "z": state.suspended and {event_id: [[*one] for one in parts] for event_id, parts in state.suspended.items()},
        "g": state.last_arrival,
        "-": state.archived,
        "x": [[*tax] for tax in taxes],
    }
    own = _own_dimensions(placement)
    row["a"] = [_ACCOUNT_ROWS[account, own] for account in accounts]
    return exact_copy(orjson.dumps({name: value for name, value in row.items() if value}))


def decode_state(value: bytes) -> OrderState:
    """The state of `encode_state`, or of an older version of it; raises `UnknownStateFormat`."""
    try:
        return _state(_current_row(value))
    except UnknownStateFormat:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        raise UnknownStateFormat(f"the row is not as it was written: {type(problem).__name__}: {problem}") from None


def _state(row: dict[str, Any]) -> OrderState:
    """The state of a row of today's format."""
    taxes = [TaxTerms(*tax) for tax in row.get("x", ())]
    placement = _placement(row["o"]) if "o" in row else None
    included = placement is not None and placement.prices_include_tax
    facts = [_fact(*fact) for fact in row.get("f", ())]
    own = _own_dimensions(placement)
    accounts = [_ACCOUNTS[tuple(one), own] for one in row.get("a", ())]
    next_number, *seen_ahead = row.get("n", (1,))
    return OrderState(
        policy_version=row["p"],
        placement=placement,
        lines={line[0]: _line(line, taxes, included=included) for line in row.get("l", ())},
        facts=Facts(facts),
        parked=tuple([Parked(event_from_fields(kind, fields), code) for code, kind, fields in row.get("k", ())]),
        next_number=next_number,
        seen_ahead=tuple(seen_ahead),
        payments={payment_id: _payment(payment) for payment_id, payment in row.get("y", {}).items()},
        shipments=tuple([_shipment(*_padded(shipment, _SHIPMENT), included=included) for shipment in row.get("s", ())]),
        refunds={refund_id: _refund(*refund) for refund_id, refund in row.get("r", {}).items()},
        totals=Totals(*row.get("t", ())),
        uncredited={_cap_key(one, taxes): one[-1] for one in row.get("u", ())},
        entry_seq=row.get("q", 0),
        documents={kind: count for kind, count in zip(_DOCUMENT_KINDS, row.get("d", ()), strict=False) if count},
        posted=Balances(*row.get("b", ())),
        findings=tuple([_finding(finding) for finding in row.get("w", ())]),
        order_revision=row["e"][0] if "e" in row else None,
        returns={return_id: tuple([ReturnedPart(*part) for part in parts]) for return_id, parts in row.get("i", {}).items()},
        disputes={dispute_id: _dispute(dispute) for dispute_id, dispute in row.get("c", {}).items()},
        adjustments={adjustment_id: Adjustment(*one) for adjustment_id, one in row.get("j", {}).items()},
        booked=dict([_booked(one, facts, accounts) for one in row.get("h", ())]),
        corrected=tuple(row.get("m", ())),
        suspended={event_id: tuple([Suspended(*one) for one in parts]) for event_id, parts in row.get("z", {}).items()},
        last_arrival=row.get("g", 0),
        archived=row.get("-", False),
    )


def _current_row(value: bytes) -> dict[str, Any]:
    """The object of the bytes, brought from its own format version to today's."""
    try:
        row = orjson.loads(value)
    except orjson.JSONDecodeError as problem:
        raise UnknownStateFormat(f"no JSON: {problem}") from None
    version = row.get("v") if isinstance(row, dict) else None
    while type(version) is int and version in UPGRADES:
        row = UPGRADES[version](row)
        version = row["v"]
    if version != FORMAT_VERSION:
        raise UnknownStateFormat(f"format version {version!r}, this program reads up to {FORMAT_VERSION}: run the version that wrote it")
    current: dict[str, Any] = row
    return current


_PAYMENT: Row = ["", "", None, 0, 0, 0]
_SHIPMENT: Row = [None, 0, None, (), 0]
_TENDER: Row = [None, 0, "", "", None]
_DISPUTE: Row = [None, None, 0, 0, False]
_LINE: Row = [None, None, None, None, None, None, None, (), 0, (), 0, 0, 0, 0, 0, 0, 0, 0, ()]
_BLOCK: Row = [0, 0, 0, None, 0, 0, 0, None, False]
"""What stands for the trimmed end of a row."""


def _trimmed(row: Row) -> Row:
    """The row without what is empty at its end; `_padded` puts it back, so that an end has one way to be empty."""
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]


def _padded(row: Row, like: Row) -> Row:
    return row + like[len(row) :]


def _payment_row(payment: Payment) -> Row:
    fee = 0 if payment.fee is None else payment.fee + 1
    return _trimmed([payment.tender, payment.gateway, payment.store, payment.amount, fee, payment.reversed])


def _payment(row: Row) -> Payment:
    tender, gateway, store, amount, fee, reversed_ = _padded(row, _PAYMENT)
    return Payment(tender, gateway, store, amount, fee - 1 if fee else None, reversed_)


def _fact_row(event_id: str, fingerprint: str, business_key: str, content: str, natural_key: str) -> Row:
    digests = bytes.fromhex(f"{event_id.replace('-', '')}{fingerprint[3:]}{content[3:]}")
    row = [b2a_base64(digests, newline=False).decode(), business_key]
    if natural_key:
        kind, _, about = natural_key.partition(":")
        same = kind in _FACT_LETTERS and about == business_key.partition(":")[2]
        row.append(_FACT_LETTERS[kind] if same else f":{natural_key}")
    return row


def _fact(digests: str, business_key: str, natural_key: str = "") -> Fact:
    texts = a2b_base64(digests).hex()
    half = _UUID_DIGITS + (len(texts) - _UUID_DIGITS) // 2
    if natural_key:
        natural_key = natural_key[1:] if natural_key[0] == ":" else f"{_FACT_KINDS[natural_key]}:{business_key.partition(':')[2]}"
    return Fact(_uuid_text(texts), TAG + texts[_UUID_DIGITS:half], business_key, TAG + texts[half:], natural_key)


def _short(digest: str) -> str:
    """A digest of hexadecimal digits as base64."""
    return b64encode(bytes.fromhex(digest)).decode().rstrip("=")


def _digest(short: str) -> str:
    return b64decode(short + "==").hex()


def _uuid_text(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


def _booked_rows(state: OrderState, accounts: dict[Account, int]) -> list[Row]:
    """Each fact's place, the event that booked it where that is not its own, and its entries: kind, then account and amount in turn."""
    if not state.booked:
        return []
    places = {fact.natural_key: (place, fact.event_id) for place, fact in enumerate(state.facts)}
    rows = []
    for key, booked in state.booked.items():
        place, event_id = places[key]
        row: Row = [place, 0 if booked.event_id == event_id else booked.event_id]
        for entry in booked.entries:
            legs: Row = [_ENTRY_LETTERS[entry.kind]]
            for account, dimensions, amount in entry.postings:
                legs += (accounts.setdefault((account, dimensions), len(accounts)), amount)
            row.append(legs)
        rows.append(row)
    return rows


def _booked(row: Row, facts: list[Fact], accounts: list[Account]) -> tuple[str, Booked]:
    place, event_id, *entries = row
    booked = []
    for kind, *legs in entries:
        postings = [(*accounts[account], amount) for account, amount in zip(legs[::2], legs[1::2], strict=True)]
        booked.append(BookedEntry(_ENTRY_KINDS[kind], tuple(postings)))
    return facts[place].natural_key, Booked(event_id or facts[place].event_id, tuple(booked))


def _own_dimensions(placement: Placement | None) -> Dimensions:
    """Dimensions of every posting of the order."""
    if placement is None:
        return ()
    return (("channel", placement.channel), *([("store", placement.store)] if placement.store else []))


def _account_row(account: tuple[Account, Dimensions]) -> Row:
    (name, dimensions), own = account
    row: Row = [name]
    for dimension, value in dimensions:
        if (dimension, value) not in own:
            row += (_DIMENSION_LETTERS[dimension], value)
    return row


def _account(row: tuple[tuple[str, ...], Dimensions]) -> Account:
    (account, *others), own = row
    told = [(_DIMENSIONS[letter], value) for letter, value in zip(others[::2], others[1::2], strict=True)]
    return account, tuple(sorted([*own, *told]))


_ACCOUNT_ROWS = Kept[tuple[Account, Dimensions], Row](_account_row, items_max=1_024, length_max=16)
_ACCOUNTS = Kept[tuple[tuple[str, ...], Dimensions], Account](_account, items_max=1_024, length_max=2)


def _line_row(line: LineState, taxes: dict[TaxTerms, int], *, included: bool) -> Row:
    block, agreed = line.open, line.agreed
    *terms, line_taxes = line.terms
    return _trimmed(
        [
            *terms,
            [taxes.setdefault(tax, len(taxes)) for tax in line_taxes],
            line.units,
            _written(agreed, None, included=included) or agreed,
            block.units,
            block.taken,
            _written(block.amounts, agreed, included=included),
            _written(line.invoiced, agreed, included=included),
            _written(line.cancelled, agreed, included=included),
            _written(line.credited, agreed, included=included),
            line.cancelled_units,
            line.named_units,
            [_block_row(shipped, line, _written(shipped.credits.amounts, agreed, included=included)) for shipped in line.shipped],
        ]
    )


def _block_row(block: ShippedBlock, line: LineState, amounts: Amounts | int) -> Row:
    category = None if block.category == line.terms.category else block.category
    credits_ = block.credits
    return _trimmed(
        [
            block.shipment,
            block.units,
            amounts,
            None if credits_.units == block.units else credits_.units,
            credits_.taken,
            block.returned_units,
            0 if block.cost is None else block.cost + 1,
            category,
            block.joined,
        ]
    )


def _written(amounts: Amounts, agreed: Amounts | None, *, included: bool) -> Amounts | int:
    """A component vector as it is written; its weight is its net, and its taxes where prices include them."""
    if amounts == agreed:
        return 1
    if not any(amounts):
        return 0
    net, discount, order_discount, weight, *taxes = amounts
    if discount or order_discount or weight != (net + sum(taxes) if included else net):
        return amounts
    return (net, *taxes)


def _read(written: list[int], tax_count: int, *, included: bool) -> Amounts:
    if len(written) != 1 + tax_count:
        return tuple(written)
    net, *taxes = written
    return (net, 0, 0, net + (sum(taxes) if included else 0), *taxes)


def _line(row: Row, taxes: list[TaxTerms], *, included: bool) -> LineState:
    *terms, tax_places, units, agreed_list, open_units, taken, opened, invoiced, cancelled, credited, gone, named, shipped = _padded(
        row, _LINE
    )
    agreed = _read(agreed_list, len(tax_places), included=included)
    nothing = (0,) * len(agreed)

    def vector(written: list[int] | int) -> Amounts:
        if isinstance(written, list):
            return _read(written, len(tax_places), included=included)
        return agreed if written == 1 else nothing

    line_terms = LineTerms._make([*terms, tuple([taxes[place] for place in tax_places])])
    blocks = []
    for one in shipped:
        position, count, amounts, credit_units, credited_units, returned, cost, category, joined = _padded(one, _BLOCK)
        credits_ = Block(count if credit_units is None else credit_units, credited_units, vector(amounts))
        blocks.append(
            ShippedBlock(position, count, credits_, returned, cost - 1 if cost else None, category or line_terms.category, bool(joined))
        )
    return LineState(
        line_terms,
        units,
        agreed,
        Block(open_units, taken, vector(opened)),
        vector(invoiced),
        vector(cancelled),
        vector(credited),
        gone,
        named,
        tuple(blocks),
    )


def _placement(row: Row) -> Placement:
    return Placement._make([*row[:-1], _pairs(row[-1])])


def _shipment_row(shipment: Shipment, *, included: bool) -> Row:
    charges = [
        [line_id, len(amounts) - FIRST_TAX, _written(amounts, None, included=included) or amounts] for line_id, amounts in shipment.charges
    ]
    return _trimmed([shipment.shipment_id, shipment.invoice_number, shipment.warehouse, charges, 0 if shipment.stands else 1])


def _shipment(shipment_id: str, invoice_number: int, warehouse: str | None, charges: Row, undone: int, *, included: bool) -> Shipment:
    taken = tuple([(line_id, _read(amounts, tax_count, included=included)) for line_id, tax_count, amounts in charges])
    return Shipment(shipment_id, invoice_number, warehouse, taken, not undone)


def _refund_row(content: str, credit_note_number: int, tenders: Iterable[tuple[str, Tender]]) -> Row:
    return [_short(content), credit_note_number, [_trimmed([name, *tender]) for name, tender in tenders]]


def _refund(content: str, credit_note_number: int, tenders: Row) -> Refund:
    stated = [_padded(tender, _TENDER) for tender in tenders]
    return Refund(_digest(content), credit_note_number, tuple([(name, Tender(*tender)) for name, *tender in stated]))


def _dispute(row: Row) -> Dispute:
    return Dispute(*_padded(row, _DISPUTE))


def _finding(row: Row) -> OpenFinding:
    return OpenFinding._make([*row[:-1], _pairs(row[-1])])


def _cap_rows(uncredited: dict[CapKey, int], taxes: dict[TaxTerms, int]) -> list[Row]:
    """What is left under each cap: the net alone, a tax with its place in "x" or, of no line any more, with its key."""
    places = {tax.cap_key: place for tax, place in reversed(taxes.items())}
    rows: list[Row] = []
    for key, rest in uncredited.items():
        named = [] if key == NET_CAP else [places[key]] if key in places else [*key]
        rows.append([*named, rest])
    return rows


def _cap_key(row: Row, taxes: list[TaxTerms]) -> CapKey:
    match row:
        case [_]:
            return NET_CAP
        case [int(place), _]:
            return taxes[place].cap_key
        case _:
            return row[0], row[1], row[2]


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple([(name, value) for name, value in rows])
