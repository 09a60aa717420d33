"""The oracle's telling of a history: every fact of an order from the first, and one more on top."""

from collections.abc import Callable, Iterable

from tests.oracle import credits as refunds
from tests.oracle import goods, money
from tests.oracle.figures import Event, natural_id
from tests.oracle.lines import currency_is_right, difference, taxes_look_wrong
from tests.oracle.order import Fact, Order, Passes, Refused, Waits, with_taxes

MENDABLE = frozenset({"PaymentCaptured", "ShipmentDispatched", "FeeCharged", "ReturnReceived", "ReceivableAdjusted"})
_ENTRIES_KEPT = frozenset({"apply", "suspense_clear", "reversal"})


def retell(tenant: str, facts: Iterable[Fact]) -> Order:
    """The order that these facts make."""
    order = Order(tenant)
    for fact in facts:
        tell(order, fact)
    return order


def tell(order: Order, fact: Fact, *, forced: bool = True) -> None:
    """Add one fact; raises why it cannot be. `forced`: money that is too much does not stop it."""
    event = fact.event
    order.facts.append(fact)
    order.found = set()
    for entry in fact.cleared:
        order.post("suspense_clear", {account: -amount for account, amount in entry.postings.items()}, entry.part, entry.currency)
    over = _money_out(order)
    if event["type"] == "RefundIssued":
        refunds.check_refund(order, event, forced=forced)
    _TELLERS[event["type"]](order, event)
    if _money_out(order) > 0 >= over:
        order.found.add("D10")


def _money_out(order: Order) -> int:
    """How much more went out, or may, than came in."""
    return order.out() + order.lost() + order.disputed() - order.captured()


def _place(order: Order, event: Event) -> None:
    goods.place(order, event)
    _note_lines(order, event)
    order.apply()


def _note_lines(order: Order, event: Event) -> None:
    order.names |= {row["line_id"] for row in event["lines"]}
    if difference(event):
        order.found.add("D01")
    if taxes_look_wrong(event):
        order.found.add("D05")


def _edit(order: Order, event: Event) -> None:
    if order.revision is not None and event["order_revision"] <= order.revision:
        raise Passes
    goods.edit(order, event)
    _note_lines(order, event)
    order.post_documents()
    order.apply()


def _exchange(order: Order, event: Event) -> None:
    goods.exchange(order, event)
    _note_lines(order, event)
    order.post_documents()
    order.apply()


def _cancel(order: Order, event: Event) -> None:
    goods.check_open_units(order, event)
    goods.order_cancelled(order, event)
    order.post_documents()
    order.apply()


def _dispatch(order: Order, event: Event) -> None:
    goods.check_open_units(order, event)
    goods.ship(order, event)
    order.post_documents()
    order.apply()
    goods.post_cost(order, event)


def _deliver(order: Order, event: Event) -> None:
    if event["shipment_id"] not in order.shipments:
        raise Waits("D27")


def _take_back(order: Order, event: Event) -> None:
    shipment = order.shipments.get(event["shipment_id"])
    if shipment is None:
        raise Waits("D27")
    goods.check_shipment_free(order, event["shipment_id"])
    goods.withdraw_shipment(order, event["shipment_id"])
    dispatch = order.facts[shipment.fact].event["event_id"]
    for entry in order.entries_of(dispatch):
        if entry.kind in {"invoice", "cost"}:
            order.reverse(entry)
    order.apply()


def _reverse_payment(order: Order, event: Event) -> None:
    money.check_reversal(order, event)
    money.reverse_capture(order, event)


def _fee(order: Order, event: Event) -> None:
    money.check_fee(order, event)
    money.charge_fee(order, event)


def _deadline(order: Order, event: Event) -> None:
    fact = order.facts[-1]
    if event["kind"] == "PARKED" and fact.about is not None:
        for part, account, amount in money.money_leg(order, fact.about):
            order.post("suspense", {account: amount, "suspense:unknown_order": -amount}, part, fact.about["currency"])
    if order.placed is None:
        return
    standing, stands = order.standing(), order.shipment_stands()
    if event["kind"] == "UNPAID" and stands and order.placed["terms"] == "PREPAID" and standing.receivable:
        order.found.add("D16")
    if event["kind"] == "UNSHIPPED" and not stands and order.held() > 0 and order.outstanding() > 0:
        order.found.add("D17")
    if event["kind"] == "UNREFUNDED" and standing.payable > order.paid_back("PENDING"):
        order.found.add("D38")


def _nothing(order: Order, event: Event) -> None:
    """Only the fact itself."""


# Corrections


def _correct(order: Order, event: Event) -> None:
    known = _known(order)
    if event["supersedes_event_id"] not in known:
        raise Waits("D27")
    place, original = known[event["supersedes_event_id"]]
    later = [fact.event for fact in order.facts[place + 1 : -1]]
    if original["type"] not in MENDABLE or original["event_id"] in order.corrected or _depends(order, original, later, place):
        raise Refused("D11")
    booked = order.entries_of(order.facts[place].event["event_id"])
    entries = [entry for entry in booked if entry.kind not in _ENTRIES_KEPT]
    try:
        _UNDOERS[original["type"]](order, original, place)
        for entry in entries:
            order.reverse(entry)
        if event.get("replacement") is not None:
            _replace(order, original, event["replacement"])
    except (Waits, Passes) as reason:
        raise Refused("D11") from reason
    order.corrected.add(original["event_id"])
    order.apply()
    order.found.discard("D08")


