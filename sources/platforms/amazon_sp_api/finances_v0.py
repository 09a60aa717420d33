"""Finances API v0: lists of financial events by kind. Amounts are signed as the seller's balance sees them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sources.platforms.amazon_sp_api.amounts import till_for
from sources.platforms.amazon_sp_api.movements import Kind, Movement, RefundedItem
from sources.platforms.amazon_sp_api.words import fee_kind
from sources.platforms.context import Context
from sources.platforms.facts import Part
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

BOOKED: Final[Mapping[str, Kind]] = {
    "ShipmentEventList": "SHIPMENT",
    "RefundEventList": "REFUND",
    "GuaranteeClaimEventList": "REFUND",
    "ChargebackEventList": "REFUND",
    "ServiceFeeEventList": "FEE",
}
"""Lists whose events are facts of an order, if they name one and say when."""

KEPT: Final = frozenset(
    {
        "ShipmentSettleEventList",
        "PayWithAmazonEventList",
        "ServiceProviderCreditEventList",
        "RetrochargeEventList",
        "RentalTransactionEventList",
        "ProductAdsPaymentEventList",
        "SellerDealPaymentEventList",
        "DebtRecoveryEventList",
        "LoanServicingEventList",
        "AdjustmentEventList",
        "SAFETReimbursementEventList",
        "SellerReviewEnrollmentPaymentEventList",
        "FBALiquidationEventList",
        "CouponPaymentEventList",
        "ImagingServicesFeeEventList",
        "NetworkComminglingTransactionEventList",
        "AffordabilityExpenseEventList",
        "AffordabilityExpenseReversalEventList",
        "RemovalShipmentEventList",
        "RemovalShipmentAdjustmentEventList",
        "TrialShipmentEventList",
        "TDSReimbursementEventList",
        "AdhocDisbursementEventList",
        "TaxWithholdingEventList",
        "ChargeRefundEventList",
        "FailedAdhocDisbursementEventList",
        "ValueAddedServiceChargeEventList",
        "CapacityReservationBillingEventList",
        "PerformanceBondRefundEventList",
        "EBTRefundReimbursementOnlyEventList",
    }
)
"""Lists that move money of the seller's balance but not of an order: settlements."""

_CHARGES = ("OrderChargeList", "OrderChargeAdjustmentList", "ItemChargeList", "ItemChargeAdjustmentList")
_FEES = (
    "ShipmentFeeList",
    "ShipmentFeeAdjustmentList",
    "OrderFeeList",
    "OrderFeeAdjustmentList",
    "ItemFeeList",
    "ItemFeeAdjustmentList",
    "FeeList",
)
_PROMOTIONS = ("PromotionList", "PromotionAdjustmentList")
_ITEMS = ("ShipmentItemList", "ShipmentItemAdjustmentList")
_POINTS = ("CostOfPointsGranted", "CostOfPointsReturned")


def is_financial_events(value: Mapping[str, Any]) -> bool:
    """Whether an object is one of lists of financial events."""
    return any(name in BOOKED or name in KEPT for name in value)


def event_parts(events: Node) -> list[Part]:
    """One part per order that the page tells something of, and one for all the rest; raises `Unjudged` for a page to hold."""
    named = [(name, event) for name in events.value if name.endswith("List") for event in events.each(name)]
    _refuse_schema_examples(events, named)
    by_order: dict[str, list[list[Any]]] = {}
    kept: dict[str, int] = {}
    for name, event in named:
        if name not in BOOKED and name not in KEPT:
            raise Unjudged("hold_discrepancy", f"{event.pointer}: a list of events that is not known", event.pointer)
        order_id = _order_of(name, event)
        if order_id is None:
            kept[name] = kept.get(name, 0) + 1
        else:
            by_order.setdefault(order_id, []).append([name, event.pointer.rsplit("/", 1)[1]])
    parts = [Part(kind="financial_events", resource=order_id, node=events, about={"events": found}) for order_id, found in by_order.items()]
    if kept or not parts:
        parts.append(Part(kind="kept", resource="financial events", node=events, about={"kept": kept}))
    return parts


