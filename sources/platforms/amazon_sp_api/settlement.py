"""The settlement report: nothing of it is released before its rows add up to its total; then rows of orders are movements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sources.platforms.amazon_sp_api.amounts import Till
from sources.platforms.amazon_sp_api.movements import Kind, Movement, RefundedItem
from sources.platforms.amazon_sp_api.settlement_file import FIRST_COLUMN, ROWS, decimal_comma, field_of, file_time, plain_amount
from sources.platforms.amazon_sp_api.words import fee_kind, reason_of
from sources.platforms.context import Context
from sources.platforms.facts import Part
from sources.platforms.minor_units import exponent_of
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

KINDS: Final[dict[str, Kind]] = {
    "order": "SHIPMENT",
    "refund": "REFUND",
    "chargebackrefund": "REFUND",
    "atozguaranteerefund": "REFUND",
}
"""Transaction types of rows that are facts of an order; all other rows are kept for settlements."""

_TOTAL: Final = "total-amount"
_TIMES: Final = ("posted-date-time", "posted-date")
_CHARGES: Final = frozenset({"itemprice", "promotion"})
_FEES: Final = frozenset({"itemfees", "shipmentfees", "orderfees", "costofpoints", "costofpointsgranted"})
_BY_COLUMN: Final = (
    ("price-amount", "price-type", "itemprice"),
    ("promotion-amount", "promotion-type", "promotion"),
    ("item-related-fee-amount", "item-related-fee-type", "itemfees"),
    ("shipment-fee-amount", "shipment-fee-type", "itemfees"),
    ("order-fee-amount", "order-fee-type", "itemfees"),
    ("misc-fee-amount", "", "itemfees"),
    ("other-fee-amount", "other-fee-reason-description", "itemfees"),
    ("direct-payment-amount", "direct-payment-type", "other"),
    ("other-amount", "", "other"),
)
"""First generation: a column per kind of amount, its name in another one, and the amount type it stands for."""


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount of a row: its type and name in Amazon's words, and where it stands."""

    type: str
    name: str
    node: Node


def settlement_parts(report: Node) -> list[Part]:
    """One part per order and one for all other rows; raises `Unjudged` hold_discrepancy unless the rows add up to the total."""
    rows = report.each(ROWS)
    till, comma = _till(rows), decimal_comma(amount.node.value for row in rows for amount in _amounts(row, with_total=True))
    _check_total(rows, till, comma)
    by_order: dict[str, list[int]] = {}
    kept = 0
    for number, row in enumerate(rows):
        order_id = field_of(row, ("order-id",))
        if not any(True for _ in _amounts(row)):
            continue
        if order_id is not None and _kind(row) is not None:
            by_order.setdefault(order_id.reference(), []).append(number)
        else:
            kept += 1
    about = {"currency": till.currency, "comma": comma}
    parts = [Part(kind="settlement", resource=order, node=report, about={**about, "rows": found}) for order, found in by_order.items()]
    if kept or not parts:
        parts.append(Part(kind="kept", resource="settlement report", node=report, about={"kept": {"rows of the settlement report": kept}}))
    return parts


def movements_of(part: Part, context: Context) -> list[Movement]:
    """The movements of one order in the report: rows of one kind and one time of posting are one movement."""
    currency, comma = part.about["currency"], part.about["comma"]
    till = Till(currency, exponent_of(currency, ""))
    found: dict[tuple[str, str], Movement] = {}
    for number in part.about["rows"]:
        row = Node(part.node.value[ROWS][number], f"/{ROWS}/{number}")
        kind, posted = _kind(row), field_of(row, _TIMES)
        if kind is None or posted is None:
            raise Unjudged("reject_malformed", f"{row.pointer}: a row of an order without a date", row.pointer)
        moment = file_time(posted, context.zone)
        fresh = Movement(way="settlement", kind=kind, till=till, posted_at=moment, pointer=row.pointer)
        _read(row, found.setdefault((kind, fresh.second), fresh), comma=comma)
    return list(found.values())