def _known(order: Order) -> dict[str, tuple[int, Event]]:
    """What can be corrected, by event id: facts and the replacements of earlier corrections; with the place of their fact."""
    known: dict[str, tuple[int, Event]] = {}
    for place, fact in enumerate(order.facts[:-1]):
        known[fact.event["event_id"]] = (place, fact.event)
        if fact.event.get("replacement") is not None:
            known[fact.event["replacement"]["event_id"]] = (place, fact.event["replacement"])
    return known


def _depends(order: Order, original: Event, later: list[Event], place: int) -> bool:
    if original["type"] == "PaymentCaptured":
        payment = original["payment_id"]
        named = [one for one in later if one["type"] in {"PaymentReversed", "ChargebackOpened"} and one["payment_id"] == payment]
        refunded = [one for one in order.tenders.values() if one.get("payment_id") == payment]
        return bool(named) or any(one["status"] != "FAILED" for one in refunded)
    if original["type"] == "ReturnReceived":
        return any(one.returns[-1][0] != place for one in order.shipped if any(fact == place for fact, _ in one.returns))
    if original["type"] == "ReceivableAdjusted" and original["kind"] == "WRITE_OFF":
        return order.bad_debt_left() < with_taxes(original)
    return False


def _replace(order: Order, original: Event, replacement: Event) -> None:
    placed = order.placed or {}
    fits = replacement["type"] == original["type"] and not replacement["test_mode"] and not replacement.get("estimate")
    if not fits or replacement.get("currency") not in {None, placed.get("currency")} or not currency_is_right(replacement):
        raise Waits("D24")
    if _is_taken(order, original, replacement):
        raise Waits("D22")
    if replacement["type"] == "ShipmentDispatched":
        goods.check_open_units(order, replacement)
        goods.ship(order, replacement)
        order.post_documents()
        goods.post_cost(order, replacement)
    else:
        _TELLERS[replacement["type"]](order, replacement)


def _is_taken(order: Order, original: Event, replacement: Event) -> bool:
    """Whether another fact, applied or waiting, goes by the replacement's event id, business key or natural id.

    One with the natural id of what is replaced is that fact told before.
    """
    told = [one for fact in order.facts[:-1] for one in (fact.event, fact.event.get("replacement")) if one is not None]
    for other in (*told, *order.facts[-1].parked):
        if other["event_id"] == original["event_id"]:
            continue
        if other["event_id"] == replacement["event_id"]:
            return True
        same_name = other["business_key"] == replacement["business_key"] or natural_id(other) == natural_id(replacement)
        if same_name and natural_id(other) != natural_id(original):
            return True
    return False


def _undo_capture(order: Order, original: Event, place: int) -> None:
    del order.payments[original["payment_id"]]


def _undo_shipment(order: Order, original: Event, place: int) -> None:
    goods.check_shipment_free(order, original["shipment_id"])
    goods.withdraw_shipment(order, original["shipment_id"])


def _undo_return(order: Order, original: Event, place: int) -> None:
    for one in order.shipped:
        one.returns = [(fact, units) for fact, units in one.returns if fact != place]


def _undo_adjustment(order: Order, original: Event, place: int) -> None:
    del order.adjustments[original["event_id"]]


def _undo_nothing(order: Order, original: Event, place: int) -> None:
    """A fee is in no total."""


_UNDOERS: dict[str, Callable[[Order, Event, int], None]] = {
    "PaymentCaptured": _undo_capture,
    "ShipmentDispatched": _undo_shipment,
    "FeeCharged": _undo_nothing,
    "ReturnReceived": _undo_return,
    "ReceivableAdjusted": _undo_adjustment,
}
_TELLERS: dict[str, Callable[[Order, Event], None]] = {
    "OrderPlaced": _place,
    "OrderEdited": _edit,
    "OrderCancelled": _cancel,
    "ExchangeCreated": _exchange,
    "PaymentAuthorized": _nothing,
    "PaymentVoided": _nothing,
    "PaymentFailed": _nothing,
    "PaymentCaptured": money.capture,
    "PaymentReversed": _reverse_payment,
    "ShipmentDispatched": _dispatch,
    "ShipmentDelivered": _deliver,
    "ShipmentCancelled": _take_back,
    "ReturnReceived": money.return_stock,
    "RefundIssued": refunds.refund,
    "FeeCharged": _fee,
    "ChargebackOpened": money.open_dispute,
    "ChargebackClosed": money.close_dispute,
    "ReceivableAdjusted": money.adjust_receivable,
    "EventCorrected": _correct,
    "JournalPosted": money.journal,
    "DeadlinePassed": _deadline,
}
