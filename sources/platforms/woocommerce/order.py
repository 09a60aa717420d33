"""An order of the REST API, of a webhook, or of the API before it: how it is now, and the facts that it proves."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sources.platforms.coarse_places import coarse_place, home_of
from sources.platforms.context import Context
from sources.platforms.facts import ORDER_KEY, Fact
from sources.platforms.figures import differences, rounded
from sources.platforms.minor_units import exponent_of
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.woocommerce.fees import is_test
from sources.platforms.woocommerce.fields import amount, moment, stated
from sources.platforms.woocommerce.order_lines import ShopLine, is_reduction, shop_lines
from sources.platforms.woocommerce.order_total import Agreed, OrderTotal
from sources.platforms.woocommerce.refund import MICRO
from sources.platforms.woocommerce.taxes import tax_rates
from sources.platforms.woocommerce.tenders import gateway_of, gateway_reference, tender_of
from sources.platforms.woocommerce.view import LineView, OrderView, Refund

NO_ORDERS = frozenset({"checkout-draft", "auto-draft", "draft", "trash", "new"})
"""Statuses of what is no order yet, or none any more."""
WITHOUT_SALE = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """One order payload. `stubs`: its refunds by amount only. `paid_at` None: no payment is proven."""

    order_id: str
    status: str
    created_at: datetime
    paid_at: datetime | None
    test_mode: bool
    view: OrderView
    body: EventTwin
    stubs: tuple[Refund, ...]
    notices: tuple[str, ...]

    def placed(self) -> Fact:
        """The order as it is now."""
        return Fact(
            type="OrderPlaced",
            business_key=ORDER_KEY,
            body=self.body,
            occurred_at=self.created_at,
            test_mode=self.test_mode,
            repeat="state",
        )


def read_order(order: Node, context: Context) -> ReadOrder:
    """Read one order; raises `Unjudged` where it is partial or does not add up."""
    connection, zone = context.connection, context.zone
    order_id, status = order.need("id").identity(), order.need("status").text().removeprefix("wc-")
    currency, exponent = _currency(order, context)
    created_at = moment(order, zone, "date_created", "created_at")
    if created_at is None:
        raise Unjudged("refetch", f"{order.pointer}: the time of the order is missing", f"{order.pointer}/date_created")
    shipping, billing = _place(order, "shipping", "shipping_address"), _place(order, "billing", "billing_address")
    place = shipping or billing or home_of(connection)
    included = order.find("prices_include_tax")
    total = OrderTotal(
        order=order,
        currency=currency,
        exponent=exponent,
        included=included is not None and included.flag(),
        lines=shop_lines(order, exponent),
        rates=tax_rates(order, place, exponent),
        place=place,
    )
    notices = _secondary_figures(order, total)
    agreed = total.agreed()
    seen_at = moment(order, zone, "date_modified", "updated_at") or created_at
    stubs = _stubs(order, seen_at)
    view = OrderView(
        currency=currency,
        exponent=exponent,
        seen_at=seen_at,
        shipped_at=_shipped_at(order, context, status, seen_at),
        cancelled=status in {"cancelled", "refunded"},
        refunds=None if stubs is None else tuple(stub.refund_id for stub in stubs),
        tender=tender_of(order),
        gateway=gateway_of(order),
        lines={line.line_id: _line_view(line) for line in total.lines if not is_reduction(line)},
        rates={rate_id: (rate.jurisdiction, rate.type, rate.code) for rate_id, rate in total.rates.items()},
        ship_to=shipping or billing,
    )
    return ReadOrder(
        order_id=order_id,
        status=status,
        created_at=created_at,
        paid_at=_paid_at(order, context, created_at),
        test_mode=is_test(order),
        view=view,
        body=_body(order, context, view, agreed, total.included),
        stubs=stubs or (),
        notices=(*notices, *agreed.notices),
    )


def captured(order: Node, read: ReadOrder) -> Fact | None:
    """The one payment of an order, told under the order's id: its transaction id may come later. A payment of nothing is none."""
    if read.paid_at is None or not read.body["total"]:
        return None
    body: EventTwin = {
        "currency": read.view.currency,
        "currency_exponent": read.view.exponent,
        "payment_id": read.order_id,
        "tender": read.view.tender,
        "gateway": read.view.gateway,
        "gateway_reference": gateway_reference(order),
        "amount": read.body["total"],
    }
    return Fact(
        type="PaymentCaptured",
        business_key=f"capture:{read.order_id}",
        body={name: value for name, value in body.items() if value is not None},
        occurred_at=read.paid_at,
        test_mode=read.test_mode,
    )


