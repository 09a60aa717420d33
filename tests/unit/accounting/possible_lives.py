"""Lives in which every event can post in turn: the order in which their events arrive must not matter.

Without what the rules except: caps, allowances, AUTO. Without ROUNDING: it comes back with the refund that finds every unit
invoiced so far credited, and which one that is depends on whether the refund arrives before or after the next shipment
(ADR 2). Edits leave units open: what joins a shipped block is worth more to a credit that comes later.
"""

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from asiento.accounting.order_events import OrderEvent, PaymentCaptured
from schemas.events import event_to_json
from tests import order_making as make
from tests.unit.accounting.order_lives import Life, adjusted, corrected, deadline, dispute, edited, fee_charged, orders, returned

FAR_TOO_MUCH = 200_000
"""Captured: so much that any refund is explained by the overpayment, and no allowance is made on the way."""
OVERPAID_PART = 500
KEEP_THEIR_PLACE = ("ShipmentDispatched", "ShipmentCancelled", "OrderCancelled", "OrderEdited", "ExchangeCreated")
STEPS = ("ship", "ship", "ship", "cancel", "unshipped", "credit", "credit", "call back", "return", "change", "change")
RICH_STEPS = ("tender", "dispute", "reversal", "correction", "fee", "manual", "deadline")
POOR_STEPS = ("adjust", "adjust", "fee", "manual", "deadline")


@dataclass
class Warehouse:
    """How many whole units of each line are open, sent and back; which shipments may still be called back."""

    lines: dict[str, make.Json]
    open: dict[str, int]
    sent: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    credited: dict[str, int] = field(default_factory=dict)
    shipments: dict[str, tuple[str, int]] = field(default_factory=dict)


@st.composite
def possible_lives(draw: st.DrawFn) -> Life:
    """An order with a capture of far too much and refunds of money, or with little captured and a receivable to adjust."""
    order, units = draw(orders(rounding=False))
    rich = draw(st.booleans())
    lines = {line["line_id"]: line for line in event_to_json(order)["lines"]}
    house = Warehouse(lines, dict(units))
    events = [order, make.captured("P1", FAR_TOO_MUCH if rich else draw(st.integers(0, 300)))]
    steps = st.sampled_from(STEPS + (RICH_STEPS if rich else POOR_STEPS))
    for number in range(draw(st.integers(1, 8))):
        events += draw(_step(draw(steps), number, house, events))
    if draw(st.booleans()):
        events = [replace(event, source_sequence=number) for number, event in enumerate(events, 1)]
    return Life(events, units)


@st.composite
def _step(draw: st.DrawFn, step: str, number: int, house: Warehouse, events: list[OrderEvent]) -> list[OrderEvent]:
    if step in STEPS:
        return draw(_goods_step(step, number, house))
    return draw(_money_step(step, number, events))


@st.composite
def _goods_step(draw: st.DrawFn, step: str, number: int, house: Warehouse) -> list[OrderEvent]:
    if step == "change":
        return [draw(_change(number, house))]
    if step == "call back":
        return draw(_call_back(number, house))
    line_id = draw(st.sampled_from(sorted(house.open)))
    sent = house.sent.get(line_id, 0)
    taken = {"credit": house.credited, "return": house.returned}.get(step, {}).get(line_id, 0)
    limit = sent - taken if step in ("credit", "return") else house.open[line_id]
    if limit == 0:
        return []
    count = draw(st.integers(1, limit))
    match step:
        case "credit":
            house.credited[line_id] = taken + count
            return [make.refunded(f"R{number}", [make.back(line_id, str(count))], [])]
        case "return":
            house.returned[line_id] = taken + count
            return [returned(f"B{number}", {line_id: str(count)})]
    house.open[line_id] -= count
    if step == "ship":
        house.sent[line_id] = sent + count
        house.shipments[f"S{number}"] = (line_id, count)
        return [make.shipped(f"S{number}", {line_id: str(count)})]
    if step == "cancel":
        return [make.cancelled({line_id: str(count)}, label=f"cancel:{number}")]
    # Money would let an UNSHIPPED refund wait for its capture (D10), and so leave its place among the shipments.
    return [make.refunded(f"R{number}", [make.back(line_id, str(count), "UNSHIPPED")], [])]


