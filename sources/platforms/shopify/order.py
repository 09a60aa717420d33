"""Orders: what was agreed with the customer, as lines with discounts and taxes that tie to the total."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sources.platforms.coarse_places import home_of
from sources.platforms.context import Context
from sources.platforms.facts import ORDER_KEY, Fact
from sources.platforms.jurisdictions import UNKNOWN_COUNTRY
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import MoneyReader, presentment_code, reader_for
from sources.platforms.shopify.order_checks import secondary_figures, tie_to_total
from sources.platforms.shopify.order_discounts import DiscountReader
from sources.platforms.shopify.order_lines import LineReader, OrderLine
from sources.platforms.shopify.order_taxes import with_order_taxes
from sources.platforms.shopify.payment_terms import terms_of
from sources.platforms.shopify.places import place_of
from sources.platforms.shopify.times import occurred_at

IDS_EXACT_BELOW = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agreed:
    """The money side of an order: lines with discounts and taxes that tie to the total."""

    lines: tuple[OrderLine, ...]
    order_discounts: list[EventTwin]
    total: int
    unallocated_discount: int
    difference: str | None


def order_state(order: Node, context: Context) -> tuple[Fact, tuple[str, ...]]:
    """(the order as a fact of repeat `state`, notices); raises `Unjudged` hold_discrepancy if lines and total differ.

    A trial is told with the total of its lines and the difference as a notice: it is never booked, and holds up nothing.
    """
    order.need("line_items")
    if order.find("total_price_set") is None:
        order.need("total_price")
    money = order_money(order, context)
    included = _flag(order, "taxes_included")
    place = _tax_place(order, context)
    trial = _flag(order, "test") or context.connection.test_mode
    agreed = _agreed(order, money, place, included, trial)
    fact = Fact(
        type="OrderPlaced",
        business_key=ORDER_KEY,
        body=_body(order, context, money, agreed, included),
        occurred_at=occurred_at(order, context),
        test_mode=_flag(order, "test"),
        repeat="state",
    )
    differing = () if agreed.difference is None else (agreed.difference,)
    secondary = secondary_figures(order, money, agreed.lines, agreed.unallocated_discount)
    return fact, differing + secondary + _remarks(order, place, agreed.lines)


def order_money(order: Node, context: Context) -> MoneyReader:
    """Presentment currency, else the currency of the total's set, else the shop's, else the connection's."""
    shop = order.find("currency")
    code = order.find("presentment_currency") or presentment_code(order, ("total_price",)) or shop
    foreign = shop is not None and code is not None and code.value != shop.value
    return reader_for(code or context.connection.default_currency, f"{order.pointer}/currency", plain_is_foreign=foreign)


def _agreed(order: Node, money: MoneyReader, place: dict[str, str], included: bool, trial: bool) -> _Agreed:
    reader, discounts = LineReader(order=order, money=money, place=place), DiscountReader(order=order, money=money)
    lines, order_discounts = discounts.on_lines(reader.read())
    lines = with_order_taxes(lines, reader.taxes(order))
    tie = tie_to_total(order, money, lines, included, discounts.total() or 0, trial=trial)
    if tie.unallocated_discount:
        order_discounts = [discounts.unallocated(tie.unallocated_discount)]
        lines = tuple(replace(line, order_discount=None) for line in lines)
    return _Agreed(
        lines=(*lines, *tie.rounding),
        order_discounts=order_discounts,
        total=tie.total,
        unallocated_discount=tie.unallocated_discount,
        difference=tie.difference,
    )


def _body(order: Node, context: Context, money: MoneyReader, agreed: _Agreed, included: bool) -> EventTwin:
    location, source_name, customer = order.find("location_id"), order.find("source_name"), order.find("customer")
    location_id = identity_of(location) if location else None
    customer_id = customer.find("id") if customer else None
    stated: EventTwin = {
        "legal_entity": context.connection.legal_entity_of(location_id, context.tenant),
        "channel": context.connection.channel_of(source_name.text() if source_name else None),
        "store": context.connection.location_name(location_id),
        "customer_ref": identity_of(customer_id) if customer_id else None,
        "prices_include_tax": included,
        "ship_to": place_of(order.find("shipping_address")),
        "lines": [line.twin(included) for line in agreed.lines],
        "order_discounts": agreed.order_discounts,
        "total": agreed.total,
    }
    return money.fields() | terms_of(order, context.connection) | stated


def _tax_place(order: Node, context: Context) -> dict[str, str]:
    stated = place_of(order.find("shipping_address")) or place_of(order.find("billing_address"))
    return stated if stated is not None else home_of(context.connection)


def _remarks(order: Node, place: dict[str, str], lines: Sequence[OrderLine]) -> tuple[str, ...]:
    remarks = []
    if place["country"] == UNKNOWN_COUNTRY and any(line.tax for line in lines):
        remarks.append(f"the order has no address: its taxes go to {UNKNOWN_COUNTRY}; set country in the connection file")
    identity, gid = identity_of(order.need("id")), order.find("admin_graphql_api_id")
    if int(identity) >= IDS_EXACT_BELOW and gid is not None and isinstance(gid.value, str) and not gid.value.endswith(f"/{identity}"):
        remarks.append("the order id was rounded before it came here (it differs from admin_graphql_api_id): ids are used as they stand")
    return tuple(remarks)


def _flag(order: Node, name: str) -> bool:
    found = order.find(name)
    return found is not None and found.flag()
