"""Generated lives of one order: any sequence a source could send, possible or not."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from asiento.accounting.order_events import (
    FeeCharged,
    OrderEvent,
    PaymentCaptured,
    ReceivableAdjusted,
    ReturnReceived,
    ShipmentDispatched,
)
from schemas.events import event_to_json
from schemas.formats import quantity_text
from tests import order_making as make

UNIT_IDS = ("A", "B", "C")


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
    events = [order]
    for number in range(draw(st.integers(0, 8))):
        events.append(draw(_any_event(number, units, events)))
    if draw(st.booleans()):
        events = draw(st.permutations(events))
    return Life(events, units)


QUANTITIES = ("0.5", "1", "2", "3")


@st.composite
def _any_event(draw: st.DrawFn, number: int, units: dict[str, int], earlier: list[OrderEvent]) -> OrderEvent:
    quantities = st.dictionaries(st.sampled_from(sorted(units)), st.sampled_from(QUANTITIES), min_size=1)
    match draw(st.sampled_from(["capture", "ship", "ship", "cancel", "refund", "refund", "change", "money", "about", "about"])):
        case "capture":
            return make.captured(
                f"P{draw(st.integers(1, 2))}", draw(st.integers(0, 40_000)), label=f"e{number}", fee=draw(st.integers(0, 50) | st.none())
            )
        case "ship":
            return make.shipped(f"S{number}", draw(quantities), label=f"e{number}")
        case "cancel":
            chosen = draw(st.one_of(st.just({}), quantities))
            return make.cancelled(chosen, cancel_charges=draw(st.booleans()), label=f"e{number}")
        case "change":
            return draw(_changes(number, earlier[0]))
        case "money":
            return draw(_money_events(number))
        case "about":
            return draw(_events_about(number, earlier))
        case _:
            return draw(_refunds(number, units))


@st.composite
def _changes(draw: st.DrawFn, number: int, order: OrderEvent) -> OrderEvent:
    """An edit that changes how many units there are of some lines, what they are worth or leaves them out; or an exchange."""
    added = make.line(f"X{number}", draw(st.integers(0, 9_000)), draw(st.sampled_from(QUANTITIES)))
    if draw(st.booleans()):
        return make.event("ExchangeCreated", f"e{number}", exchange_id="X", lines=[added], total_added=make.total_of([added]))
    lines = [draw(_changed(line)) for line in event_to_json(order)["lines"] if draw(st.integers(0, 9))]
    lines += [added] if draw(st.booleans()) else []
    return edited(lines, number, draw(st.integers(0, 100)))


@st.composite
def _changed(draw: st.DrawFn, line: make.Json) -> make.Json:
    """A line as it is, or with other units and another worth."""
    if line["kind"] == "ROUNDING" or draw(st.booleans()):
        return line
    least = int(line["discount"]) + sum(int(tax["amount"]) for tax in line["taxes"])
    gross = max(least, int(line["gross"]) + draw(st.integers(-500, 2_000)))
    return line | {"gross": gross, "quantity": draw(st.sampled_from(("1", "2", "5", "9")))}


def edited(lines: list[make.Json], revision: int, discount: int = 0) -> OrderEvent:
    """An edit to these lines."""
    discounts = [{"code": "PROMO", "amount": discount, "funded_by": "SELLER"}] if discount else []
    total = max(0, make.total_of(lines, discount))
    return make.event("OrderEdited", f"e{revision}", order_revision=revision, lines=lines, order_discounts=discounts, total=total)


ADJUSTMENTS = ("EARLY_PAYMENT_DISCOUNT", "WRITE_OFF", "RECOVERY", "SMALL_DIFFERENCE", "WITHHOLDING")


@st.composite
def _money_events(draw: st.DrawFn, number: int) -> OrderEvent:
    """Fees, disputes, reversals, adjustments and entries by hand."""
    label, amount, payment = f"e{number}", draw(st.integers(0, 3_000)), draw(st.sampled_from(("P1", "P2")))
    match draw(st.sampled_from(["fee", "reversed", "opened", "opened", "closed", "closed", "adjusted", "adjusted", "manual", "promise"])):
        case "fee":
            kind, account = draw(st.sampled_from(["commission", "label"])), draw(st.sampled_from(["PSP", "MARKETPLACE", "CARRIER"]))
            about = draw(st.sampled_from([None, payment]))
            return fee_charged(f"F{number}", amount, label=label, kind=kind, account_kind=account, payment_id=about)
        case "reversed":
            return make.event("PaymentReversed", label, payment_id=payment, amount=amount)
        case "opened":
            return dispute(f"C{draw(st.integers(1, 2))}", payment, amount, label=label, fee=draw(st.integers(0, 20)))
        case "closed":
            won, back = draw(st.integers(0, amount)), draw(st.integers(0, 20))
            return make.event(
                "ChargebackClosed", label, dispute_id=f"C{draw(st.integers(1, 2))}", outcome="PARTIAL", amount_won=won, fee_returned=back
            )
        case "adjusted":
            rows = draw(taxes(amount, included=False)) if draw(st.booleans()) else []
            return adjusted(f"A{draw(st.integers(1, 4))}", amount, draw(st.sampled_from(ADJUSTMENTS)), label=label, taxes=rows)
        case "manual":
            sides = [("bank:main", "DEBIT"), ("other_expense", "CREDIT")]
            postings = [{"account": account, "side": side, "amount": amount} for account, side in sides]
            return make.event("JournalPosted", label, journal_id=f"J{number}", postings=postings, reason="mended", approved_by="boss")
        case _:
            kind = draw(st.sampled_from(["PaymentAuthorized", "PaymentVoided", "PaymentFailed"]))
            return make.event(kind, label, payment_id=payment, amount=amount)


def fee_charged(fee_id: str, amount: int, **fields: Any) -> OrderEvent:
    """A commission that a payment provider charged."""
    defaults = {"fee_id": fee_id, "kind": "commission", "amount": amount, "account_kind": "PSP", "gateway": "stripe", "estimate": False}
    return make.event("FeeCharged", fields.pop("label", f"fee:{fee_id}"), **(defaults | fields))


def dispute(dispute_id: str, payment_id: str, amount: int, **fields: Any) -> OrderEvent:
    """Disputed funds that were withdrawn."""
    defaults = {"dispute_id": dispute_id, "payment_id": payment_id, "gateway": "stripe", "amount": amount, "fee": 15}
    return make.event("ChargebackOpened", fields.pop("label", f"dispute:{dispute_id}"), **(defaults | fields))


def adjusted(adjustment_id: str, amount: int, kind: str, **fields: Any) -> OrderEvent:
    """A change of the receivable."""
    defaults: make.Json = {"adjustment_id": adjustment_id, "kind": kind, "amount": amount, "taxes": [], "jurisdiction": "ES"}
    return make.event("ReceivableAdjusted", fields.pop("label", f"adjustment:{adjustment_id}"), **(defaults | fields))


def returned(return_id: str, units: dict[str, str], **fields: Any) -> OrderEvent:
    """Units that came back and go into stock."""
    lines = [{"line_id": line_id, "quantity": count, "disposition": "RESTOCK"} for line_id, count in units.items()]
    return make.event("ReturnReceived", fields.pop("label", f"return:{return_id}"), **({"return_id": return_id, "lines": lines} | fields))


def deadline(about: OrderEvent, label: str, kind: str = "PARKED") -> OrderEvent:
    """A deadline about an event."""
    return make.event("DeadlinePassed", label, kind=kind, due_at=make.TIME, about_event_id=about.event_id)


def corrected(original: OrderEvent, label: str, replacement: OrderEvent | None = None) -> OrderEvent:
    """A correction of an event, or its end."""
    twin = event_to_json(replacement) if replacement is not None else None
    return make.event("EventCorrected", label, supersedes_event_id=original.event_id, replacement=twin)


@st.composite
def _events_about(draw: st.DrawFn, number: int, earlier: list[OrderEvent]) -> OrderEvent:
    """Deliveries and cancellations of shipments, returns, deadlines and corrections: of anything by itself or something alike."""
    label, about = f"e{number}", draw(st.sampled_from(earlier))
    shipments = [one for one in earlier if isinstance(one, ShipmentDispatched)]
    shipment = draw(st.sampled_from(shipments)) if shipments else None
    match draw(st.sampled_from(["shipment", "shipment", "return", "deadline", "correction", "correction"])):
        case "shipment" if shipment is not None:
            kind = draw(st.sampled_from(["ShipmentDelivered", "ShipmentCancelled", "ShipmentCancelled"]))
            return make.event(kind, label, shipment_id=shipment.shipment_id)
        case "return" if shipment is not None:
            return returned(f"B{number}", {line.line_id: quantity_text(line.quantity) for line in shipment.lines}, label=label)
        case "correction":
            return draw(_corrections(label, about))
        case _:
            return deadline(about, label, draw(st.sampled_from(["PARKED", "PARKED", "UNPAID", "UNSHIPPED", "UNREFUNDED"])))


@st.composite
def _corrections(draw: st.DrawFn, label: str, about: OrderEvent) -> OrderEvent:
    alike: OrderEvent | None = None
    match about:
        case PaymentCaptured():
            alike = make.captured(about.payment_id, draw(st.integers(0, 40_000)), label=f"{label}:new", fee=about.fee)
        case ShipmentDispatched():
            units = {line.line_id: draw(st.sampled_from(QUANTITIES)) for line in about.lines}
            alike = make.shipped(about.shipment_id, units, label=f"{label}:new")
        case FeeCharged():
            alike = fee_charged(about.fee_id, about.amount + 1, label=f"{label}:new")
        case ReceivableAdjusted():
            alike = adjusted(about.adjustment_id, about.amount // 2, about.kind, label=f"{label}:new")
        case ReturnReceived():
            units = {line.line_id: draw(st.sampled_from(QUANTITIES)) for line in about.lines}
            alike = returned(about.return_id, units, label=f"{label}:new")
    return corrected(about, label, draw(st.sampled_from([None, alike])))


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
