"""Refunds: units and charges credited, and the money that goes back for them.

`RefundIssued` states what Shopify states where that is safe: net and taxes of a line only for goods that came back
(restock_type `return`, so they were invoiced) and only if the order is known, because the refund names no
jurisdictions. Elsewhere the amounts stay open and the accounting takes them from the units' own invoice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from asiento.accounting.money import major_units_text
from asiento.accounting.order_events import TenderStatus
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Reading
from sources.platforms.figures import difference_text
from sources.platforms.gateway_names import gateway_slug
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import MoneyReader, presentment_code, reader_for
from sources.platforms.shopify.needs import order_needed
from sources.platforms.shopify.notes import OrderNotes, notes_of
from sources.platforms.shopify.refund_credits import Credits, credits_of
from sources.platforms.shopify.refund_statement import Statement, StatementReader, statement_from_json
from sources.platforms.shopify.tenders import cash_rounding, gateway_reference, tender_of
from sources.platforms.shopify.times import occurred_at, seen_at

TENDER_STATUSES: Final[dict[str, TenderStatus]] = {
    "success": "SUCCEEDED",
    "pending": "PENDING",
    "awaiting_response": "PENDING",
    "unknown": "PENDING",
    "failure": "FAILED",
    "error": "FAILED",
}
_PROGRESS: Final = {"PENDING": 1, "SUCCEEDED": 2, "FAILED": 3}
"""A tender only moves upwards, and new ones only join: their sum tells the later state of a refund from the earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Money:
    """The transactions of a refund: tenders as they go out, and their stated amounts without cash rounding."""

    tenders: list[EventTwin]
    on_the_way: int
    failed: int
    test_mode: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund as it was read. `value`: what its lines and charges come to, in minor units, and `calculated` with its discrepancies.

    difference: why it cannot be told, where its money and what it calculates differ; there is no fact then.
    """

    fact: Fact | None
    notices: tuple[str, ...]
    value: int
    calculated: int
    difference: str | None

    def told(self, pointer: str) -> Fact:
        """The fact; raises `Unjudged` hold_discrepancy at `pointer` where it cannot be told."""
        if self.fact is None:
            raise Unjudged("hold_discrepancy", self.difference or "the refund does not add up", pointer)
        return self.fact


def read_refund(refund: Node, context: Context) -> Reading | Nothing:
    """One RefundIssued; raises `Unjudged` hold_discrepancy if money and credits differ without a stated reason."""
    notes = notes_of(context)
    found = judge_refund(refund, context, notes, context.order)
    if isinstance(found, Nothing):
        return found
    fact = found.told(f"{refund.pointer}/transactions")
    order_id = identity_of(refund.need("order_id"))
    return Reading(
        order_id=order_id,
        facts=(fact,),
        seen_at=seen_at(refund, context),
        notices=found.notices,
        memory=notes.to_json(),
        fetches=order_needed(order_id, context),
    )


def judge_refund(refund: Node, context: Context, notes: OrderNotes, order: EventTwin | None) -> Refund | Nothing:
    """The refund, or why there is none. Without its order it says less, and carries what the order has to add."""
    transactions = [(item, item.need("kind").text()) for item in refund.each("transactions")]
    if any(kind == "suggested_refund" for _, kind in transactions):
        return Nothing("a refund calculation: nothing has happened yet")
    refund.need("refund_line_items")
    refund.need("transactions")
    refund_id = identity_of(refund.need("id"))
    paid_back = [item for item, kind in transactions if kind == "refund"]
    money = _refund_money(refund, paid_back, order, context)
    given = _money_given(paid_back, money)
    stated = StatementReader(refund, money).read()
    before = notes.told_before(refund_id, stated)
    statement = notes.with_value_given_back(refund_id, stated)
    blind = _holds_tax(statement, given, context)
    credited = credits_of(statement, bool(order["prices_include_tax"]) if order else blind, order)
    if not credited.lines and not credited.adjustments and not given.tenders:
        return Nothing("a refund without units and without money")
    notices = credited.notices if order or not context.remembers else credited.notices_of_amounts
    if before:
        figure = f"{major_units_text(before, money.exponent)} {money.currency}"
        notices += (
            f"{figure} was told as goodwill before refund {refund_id} came, which keeps value back: look at the customer's account",
        )
    difference = None
    if not _ties(credited, given.on_the_way, given.failed):
        difference = difference_text(f"refund {refund_id}", given.on_the_way, credited.calculated, money)
    if difference is not None and given.test_mode:
        notices, difference = (*notices, difference), None
    return Refund(
        fact=_issued(refund, context, given, statement, credits_of(statement, blind, None)) if difference is None else None,
        notices=notices,
        value=credited.value,
        calculated=credited.calculated,
        difference=difference,
    )


def _holds_tax(statement: Statement, given: _Money, context: Context) -> bool:
    """Whether subtotals hold the tax, where the order cannot say it; one that it will still say is read as the money fits."""
    if statement.holds_tax(given.on_the_way):
        return True
    fits = [included for included in (False, True) if _ties(credits_of(statement, included, None), given.on_the_way, given.failed)]
    return context.remembers and context.order is None and fits == [True]


def _issued(refund: Node, context: Context, given: _Money, statement: Statement, credited: Credits) -> Fact:
    refund_id, returned = identity_of(refund.need("id")), refund.find("return")
    return Fact(
        type="RefundIssued",
        business_key=f"refund:{refund_id}",
        body={
            "currency": statement.currency,
            "currency_exponent": statement.exponent,
            "refund_id": refund_id,
            "return_id": identity_of(returned.need("id")) if returned is not None else None,
            **_credited(credited),
            "tenders": given.tenders,
            "allow_over_refund": False,
        },
        occurred_at=occurred_at(refund, context),
        test_mode=given.test_mode,
        repeat="status",
        version=sum(_PROGRESS[tender["status"]] for tender in given.tenders),
        open=statement.to_json() | {"on_the_way": given.on_the_way, "failed": given.failed},
    )


def complete_refund(fact: Fact, order: EventTwin) -> Fact:
    """The refund with the taxes of its order; as it is where they do not fit."""
    if not isinstance(fact.open, dict) or order["currency"] != fact.body["currency"]:
        return fact
    credited = credits_of(statement_from_json(fact.open), bool(order["prices_include_tax"]), order)
    if not _ties(credited, fact.open["on_the_way"], fact.open["failed"]):
        return fact
    return replace(fact, body=fact.body | _credited(credited))


def _credited(credited: Credits) -> EventTwin:
    return {"lines": credited.lines, "adjustments": credited.adjustments}


def _refund_money(refund: Node, transactions: Sequence[Node], order: EventTwin | None, context: Context) -> MoneyReader:
    """The currency the money went back in, else that of the stated sets, else the order's, else the connection's."""
    stated = [item.find("currency") for item in transactions]
    codes = {code.value if isinstance(code.value, str) else None for code in stated if code is not None}
    if len(codes) > 1:
        raise Unjudged("reject_malformed", "the transactions are in several currencies", f"{refund.pointer}/transactions")
    sets = [(item, ("subtotal",)) for item in refund.each("refund_line_items")]
    sets += [(item, ("amount",)) for item in refund.each("order_adjustments")]
    sets += [(item, ("subtotal_amount",)) for item in refund.each("refund_shipping_lines")] + [(refund, ("total_duties",))]
    in_sets = (presentment_code(node, names) for node, names in sets)
    code = next((code for code in stated if code is not None), None) or next((code for code in in_sets if code is not None), None)
    known = order["currency"] if order else context.connection.default_currency
    money = reader_for(code or known, f"{refund.pointer}/transactions/0/currency" if transactions else f"{refund.pointer}/currency")
    if order is not None and order["currency"] != money.currency:
        text = f"the refund is in {money.currency}, its order in {order['currency']}"
        raise Unjudged("hold_discrepancy", text, f"{refund.pointer}/transactions")
    return money


def _money_given(transactions: Sequence[Node], money: MoneyReader) -> _Money:
    tenders, on_the_way, failed = [], 0, 0
    tests = {test.flag() for item in transactions if (test := item.find("test")) is not None}
    if len(tests) > 1:
        raise Unjudged("hold_discrepancy", "some transactions are tests and some are not", transactions[0].pointer)
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
        "tender_id": identity_of(transaction.need("id")),
        "payment_id": identity_of(parent) if parent else None,
        "tender": tender_of(transaction),
        "gateway": gateway_slug(transaction.find("gateway")),
        "gateway_reference": gateway_reference(transaction),
        "amount": amount,
        "status": status,
    }
    return {name: value for name, value in tender.items() if value is not None}


def _ties(credited: Credits, on_the_way: int, failed: int) -> bool:
    """Money on the way must be what is credited; what is short of it may have failed and is still owed."""
    short = credited.calculated - on_the_way
    return short == 0 or 0 < short <= failed