def _till(rows: Sequence[Node]) -> Till:
    codes = {node.value: node.pointer for row in rows if (node := field_of(row, ("currency",))) is not None}
    if len(codes) != 1:
        message = f"a settlement report in one currency is expected, this one states {len(codes)}"
        raise Unjudged("hold_discrepancy" if codes else "reject_malformed", message, f"/{ROWS}")
    currency, pointer = next(iter(codes.items()))
    return Till(currency, exponent_of(currency, pointer))


def _check_total(rows: Sequence[Node], till: Till, comma: bool) -> None:
    """Per settlement: the sum of all amounts must be the total of its summary row."""
    stated: dict[str, tuple[int, str]] = {}
    computed: dict[str, int] = {}
    for row in rows:
        settlement = field_of(row, (FIRST_COLUMN,))
        if settlement is None:
            raise Unjudged("reject_malformed", f"{row.pointer}: a row without a settlement id", row.pointer)
        total = field_of(row, (_TOTAL,))
        if total is not None:
            amount = till.exact(plain_amount(total, comma=comma))
            if stated.setdefault(settlement.value, (amount, total.pointer))[0] != amount:
                raise Unjudged("hold_discrepancy", "two totals of one settlement", total.pointer)
        amounts = (till.exact(plain_amount(each.node, comma=comma)) for each in _amounts(row))
        computed[settlement.value] = computed.get(settlement.value, 0) + sum(amounts)
    for settlement_id, figure in computed.items():
        if settlement_id not in stated:
            raise Unjudged("hold_discrepancy", "the report states no total: nothing shows that it is whole", f"/{ROWS}")
        if stated[settlement_id][0] != figure:
            message = till.difference(f"total of the settlement report of {len(rows)} rows", stated[settlement_id][0], figure)
            raise Unjudged("hold_discrepancy", message, stated[settlement_id][1])


def _amounts(row: Node, *, with_total: bool = False) -> Iterator[Amount]:
    amount = field_of(row, ("amount",))
    if amount is not None:
        yield Amount(_plain(row, "amount-type"), _word(row, "amount-description"), amount)
    for column, name, stands_for in _BY_COLUMN:
        amount = field_of(row, (column,))
        if amount is not None:
            yield Amount(stands_for, _word(row, name) or column.removesuffix("-amount"), amount)
    total = field_of(row, (_TOTAL,)) if with_total else None
    if total is not None:
        yield Amount("total", "", total)


def _word(row: Node, column: str) -> str:
    found = field_of(row, (column,))
    return found.text() if found is not None else ""


def _plain(row: Node, column: str) -> str:
    return "".join(character for character in _word(row, column).lower() if character.isalnum())


def _kind(row: Node) -> Kind | None:
    return KINDS.get(_plain(row, "transaction-type"))


def _read(row: Node, movement: Movement, *, comma: bool) -> None:
    refunded = _refunded(row, movement)
    for amount in _amounts(row):
        value = movement.till.exact(plain_amount(amount.node, comma=comma))
        if amount.type in _FEES or (amount.type not in _CHARGES and reason_of(amount.name) == "FEE"):
            movement.charge_fee(fee_kind(amount.name or amount.type), value)
        elif amount.type in _CHARGES or reason_of(amount.name) == "WITHHELD" or reason_of(amount.type) == "WITHHELD":
            word = amount.type if reason_of(amount.type) == "WITHHELD" else amount.name or amount.type
            movement.charge(word, value, refunded)
        elif value:
            message = f"{amount.node.pointer}: an amount of an order of a kind that is not known"
            raise Unjudged("hold_discrepancy", message, amount.node.pointer)


def _refunded(row: Node, movement: Movement) -> RefundedItem | None:
    item, sku = field_of(row, ("order-item-code",)), field_of(row, ("sku",))
    if movement.kind != "REFUND" or (item is None and sku is None):
        return None
    item_id, known_sku = (item.reference() if item is not None else None), (sku.text() if sku is not None else None)
    quantity: Any = field_of(row, ("quantity-purchased",))
    refunded = movement.refunded.setdefault(f"{item_id} {known_sku}", RefundedItem(item_id=item_id, sku=known_sku, quantity=0))
    refunded.quantity = max(refunded.quantity, quantity.count() if quantity is not None else 0)
    return refunded
