"""Generated lives of one order: any sequence a source could send, possible or not."""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from asiento.accounting.order_events import OrderEvent
from tests import order_making as make

UNIT_IDS = ("A", "B", "C")
FAR_TOO_MUCH = 200_000
"""Captured: so much that any refund is explained by the overpayment, and no allowance is made on the way."""
OVERPAID_PART = 500


@dataclass(frozen=True)
class Life:
    """The events of one order in the order of the facts; `units` are the ordered units per line."""

    events: list[OrderEvent]
    units: dict[str, int]


@st.composite
def taxes(draw: st.DrawFn, base: int, included: bool) -> list[make.Json]:
    """None, one or two taxes of a base in minor units, by whoever owes them."""
    chosen = draw(st.lists(st.sampled_from([("IVA", "0.21"), ("REQ", "0.052"), ("ZERO", "0")]), unique=True, max_size=2))
    liable = draw(st.sampled_from(["SELLER", "MARKETPLACE"]))
    rows = []
    for code, rate in chosen:
        thousandths = int(rate.replace(".", "").ljust(4, "0")[:4])
        amount = base * thousandths // 1000 // (2 if included else 1)
        rows.append(make.tax(amount, rate=rate, base=base, included=included, by=liable, code=code))
    return rows


@st.composite
def orders(draw: st.DrawFn, *, rounding: bool = True) -> tuple[OrderEvent, dict[str, int]]:
    """An OrderPlaced that passes its checks, and the units of its unit lines in whole units."""
    included = draw(st.booleans())
    units = {line_id: draw(st.integers(1, 7)) for line_id in UNIT_IDS[: draw(st.integers(1, 3))]}
    lines = []
    for line_id, count in units.items():
        kind = draw(st.sampled_from(["GOODS", "GOODS", "SERVICE", "GIFT_CARD"]))
        gross = draw(st.integers(0, 20_000))
        less = 0 if kind == "GIFT_CARD" else draw(st.integers(0, gross // 3))
        rows = [] if kind == "GIFT_CARD" else draw(taxes((gross - less) // 2, included))
        cost = draw(st.sampled_from([None, "1.234", "7"]))
        lines.append(make.line(line_id, gross, str(count), kind, discount=less, taxes=rows, unit_cost=cost))
    for kind in draw(st.lists(st.sampled_from(["SHIPPING", "DUTY", "TIP", "FEE", "DEPOSIT"]), unique=True, max_size=2)):
        gross = draw(st.integers(0, 3_000))
        lines.append(make.line(f"charge-{kind}", gross, kind=kind, discount=gross // 4, taxes=draw(taxes(gross // 2, included))))
    room = sum(int(one["gross"]) - int(one["discount"]) for one in lines if one["kind"] in ("GOODS", "SERVICE"))
    discount = draw(st.integers(0, room // 5))
    if rounding and draw(st.booleans()):
        lines.append(make.line("R", draw(st.integers(-min(2, make.total_of(lines, discount)), 2)), kind="ROUNDING"))
    return make.placed(*lines, discount=discount, prices_include_tax=included), units


@st.composite
def any_lives(draw: st.DrawFn) -> Life:
    """A life whose events may ask for too much, come twice or make no sense together."""
    order, units = draw(orders())
    events = [order, *[draw(_any_event(number, units)) for number in range(draw(st.integers(0, 8)))]]
    if draw(st.booleans()):
        events = draw(st.permutations(events))
    return Life(events, units)


@st.composite
def _any_event(draw: st.DrawFn, number: int, units: dict[str, int]) -> OrderEvent:
    quantities = st.dictionaries(st.sampled_from(sorted(units)), st.sampled_from(["0.5", "1", "2", "3"]), min_size=1)
    match draw(st.sampled_from(["capture", "ship", "ship", "cancel", "refund", "refund"])):
        case "capture":
            return make.captured(
                f"P{draw(st.integers(1, 2))}", draw(st.integers(0, 40_000)), label=f"e{number}", fee=draw(st.integers(0, 50))
            )
        case "ship":
            return make.shipped(f"S{number}", draw(quantities), label=f"e{number}")
        case "cancel":
            chosen = draw(st.one_of(st.just({}), quantities))
            return make.cancelled(chosen, cancel_charges=draw(st.booleans()), label=f"e{number}")
        case _:
            return draw(_refunds(number, units))


@st.composite
def _refunds(draw: st.DrawFn, number: int, units: dict[str, int]) -> OrderEvent:
    scopes = st.sampled_from(["SHIPPED", "UNSHIPPED", "AUTO"])
    lines = [
        make.back(line_id, draw(st.sampled_from(["0.5", "1", "2"])), draw(scopes), **draw(st.sampled_from([{}, {"net": 100, "taxes": []}])))
        for line_id in draw(st.lists(st.sampled_from(sorted(units)), max_size=3))
    ]
    kinds = draw(st.lists(st.sampled_from(["CHARGE", "GOODWILL", "RETURN_FEE"]), max_size=2))
    adjustments = [{"kind": kind, "amount": draw(st.integers(0, 500)), "taxes": []} for kind in kinds]
    refund_id = f"R{draw(st.integers(1, 3))}"
    tenders = [
        make.tender(f"{refund_id}-T{place}", draw(st.sampled_from([100, 5_000])), draw(st.sampled_from(["PENDING", "SUCCEEDED", "FAILED"])))
        for place in range(draw(st.integers(0, 2)))
    ]
    allowed = draw(st.booleans())
    return make.refunded(refund_id, lines, tenders, adjustments=adjustments, allow_over_refund=allowed, label=f"e{number}")


@st.composite
def possible_lives(draw: st.DrawFn) -> Life:
    """A life in which every event can post in turn, without caps, allowances or AUTO: its arrival order must not matter.

    Without ROUNDING: it comes back with the refund that finds every unit invoiced so far credited, and which one
    that is depends on whether the refund arrives before or after the next shipment (ADR 2).
    """
    order, units = draw(orders(rounding=False))
    open_units = dict(units)
    sent = dict.fromkeys(units, 0)
    events = [order, make.captured("P1", FAR_TOO_MUCH, label="capture:P1")]
    for number in range(draw(st.integers(1, 6))):
        line_id = draw(st.sampled_from(sorted(units)))
        kind = draw(st.sampled_from(["ship", "ship", "cancel", "unshipped", "credit"]))
        limit = sent[line_id] if kind == "credit" else open_units[line_id]
        if limit == 0:
            continue
        count = draw(st.integers(1, limit))
        if kind == "credit":
            sent[line_id] -= count
        else:
            open_units[line_id] -= count
            sent[line_id] += count if kind == "ship" else 0
        events.append(_possible_event(kind, number, line_id, str(count)))
    if draw(st.booleans()):
        events = [replace(event, source_sequence=number) for number, event in enumerate(events, 1)]
    return Life(events, units)


def _possible_event(kind: str, number: int, line_id: str, count: str) -> OrderEvent:
    if kind == "ship":
        return make.shipped(f"S{number}", {line_id: count})
    if kind == "cancel":
        return make.cancelled({line_id: count}, label=f"cancel:{number}")
    scope = "UNSHIPPED" if kind == "unshipped" else "SHIPPED"
    # Money would let an UNSHIPPED refund wait for its capture (D10), and so leave its place among the shipments.
    tenders = [] if kind == "unshipped" else [make.tender(f"R{number}-T", OVERPAID_PART)]
    return make.refunded(f"R{number}", [make.back(line_id, count, scope)], tenders)


def keeps_its_place(event: OrderEvent) -> bool:
    """Whether the order of arrival among such events is a fact of its own: what ships or cancels units."""
    scopes = [getattr(one, "scope", "") for one in getattr(event, "lines", ())]
    kind = type(event).__name__
    return kind in ("ShipmentDispatched", "OrderCancelled") or (kind == "RefundIssued" and "UNSHIPPED" in scopes)


@st.composite
def reordered(draw: st.DrawFn, life: Life) -> list[OrderEvent]:
    """Another order of arrival, in which units are still shipped and cancelled in the same order."""
    shuffled = draw(st.permutations(life.events))
    fixed = iter([event for event in life.events if keeps_its_place(event)])
    return [next(fixed) if keeps_its_place(event) else event for event in shuffled]
