"""Finances API 2024-06-19: a transaction with breakdown trees whose every level adds up, deferred or released."""

from collections.abc import Iterator, Sequence
from typing import Final

from sources.platforms.amazon_sp_api.amounts import Till, till_for
from sources.platforms.amazon_sp_api.movements import RELEASED, Kind, Movement, RefundedItem
from sources.platforms.amazon_sp_api.words import fee_kind, reason_of
from sources.platforms.context import Context
from sources.platforms.facts import Fetch
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node

KINDS: Final[dict[str, Kind]] = {
    "Shipment": "SHIPMENT",
    "Refund": "REFUND",
    "GuaranteeClaim": "REFUND",
    "A-to-zGuaranteeRefund": "REFUND",
    "Chargeback": "REFUND",
    "ChargebackRefund": "REFUND",
    "ServiceFee": "FEE",
}
"""Types of transactions that are facts of an order; all others move the seller's balance only."""
STATUSES: Final = frozenset({RELEASED, "DEFERRED", "DEFERRED_RELEASED"})
_FEE_GROUPS: Final = frozenset({"AmazonFees", "FBAFees", "Expenses", "RefundedExpenses"})
_PARTS_OF_A_FEE: Final = frozenset({"Base", "Tax", "Promo", "Discount"})
_DEPTH_MAX: Final = 12


def order_of(transaction: Node) -> str | None:
    """The order that a transaction names."""
    return _related(transaction, "ORDER_ID")


def movement_of(transaction: Node, context: Context) -> Movement | Nothing:
    """The movement that a transaction states, or why there is none; raises `Unjudged` where its trees do not add up."""
    till = till_for([transaction.need("totalAmount")], None, transaction.pointer)
    total = till.money(transaction.need("totalAmount"))
    items, summary = transaction.each("items"), _trees(transaction)
    _check_trees(transaction, items, summary, total, till)
    word, order_id = transaction.need("transactionType").text(), order_of(transaction)
    kind = KINDS.get(word.replace(" ", ""))
    if kind is None or (kind == "FEE" and order_id is None):
        return Nothing(f"a transaction of {till.text(total)} {till.currency} that is no fact of an order: kept for settlements")
    if order_id is None:
        pointer = f"{transaction.pointer}/relatedIdentifiers"
        raise Unjudged("refetch", "the transaction names no order: fetch it with its related identifiers", pointer)
    movement = _movement(transaction, kind, till, context)
    if any(_trees(item) for item in items):
        for item in items:
            _read(item, movement)
    elif summary:
        _walk(summary, movement, None)
    elif total:
        _ask_for_breakdowns(transaction, order_id)
    if movement.total != total:
        raise Unjudged("hold_discrepancy", till.difference("transaction", total, movement.total), f"{transaction.pointer}/totalAmount")
    return movement


def _ask_for_breakdowns(transaction: Node, order_id: str) -> None:
    message = "the transaction has no breakdown: what is paid and what is charged cannot be told apart"
    fetch = Fetch("listTransactions", f"transactions/{order_id}", message)
    raise Unjudged("refetch", message, f"{transaction.pointer}/breakdowns", fetch)


def _movement(transaction: Node, kind: Kind, till: Till, context: Context) -> Movement:
    status = transaction.find("transactionStatus")
    word = status.text().upper() if status is not None else RELEASED
    if word not in STATUSES:
        pointer = f"{transaction.pointer}/transactionStatus"
        raise Unjudged("reject_malformed", f"{pointer} is not a status of a transaction", pointer)
    own, deferred = transaction.find("transactionId"), _related(transaction, "DEFERRED_TRANSACTION_ID")
    released = _related(transaction, "RELEASE_TRANSACTION_ID")
    ids = (deferred, own.reference() if own is not None else None, released)
    return Movement(
        way="transactions",
        kind=kind,
        till=till,
        posted_at=transaction.need("postedDate").time(context.zone),
        pointer=transaction.pointer,
        status=word,
        ids=tuple(dict.fromkeys(each for each in ids if each is not None)),
    )


def _related(transaction: Node, name: str) -> str | None:
    """The value of a related identifier."""
    for related in transaction.each("relatedIdentifiers"):
        found = related.find("relatedIdentifierName")
        if found is not None and found.value == name:
            return related.need("relatedIdentifierValue").reference()
    return None


def _trees(node: Node) -> list[Node]:
    """The breakdowns of a node; the documentation wraps them into an object where answers have the list."""
    found = node.find("breakdowns")
    if found is None:
        return []
    return found.each("breakdowns") if isinstance(found.value, dict) else found.items()


def _check_trees(transaction: Node, items: Sequence[Node], summary: Sequence[Node], total: int, till: Till) -> None:
    """Items and breakdowns add up to the total, and so does every level of every tree."""
    totals = [till.money(item.need("totalAmount")) for item in items]
    if items and sum(totals) != total:
        _refuse(till.difference("items of the transaction", total, sum(totals)), f"{transaction.pointer}/totalAmount")
    for owner, stated, trees in [
        (transaction, total, summary),
        *((item, its, _trees(item)) for item, its in zip(items, totals, strict=True)),
    ]:
        if trees:
            computed = sum(_checked(tree, till) for tree in trees)
            if computed != stated:
                _refuse(till.difference("breakdowns", stated, computed), f"{owner.pointer}/totalAmount")


def _checked(tree: Node, till: Till, depth: int = 0) -> int:
    """The amount of a breakdown whose children add up to it."""
    stated, children = till.money(tree.need("breakdownAmount")), _trees(tree)
    if depth > _DEPTH_MAX:
        raise tree.malformed(f"a tree of at most {_DEPTH_MAX} levels")
    if children:
        computed = sum(_checked(child, till, depth + 1) for child in children)
        if computed != stated:
            _refuse(till.difference("parts of a breakdown", stated, computed), f"{tree.pointer}/breakdownAmount")
    return stated


def _refuse(message: str, pointer: str) -> None:
    raise Unjudged("hold_discrepancy", message, pointer)


def _read(item: Node, movement: Movement) -> None:
    product = next((context for context in item.each("contexts") if context.find("sku") is not None), None)
    refunded = None
    if movement.kind == "REFUND" and product is not None:
        sku, quantity = product.need("sku").text(), product.find("quantityShipped")
        refunded = movement.refunded.setdefault(sku, RefundedItem(item_id=None, sku=sku, quantity=0))
        refunded.quantity += abs(quantity.integer()) if quantity is not None else 0
    _walk(_trees(item), movement, refunded)


def _walk(trees: Sequence[Node], movement: Movement, refunded: RefundedItem | None) -> None:
    for word, amount, is_fee in _leaves(trees, movement.till, in_fees=movement.kind == "FEE"):
        if is_fee:
            movement.charge_fee(fee_kind(word), amount)
        else:
            movement.charge(word, amount, refunded)


def _leaves(trees: Sequence[Node], till: Till, *, in_fees: bool) -> Iterator[tuple[str, int, bool]]:
    """(word, amount, whether it is a fee) of what a tree is made of; base, tax and promotion of a fee are one fee."""
    for tree in trees:
        word, children = tree.need("breakdownType").text(), _trees(tree)
        is_fee = in_fees or fee_kind(word) in _FEE_GROUPS or reason_of(word) == "FEE"
        names = [child.need("breakdownType").text() for child in children]
        if children and not (is_fee and all(name in _PARTS_OF_A_FEE for name in names)):
            yield from _leaves(children, till, in_fees=is_fee)
        else:
            yield word, till.money(tree.need("breakdownAmount")), is_fee
