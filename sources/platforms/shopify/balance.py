"""Shopify Payments' own books: payouts and balance transactions. Fees of charges are told; the rest is kept for settlements."""

from typing import Final

from asiento.accounting.money import major_units_text
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Reading
from sources.platforms.figures import difference_text
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.dispute import GATEWAY
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import MoneyReader, reader_for
from sources.platforms.shopify.needs import order_needed

_KEPT: Final = "kept for settlements"
_PAYOUT_STATUSES: Final = frozenset({"scheduled", "in_transit", "paid", "failed", "canceled", "cancelled"})
_GROSS: Final = "_gross_amount"
_FEE: Final = "_fee_amount"


def read_balance_transaction(row: Node, context: Context) -> Reading | Nothing:
    """FeeCharged for a charge with a fee and an order; a row whose net is not amount less fee is reported."""
    money = _money(row, context)
    amount, fee, net = (money.exact(row.need(name)) for name in ("amount", "fee", "net"))
    kind = row.need("type").text()
    row_id = identity_of(row.need("id"))
    notices = () if amount - fee == net else (difference_text(f"net of balance transaction {row_id}", net, amount - fee, money),)
    order = row.find("source_order_id")
    what = f"a balance transaction ({_figures(money, amount=amount, fee=fee, net=net)}): {_KEPT}"
    if kind != "charge" or fee <= 0 or order is None:
        return Reading(notices=(*notices, what)) if notices else Nothing(what)
    if notices:
        raise Unjudged("hold_discrepancy", notices[0], f"{row.pointer}/net")
    order_id = identity_of(order)
    if context.order is not None and context.order["currency"] != money.currency:
        figure = f"{major_units_text(fee, money.exponent)} {money.currency}"
        return Nothing(f"a fee of {figure} for an order in {context.order['currency']}: {_KEPT}")
    return Reading(
        order_id=order_id,
        facts=(_fee_charged(row, row_id, fee, money, context),),
        notices=notices,
        fetches=order_needed(order_id, context),
    )


def read_payout(payout: Node, context: Context) -> Reading | Nothing:
    """Nothing to book yet; that the summary comes to the amount is checked."""
    status = payout.need("status").text()
    if status not in _PAYOUT_STATUSES:
        raise Unjudged("reject_malformed", f"{payout.pointer}/status is not a status", f"{payout.pointer}/status")
    money = _money(payout, context)
    stated, summary = money.exact(payout.need("amount")), payout.find("summary")
    said = f"a payout that is {status.replace('_', ' ')}"
    if summary is None:
        return Nothing(f"{said} ({_figures(money, amount=stated)}): {_KEPT}")
    names = summary.value if isinstance(summary.value, dict) else {}
    gross = sum(money.exact(summary.need(name)) for name in names if name.endswith(_GROSS))
    fees = sum(money.exact(summary.need(name)) for name in names if name.endswith(_FEE))
    what = f"{said} ({_figures(money, amount=stated, gross=gross, fees=fees)}): {_KEPT}"
    if gross - fees == stated:
        return Nothing(what)
    return Reading(notices=(difference_text("payout", stated, gross - fees, money), what))


def _figures(money: MoneyReader, **amounts: int) -> str:
    """Named amounts for people."""
    named = (f"{name} {major_units_text(amount, money.exponent)}" for name, amount in amounts.items())
    return f"{', '.join(named)} {money.currency}"


def _money(node: Node, context: Context) -> MoneyReader:
    return reader_for(node.find("currency") or context.connection.default_currency, f"{node.pointer}/currency")


def _fee_charged(row: Node, row_id: str, fee: int, money: MoneyReader, context: Context) -> Fact:
    payment, test = row.find("source_order_transaction_id"), row.find("test")
    return Fact(
        type="FeeCharged",
        business_key=f"fee:{row_id}",
        body=money.fields()
        | {
            "fee_id": row_id,
            "kind": "payment",
            "amount": fee,
            "account_kind": "PSP",
            "gateway": GATEWAY,
            "payment_id": identity_of(payment) if payment is not None else None,
            "estimate": False,
        },
        occurred_at=row.need("processed_at").time(context.zone),
        test_mode=test.flag() if test is not None else None,
        open=None if test is not None else {},
    )