def movements_of(part: Part, context: Context) -> list[Movement]:
    """The movements of one order in a page; events of one list and one second are one movement."""
    events = [
        (name, Node(part.node.value[name][int(index)], f"{part.node.pointer}/{name}/{index}")) for name, index in part.about["events"]
    ]
    till = till_for((money for _, event in events for money in _monies(event)), context.connection.default_currency, part.node.pointer)
    found: dict[tuple[str, str], Movement] = {}
    for name, event in events:
        moment = event.need("PostedDate").time(context.zone)
        fresh = Movement(way="finances", kind=BOOKED[name], till=till, posted_at=moment, pointer=event.pointer)
        movement = found.setdefault((BOOKED[name], fresh.second), fresh)
        _read(event, movement)
        for item in (item for items in _ITEMS for item in event.each(items)):
            _read(item, movement, _refunded(item, movement))
    return list(found.values())


def _order_of(name: str, event: Node) -> str | None:
    """The order of an event that can be booked; None for what is kept."""
    if name not in BOOKED:
        return None
    order_id = event.find("AmazonOrderId")
    if order_id is not None and order_id.value == "":
        order_id = None
    if BOOKED[name] == "FEE" and (order_id is None or event.find("PostedDate") is None):
        return None
    return (order_id or event.need("AmazonOrderId")).reference()


def _refunded(item: Node, movement: Movement) -> RefundedItem | None:
    if movement.kind != "REFUND":
        return None
    item_id, sku, quantity = item.find("OrderItemId"), item.find("SellerSKU"), item.find("QuantityShipped")
    known_id, known_sku = (item_id.reference() if item_id is not None else None), (sku.text() if sku is not None else None)
    fresh = RefundedItem(item_id=known_id, sku=known_sku, quantity=0)
    refunded = movement.refunded.setdefault(f"{known_id} {known_sku}", fresh)
    refunded.quantity += quantity.count() if quantity is not None else 0
    return refunded


def _read(node: Node, movement: Movement, refunded: RefundedItem | None = None) -> None:
    till = movement.till
    for component in (component for name in _CHARGES for component in node.each(name)):
        movement.charge(component.need("ChargeType").text(), till.money(component.need("ChargeAmount")), refunded)
    for promotion in (promotion for name in _PROMOTIONS for promotion in node.each(name)):
        amount = till.find(promotion, "PromotionAmount")
        word = promotion.find("PromotionType")
        movement.charge(word.text() if word is not None else "Promotion", amount or 0, refunded)
    for fee in (fee for name in _FEES for fee in node.each(name)):
        movement.charge_fee(fee_kind(fee.need("FeeType").text()), till.money(fee.need("FeeAmount")))
    for withheld in node.each("ItemTaxWithheldList"):
        movement.withheld += sum(till.money(tax.need("ChargeAmount")) for tax in withheld.each("TaxesWithheld"))
    for name in _POINTS:
        amount = till.find(node, name)
        if amount:
            movement.charge_fee(name, amount)


def _monies(value: Node) -> Iterator[Node]:
    """All amounts inside an event, in the order of the payload."""
    if isinstance(value.value, dict):
        if "CurrencyAmount" in value.value:
            yield value
        for name in value.value:
            inner = value.find(name)
            if inner is not None:
                yield from _monies(inner)
    elif isinstance(value.value, list):
        for item in value.items():
            yield from _monies(item)


def _refuse_schema_examples(events: Node, named: Sequence[tuple[str, Node]]) -> None:
    """Real fees are negative. Where none is, or where every amount is the same, the page is an example and signs say nothing."""
    amounts = [(name, money) for name, event in named for money in _monies(event)]
    figures = [money.need("CurrencyAmount").decimal() for _, money in amounts]
    charged = [
        figure
        for (name, money), figure in zip(amounts, figures, strict=True)
        if figure and "Fee" in money.pointer.rsplit("/", 1)[1] and BOOKED.get(name) != "REFUND"
    ]
    lists = {name for name, _ in named}
    alike = len(figures) > 2 and len(set(figures)) == 1 and figures[0] != 0 and (bool(charged) or len(lists) > 1)
    if alike or (charged and min(charged) > 0):
        stated = "; ".join(_counted(name, named) for name in sorted(lists & (KEPT | BOOKED.keys())))
        message = f"fees are as positive as charges, or all amounts are alike: signs carry no meaning here ({stated})"
        raise Unjudged("hold_discrepancy", message, events.pointer)


def _counted(name: str, named: Sequence[tuple[str, Node]]) -> str:
    events = [event for each, event in named if each == name]
    return f"{name} {len(events)} events {sum(1 for event in events for _ in _monies(event))} amounts"
