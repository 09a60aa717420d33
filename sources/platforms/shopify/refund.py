"""refunds/create: units and charges credited, and the money that goes back for them.

`RefundIssued` states what Shopify states where that is safe: net and taxes of a line only for goods that came back
(restock_type `return`, so they were invoiced) and only if the order is known, because the refund names no
jurisdictions. Elsewhere the amounts stay open and the accounting takes them from the units' own invoice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from asiento.accounting.order_events import RefundScope, TenderStatus
from sources.platforms.outcome import NO_MEMORY, Events, EventTwin, Nothing, OrderMemory, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.context import Context, money_fields
from sources.platforms.shopify.memory import order_known_to, refund_revision
from sources.platforms.shopify.money import MoneyReader, presentment_code, reader_for
from sources.platforms.shopify.order_checks import difference_text
from sources.platforms.shopify.refund_credits import CreditReader, Credits
from sources.platforms.shopify.tenders import cash_rounding, gateway_reference, gateway_slug, tender_of

SCOPES: dict[str, RefundScope] = {"cancel": "UNSHIPPED", "return": "SHIPPED"}
"""restock_type -> scope; every other one leaves it to the accounting (AUTO)."""

TENDER_STATUSES: dict[str, TenderStatus] = {
    "success": "SUCCEEDED",
    "pending": "PENDING",
    "awaiting_response": "PENDING",
    "unknown": "PENDING",
    "failure": "FAILED",
    "error": "FAILED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Money:
    """The transactions of a refund: tenders as they go out, and their stated amounts without cash rounding."""

    tenders: list[EventTwin]
    on_the_way: int
    failed: int
    test_mode: bool | None


def refund_issued(refund: Node, context: Context, memory: OrderMemory | None) -> Events | Nothing:
    """One RefundIssued; raises `Unjudged` hold_discrepancy if money and credits differ without a stated reason."""
    transactions = [(item, item.need("kind").text()) for item in refund.each("transactions")]
    if any(kind == "suggested_refund" for _, kind in transactions):
        return Nothing("a refund calculation: nothing has happened yet")
    refund.need("refund_line_items")
    refund.need("transactions")
    refund_id, order_id = refund.need("id").identity(), refund.need("order_id").identity()
    placed, looked = order_known_to(memory or NO_MEMORY, f"refund:{refund_id}")
    paid_back = [item for item, kind in transactions if kind == "refund"]
    money = _refund_money(refund, paid_back, context, placed)
    given = _money_given(paid_back, money)
    credited = CreditReader(refund=refund, money=money, placed=placed).read(given.on_the_way, SCOPES)
    if not credited.lines and not credited.adjustments and not given.tenders:
        return Nothing("a refund without units and without money")
    _tie(refund, money, given, credited)
    statuses = ",".join(f"{tender['tender_id']}={tender['status']}" for tender in given.tenders)
    revision, remembered = refund_revision(looked, refund_id, statuses)
    test_mode = given.test_mode if given.test_mode is not None else bool(placed and placed["test_mode"])
    event = context.envelope("RefundIssued", order_id, f"refund:{refund_id}", payload=refund, revision=revision, test_mode=test_mode)
    event |= money_fields(money) | {
        "refund_id": refund_id,
        "lines": credited.lines,
        "adjustments": credited.adjustments,
        "tenders": given.tenders,
        "allow_over_refund": False,
    }
    returned = refund.find("return")
    if returned is not None:
        event["return_id"] = returned.need("id").identity()
    return Events(events=(event,), notices=credited.notices, memory=remembered)


def _refund_money(refund: Node, transactions: Sequence[Node], context: Context, placed: EventTwin | None) -> MoneyReader:
    """The currency the money went back in, else that of the stated sets, else the order's, else the connection's."""
    stated = [item.find("currency") for item in transactions]
    codes = {code.value if isinstance(code.value, str) else None for code in stated if code is not None}
    if len(codes) > 1:
        raise Unjudged("reject_malformed", "the transactions are in several currencies", "/transactions")
    sets = [(item, ("subtotal",)) for item in refund.each("refund_line_items")]
    sets += [(item, ("amount",)) for item in refund.each("order_adjustments")]
    sets += [(item, ("subtotal_amount",)) for item in refund.each("refund_shipping_lines")] + [(refund, ("total_duties",))]
    in_sets = (presentment_code(node, names) for node, names in sets)
    code = next((code for code in stated if code is not None), None) or next((code for code in in_sets if code is not None), None)
    known = placed["currency"] if placed else context.connection.default_currency
    money = reader_for(code or known, "/transactions/0/currency" if transactions else "/currency")
    if placed is not None and placed["currency"] != money.currency:
        raise Unjudged("hold_discrepancy", f"the refund is in {money.currency}, its order in {placed['currency']}", "/transactions")
    return money


def _money_given(transactions: Sequence[Node], money: MoneyReader) -> _Money:
    tenders, on_the_way, failed = [], 0, 0
    tests = {test.flag() for item in transactions if (test := item.find("test")) is not None}
    if len(tests) > 1:
        raise Unjudged("hold_discrepancy", "some transactions are tests and some are not", "/transactions")
    for item in transactions:
        status = TENDER_STATUSES.get(item.need("status").text())
        if status is None:
            raise Unjudged("reject_malformed", f"{item.pointer}/status is not a status", f"{item.pointer}/status")
        stated = money.exact(item.need("amount"))
        amount = stated + cash_rounding(item, money)
        if stated < 0 or amount < 0:
            raise Unjudged("reject_malformed", f"{item.pointer}/amount is negative", f"{item.pointer}/amount")
        if status == "FAILED":
            failed += stated
        else:
            on_the_way += stated
        if stated:
            tenders.append(_tender(item, amount, status))
    return _Money(tenders=tenders, on_the_way=on_the_way, failed=failed, test_mode=tests.pop() if tests else None)


def _tender(transaction: Node, amount: int, status: TenderStatus) -> EventTwin:
    parent = transaction.find("parent_id")
    tender: EventTwin = {
        "tender_id": transaction.need("id").identity(),
        "payment_id": parent.identity() if parent else None,
        "tender": tender_of(transaction),
        "gateway": gateway_slug(transaction.find("gateway")),
        "gateway_reference": gateway_reference(transaction),
        "amount": amount,
        "status": status,
    }
    return {name: value for name, value in tender.items() if value is not None}


def _tie(refund: Node, money: MoneyReader, given: _Money, credited: Credits) -> None:
    """Money on the way must be what is credited; what is short of it may have failed and is still owed."""
    short = credited.calculated - given.on_the_way
    if short == 0 or 0 < short <= given.failed:
        return
    text = difference_text("money returned against the value of the refund", given.on_the_way, credited.calculated, money)
    raise Unjudged("hold_discrepancy", text, f"{refund.pointer}/transactions")