@st.composite
def _change(draw: st.DrawFn, number: int, house: Warehouse) -> OrderEvent:
    """Units are added: to a line, by an edit, or as a line of their own, by an exchange."""
    if draw(st.booleans()):
        added = make.line(f"X{number}", draw(st.integers(0, 9_000)), "2")
        house.lines[added["line_id"]], house.open[added["line_id"]] = added, 2
        return make.event(
            "ExchangeCreated", f"exchange:{number}", exchange_id=f"X{number}", lines=[added], total_added=make.total_of([added])
        )
    for line_id in sorted(house.open):
        more, line = draw(st.integers(1, 2)), house.lines[line_id]
        gross = int(line["gross"]) + draw(st.integers(0, 5_000))
        house.lines[line_id] = line | {"quantity": str(int(line["quantity"]) + more), "gross": gross}
        house.open[line_id] += more
    lines = list(house.lines.values())
    off = sum(int(line["gross"]) for line in lines) // 20 if draw(st.booleans()) else 0
    return edited(lines, number + 1, off)


@st.composite
def _call_back(draw: st.DrawFn, number: int, house: Warehouse) -> list[OrderEvent]:
    """A shipment of a line of which nothing was credited or came back is cancelled."""
    untouched = [name for name, (line_id, _) in house.shipments.items() if line_id not in house.credited and line_id not in house.returned]
    if not untouched:
        return []
    shipment_id = draw(st.sampled_from(untouched))
    line_id, count = house.shipments.pop(shipment_id)
    house.open[line_id] += count
    house.sent[line_id] -= count
    return [make.event("ShipmentCancelled", f"call back:{number}", shipment_id=shipment_id)]


@st.composite
def _money_step(draw: st.DrawFn, step: str, number: int, events: list[OrderEvent]) -> list[OrderEvent]:
    amount = draw(st.integers(0, 200))
    match step:
        case "tender":
            first, then = draw(st.sampled_from([("PENDING", "SUCCEEDED"), ("PENDING", "FAILED"), ("SUCCEEDED", "FAILED")]))
            told = [(first, "1"), (then, "2")]
            return [
                make.refunded(f"R{number}", [], [make.tender(f"R{number}-T", OVERPAID_PART, status)], label=f"refund:R{number}:{time}")
                for status, time in told
            ]
        case "dispute":
            closed = {"dispute_id": f"C{number}", "outcome": "PARTIAL", "amount_won": amount // 2, "fee_returned": 5}
            return [dispute(f"C{number}", "P1", amount), make.event("ChargebackClosed", f"closed:C{number}", **closed)]
        case "reversal":
            return [make.event("PaymentReversed", f"reversed:{number}", payment_id="P1", amount=amount)]
        case "correction":
            capture = make.captured(f"P{number + 2}", amount)
            mended = make.captured(f"P{number + 2}", amount + 7, label=f"mended:{number}")
            return [capture, corrected(capture, f"correction:{number}", draw(st.sampled_from([None, mended])))]
        case "adjust":
            return [adjusted(f"A{number}", amount // 4, draw(st.sampled_from(["EARLY_PAYMENT_DISCOUNT", "WRITE_OFF", "WITHHOLDING"])))]
        case "fee":
            return [fee_charged(f"F{number}", amount, payment_id=draw(st.sampled_from([None, "P1"])))]
        case "manual":
            postings = [{"account": account, "side": side, "amount": amount} for account, side in (("bank", "DEBIT"), ("other", "CREDIT"))]
            return [
                make.event("JournalPosted", f"journal:{number}", journal_id=f"J{number}", postings=postings, reason="r", approved_by="b")
            ]
        case _:
            captures = [event for event in events if isinstance(event, PaymentCaptured)]
            return [deadline(draw(st.sampled_from(captures)), f"deadline:{number}")]


def keeps_its_place(event: OrderEvent) -> bool:
    """Whether the order of arrival among such events is a fact of its own: what ships, cancels or adds units."""
    scopes = [getattr(one, "scope", "") for one in getattr(event, "lines", ())]
    return type(event).__name__ in KEEP_THEIR_PLACE or "UNSHIPPED" in scopes


@st.composite
def reordered(draw: st.DrawFn, life: Life) -> list[OrderEvent]:
    """Another order of arrival, in which units are still shipped, cancelled and added in the same order."""
    shuffled = draw(st.permutations(life.events))
    fixed = iter([event for event in life.events if keeps_its_place(event)])
    return [next(fixed) if keeps_its_place(event) else event for event in shuffled]