def _currency(order: Node, context: Context) -> tuple[str, int]:
    found = stated(order, "currency")
    code = found.value if found is not None else context.connection.default_currency
    pointer = f"{order.pointer}/currency"
    if not isinstance(code, str):
        raise Unjudged("reject_malformed", f"{pointer}: no currency is stated; set default_currency in the connection file", pointer)
    return code, exponent_of(code, pointer)


def _place(order: Node, *names: str) -> dict[str, str] | None:
    for name in names:
        address = order.find(name)
        if address is not None and isinstance(address.value, dict):
            return coarse_place(address.find("country"), address.find("state"), address.find("postcode"))
    return None


def _paid_at(order: Node, context: Context, created_at: datetime) -> datetime | None:
    """`date_paid`; the API before the REST one says only that it is paid."""
    paid_at = moment(order, context.zone, "date_paid")
    if paid_at is not None:
        return paid_at
    details = order.find("payment_details")
    paid = details.find("paid") if details is not None else None
    return created_at if paid is not None and paid.value is True else None


def _shipped_at(order: Node, context: Context, status: str, seen_at: datetime) -> datetime | None:
    """A completed order is shipped; one that is refunded or cancelled now was, if it ever was completed.

    Versions without `_gmt` times state a time of completion for every order: only the status counts there.
    """
    if status == "completed":
        return moment(order, context.zone, "date_completed", "completed_at") or seen_at
    if status in {"refunded", "cancelled"} and stated(order, "date_completed_gmt") is not None:
        return moment(order, context.zone, "date_completed")
    return None


def _stubs(order: Node, seen_at: datetime) -> tuple[Refund, ...] | None:
    """The refunds that an order lists: id and amount only. None where the version of the API lists none."""
    if order.find("refunds") is None:
        return None
    return tuple(
        Refund(
            refund_id=stub.need("id").identity(),
            amount=format(abs(stub.need("total").decimal()), "f"),
            at=seen_at,
            by_gateway=False,
            items=(),
            pointer=stub.pointer,
        )
        for stub in order.each("refunds")
    )


def _line_view(line: ShopLine) -> LineView:
    return LineView(units=int(line.quantity * MICRO), product=line.product, kind=line.kind, taxes=dict(line.taxes))


def _body(order: Node, context: Context, view: OrderView, agreed: Agreed, included: bool) -> EventTwin:
    connection, customer, via = context.connection, stated(order, "customer_id"), stated(order, "created_via")
    terms = "ON_DELIVERY" if view.tender == "CASH_ON_DELIVERY" else connection.terms
    body: EventTwin = {
        "currency": view.currency,
        "currency_exponent": view.exponent,
        "legal_entity": connection.legal_entity_of(None, context.tenant),
        "channel": connection.channel_of(via.text() if via is not None else None),
        "customer_ref": customer.identity() if customer is not None and customer.value not in (0, "0") else None,
        "terms": terms,
        "due_days": connection.due_days if terms == connection.terms else None,
        "prices_include_tax": included,
        "ship_to": view.ship_to,
        "lines": [line.twin(included, view.exponent) for line in agreed.lines],
        "order_discounts": agreed.order_discounts,
        "total": agreed.total,
    }
    return {name: value for name, value in body.items() if value is not None}


def _secondary_figures(order: Node, total: OrderTotal) -> tuple[str, ...]:
    """Disagreements between figures that change nothing in the books."""
    lines, exponent = total.lines, total.exponent

    def figure(*names: str) -> int | None:
        found = stated(order, *names)
        return None if found is None else rounded(found.decimal(), exponent)

    products = [line for line in lines if line.kind == "GOODS" and not is_reduction(line)]
    total_tax = figure("total_tax")
    in_tax_lines = sum(rate.total or 0 for rate in total.rates.values())
    coupons = sum((amount(coupon, "discount", "amount") for coupon in order.each("coupon_lines")), Decimal(0))
    compared = {
        "total_tax": (total_tax, sum(line.sign * line.tax for line in lines)),
        "discount_total": (figure("discount_total", "total_discount"), sum(line.before - line.net for line in products)),
        "shipping_total": (
            figure("shipping_total", "total_shipping"),
            sum(line.sign * line.net for line in lines if line.kind == "SHIPPING"),
        ),
        "coupon_lines": (
            rounded(coupons, exponent) if order.each("coupon_lines") else None,
            sum(line.before - line.net for line in products),
        ),
        "tax_lines": (total_tax if total.rates else None, in_tax_lines),
    }
    return differences(compared, total)
