"""An order payload is a snapshot: it states the order and every fact inside it, under the keys that their own topics use."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Reading
from sources.platforms.figures import difference_text
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.dispute import disputes_told
from sources.platforms.shopify.fulfillment import shipment
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import MoneyReader
from sources.platforms.shopify.needs import payments_needed
from sources.platforms.shopify.notes import OrderNotes, notes_of
from sources.platforms.shopify.order import order_state
from sources.platforms.shopify.refund import Refund, judge_refund
from sources.platforms.shopify.times import seen_at, version_at
from sources.platforms.shopify.transaction import payment_captured

CANCEL_REASONS: Final = frozenset({"customer", "declined", "fraud", "inventory", "other", "staff"})
_PAID: Final = frozenset({"paid", "partially_paid", "partially_refunded", "refunded"})
Told: TypeAlias = tuple[Fact, tuple[str, ...]]


@dataclass(slots=True, kw_only=True)
class _Inside:
    """What stands inside an order: facts, and sentences about what had to be left out."""

    notes: OrderNotes
    facts: list[Fact] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)


def read_order(order: Node, context: Context) -> Reading:
    """The order as it is now, its payments, shipments, refunds and cancellation.

    What stands inside it and does not add up is left out and named; the order itself must add up. A state that is older than the one
    seen last is left out, what stands inside it is not.
    """
    order_id = identity_of(order.need("id"))
    state, notices = order_state(order, context)
    version, last = version_at(order, context), context.snapshot.version
    late = last is not None and version < last
    inside = _Inside(notes=notes_of(context))
    twin = context.order or state.body | {"test_mode": state.test_mode}
    _read_inside(order, context, inside, twin)
    return Reading(
        order_id=order_id,
        facts=(*(() if late else (state,)), *inside.facts),
        version=None if late else version,
        seen_at=seen_at(order, context),
        notices=(*notices, *inside.notices, *_current_total(order, state, inside.refunds)),
        fetches=_fetches(order, order_id, inside.notes, context),
        memory=inside.notes.to_json(),
    )


def _read_inside(order: Node, context: Context, inside: _Inside, twin: EventTwin) -> None:
    def capture(node: Node) -> Told | Nothing:
        return _without_notices(payment_captured(node, context, twin["currency"]))

    def parcel(node: Node) -> Told | Nothing:
        if not context.remembers and node.need("status").value == "cancelled":
            return Nothing("one payload proves neither the dispatch of a cancelled fulfilment nor that it was told")
        return _without_notices(shipment(node, context, inside.notes))

    def refund(node: Node) -> Told | Nothing:
        return _refund(node, context, inside, twin)

    _add(inside, order.each("transactions"), capture)
    for fact in inside.facts:
        inside.notes.payments[fact.body["payment_id"]] = fact.body["amount"]
    inside.facts += disputes_told(inside.notes, context)
    _add(inside, order.each("fulfillments"), parcel)
    _add(inside, order.each("refunds"), refund)
    inside.facts += _cancellation(order, context)


def _add(inside: _Inside, nodes: Sequence[Node], read: Callable[[Node], Told | Nothing]) -> None:
    """What does not add up or is only partly there is named; what is malformed spoils the whole payload."""
    for node in nodes:
        try:
            found = read(node)
        except Unjudged as unjudged:
            if unjudged.problem.code == "reject_malformed":
                raise
            inside.notices.append(f"left out: {unjudged.problem.message}")
            continue
        if not isinstance(found, Nothing):
            inside.facts.append(found[0])
            inside.notices += found[1]


def _refund(refund: Node, context: Context, inside: _Inside, twin: EventTwin) -> Told | Nothing:
    found = judge_refund(refund, context, inside.notes, twin)
    if isinstance(found, Nothing):
        return found
    inside.refunds.append(found)
    return found.told(refund.pointer), found.notices


def _without_notices(found: Fact | Nothing) -> Told | Nothing:
    return found if isinstance(found, Nothing) else (found, ())


def _cancellation(order: Node, context: Context) -> Iterator[Fact]:
    """All that is still open when an order is cancelled: what was shipped or refunded is not open any longer."""
    cancelled_at, reason = order.find("cancelled_at"), order.find("cancel_reason")
    if cancelled_at is None:
        return
    test = order.find("test")
    yield Fact(
        type="OrderCancelled",
        business_key="cancellation",
        body={
            "lines": [],
            "cancel_charges": False,
            "reason": reason.value if reason is not None and str(reason.value) in CANCEL_REASONS else None,
        },
        occurred_at=cancelled_at.time(context.zone),
        test_mode=test is not None and test.flag(),
    )


def _current_total(order: Node, state: Fact, refunds: Sequence[Refund]) -> tuple[str, ...]:
    """A notice where `current_total_price` is not the total less the refunds' value, however that is counted."""
    money = MoneyReader(state.body["currency"], state.body["currency_exponent"])
    stated, total = money.find(order, "current_total_price"), money.amount(order, "total_price")
    computed = [total - sum(refund.calculated for refund in refunds), total - sum(refund.value for refund in refunds)]
    return () if stated is None or stated in computed else (difference_text("current total", stated, computed[0], money),)


def _fetches(order: Node, order_id: str, notes: OrderNotes, context: Context) -> tuple[Fetch, ...]:
    status = order.find("financial_status")
    if status is None or str(status.value) not in _PAID or notes.payments:
        return ()
    return payments_needed(order_id, context)
