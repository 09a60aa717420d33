"""Short lives of orders, one for each way in which a discrepancy is raised: (code, reason) -> events in order of arrival."""

from typing import Any

from asiento.accounting.order_events import OrderEvent
from schemas.events import event_to_json
from tests.order_making import back, cancelled, captured, event, line, placed, refunded, shipped, tax, tender

VAT: dict[str, Any] = {"taxes": [tax(420, base=2_000)]}
ORDER = placed(line("A", 2_000, "2", **VAT), line("F", 500, kind="SHIPPING"))
PAID, SENT = captured("P1", 2_920), shipped("S1", {"A": "2"})
LATER = "2029-01-05T10:00:00Z"


def edited(*lines: Any, **fields: Any) -> OrderEvent:
    total = sum(one["gross"] - one["discount"] + sum(tax["amount"] for tax in one["taxes"]) for one in lines)
    discounts = fields.pop("discounts", [])
    fields = {"total": total - sum(one["amount"] for one in discounts)} | fields
    return event("OrderEdited", "edit:1", order_revision=1, lines=list(lines), order_discounts=discounts, **fields)


def corrected(original: OrderEvent, replacement: OrderEvent | None = None, label: str = "correct:1") -> OrderEvent:
    body = event_to_json(replacement) if replacement is not None else None
    return event("EventCorrected", label, supersedes_event_id=original.event_id, replacement=body)


def deadline(kind: str, about: OrderEvent | None = None) -> OrderEvent:
    fields = {"about_event_id": about.event_id} if about is not None else {}
    return event("DeadlinePassed", f"deadline:{kind}", kind=kind, due_at=LATER, **fields)


def disputed(amount: int = 2_000, fee: int = 150, payment_id: str = "P1") -> OrderEvent:
    return event("ChargebackOpened", "dispute:1", dispute_id="DP1", payment_id=payment_id, gateway="stripe", amount=amount, fee=fee)


def closed(won: int = 0, fee: int = 0) -> OrderEvent:
    return event("ChargebackClosed", "dispute:2", dispute_id="DP1", outcome="PARTIAL", amount_won=won, fee_returned=fee)


def adjusted(kind: str, amount: int) -> OrderEvent:
    return event("ReceivableAdjusted", f"adjust:{kind}", adjustment_id=kind, kind=kind, amount=amount, taxes=[])


def manual(*legs: tuple[str, str, int]) -> OrderEvent:
    postings = [{"account": account, "side": side, "amount": amount} for account, side, amount in legs]
    return event("JournalPosted", "journal:1", journal_id="J1", postings=postings, reason="as agreed", approved_by="controller")


def returned(units: str, line_id: str = "A", **fields: Any) -> OrderEvent:
    lines = [{"line_id": line_id, "quantity": units, "disposition": "RESTOCK"} | fields]
    return event("ReturnReceived", "return:1", return_id="RT1", lines=lines)


def reversed_(amount: int, payment_id: str = "P1") -> OrderEvent:
    return event("PaymentReversed", "reverse:1", payment_id=payment_id, amount=amount)


def undone(shipment_id: str, label: str = "unship:1") -> OrderEvent:
    return event("ShipmentCancelled", label, shipment_id=shipment_id)


def goodwill(amount: int, line_id: str | None = None, **fields: Any) -> OrderEvent:
    adjustments = [{"kind": "GOODWILL", "amount": amount, "line_id": line_id, "taxes": []}]
    return refunded("R1", [], [], adjustments=adjustments, **fields)


def paid_back(amount: int, status: str = "SUCCEEDED", **fields: Any) -> OrderEvent:
    return refunded("R1", [], [tender("T1", amount, status)], **fields)


CROWD = [captured(f"P{number}", 100) for number in range(65)]
DISCOUNT = [{"code": "PROMO", "amount": 900, "funded_by": "SELLER"}]

LIVES: dict[tuple[str, str], list[OrderEvent]] = {
    ("D01", "within_tolerance"): [placed(line("A", 1_000), total=1_001)],
    ("D01", "beyond_tolerance"): [placed(line("A", 1_000), total=1_002)],
    ("D03", "shares_above"): [placed(line("A", 1_000, order_discount=300), discount=200)],
    ("D03", "rest_without_line"): [placed(line("A", 1_000, order_discount=100), discount=200)],
    ("D05", ""): [placed(line("A", 1_000, taxes=[tax(300, base=1_000)]))],
    ("D06", "line_twice"): [placed(line("A", 1_000), line("A", 1_000))],
    ("D06", "line_id_reserved"): [placed(line("asiento:rounding", 1_000))],
    ("D06", "included_differs"): [placed(line("A", 1_000, taxes=[tax(100, included=True)]), prices_include_tax=False)],
    ("D06", "negative_line"): [placed(line("A", 1_000), line("B", -100))],
    ("D06", "gift_card_discounted"): [placed(line("A", 1_000, kind="GIFT_CARD", discount=100))],
    ("D06", "negative_net"): [placed(line("A", 100, discount=200), line("B", 1_000))],
    ("D06", "kind_changed"): [ORDER, SENT, edited(line("A", 2_000, "2", "SERVICE", **VAT), line("F", 500, kind="SHIPPING"))],
    ("D06", "line_on_order"): [ORDER, event("ExchangeCreated", "x:1", exchange_id="X1", lines=[line("A", 100)], total_added=100)],
    ("D06", "unbalanced_journal"): [ORDER, manual(("bad_debt", "DEBIT", 500), ("rounding", "CREDIT", 400))],
    ("D06", "customer_account"): [ORDER, manual(("accounts_receivable", "DEBIT", 500), ("rounding", "CREDIT", 500))],
    ("D08", ""): [ORDER, captured("P1", 3_000)],
    ("D09", ""): [PAID, deadline("PARKED", PAID)],
    ("D10", "beyond_cap"): [ORDER, SENT, goodwill(9_000, "A")],
    ("D10", "capture_missing"): [ORDER, paid_back(100)],
    ("D10", "money_missing"): [ORDER, PAID, paid_back(9_000)],
    ("D10", "above_captures"): [ORDER, PAID, paid_back(2_900), reversed_(2_920)],
    ("D10", "with_open_disputes"): [ORDER, PAID, SENT, paid_back(2_000), disputed()],
    ("D10", "allowed"): [ORDER, PAID, SENT, paid_back(9_000, allow_over_refund=True)],
    ("D11", "line_unknown"): [ORDER, shipped("S1", {"Z": "1"})],
    ("D11", "units_beyond_open"): [ORDER, cancelled({"A": "3"})],
    ("D11", "units_beyond_order"): [ORDER, refunded("R1", [back("A", "3", "AUTO")], [])],
    ("D11", "units_beyond_returnable"): [ORDER, SENT, returned("3", shipment_id="S1")],
    ("D11", "beyond_payment"): [ORDER, PAID, reversed_(3_000)],
    ("D11", "won_beyond_dispute"): [ORDER, PAID, disputed(), closed(won=2_001)],
    ("D11", "fee_beyond_dispute"): [ORDER, PAID, disputed(), closed(fee=151)],
    ("D11", "beyond_receivable"): [ORDER, SENT, adjusted("WRITE_OFF", 2_921)],
    ("D11", "recovery_beyond_write_off"): [ORDER, SENT, adjusted("RECOVERY", 1)],
    ("D11", "shipment_needed"): [ORDER, SENT, refunded("R1", [back("A", "1")], []), undone("S1")],
    ("D11", "shipment_gone"): [ORDER, SENT, undone("S1"), undone("S1", "unship:2")],
    ("D11", "units_below_taken"): [ORDER, SENT, edited(line("A", 2_000, "1", **VAT), line("F", 500, kind="SHIPPING"))],
    ("D11", "amount_below_taken"): [ORDER, SENT, edited(line("A", 1_500, "2", **VAT), line("F", 500, kind="SHIPPING"))],
    ("D11", "amount_without_unit"): [
        ORDER,
        cancelled({"A": "2"}, cancel_charges=True),
        edited(line("A", 2_500, "2", **VAT), line("F", 500, kind="SHIPPING")),
    ],
    ("D11", "discount_below_taken"): [
        placed(line("A", 2_000, "2"), discount=900),
        shipped("S1", {"A": "2"}),
        edited(line("A", 2_000, "2"), discounts=[DISCOUNT[0] | {"amount": 500}]),
    ],
    ("D11", "not_correctable"): [ORDER, corrected(ORDER)],
    ("D11", "corrected_already"): [ORDER, PAID, corrected(PAID), corrected(PAID, label="correct:2")],
    ("D11", "needed_later"): [ORDER, PAID, reversed_(100), corrected(PAID)],
    ("D11", "replacement_other_kind"): [ORDER, PAID, corrected(PAID, shipped("S1", {"A": "1"}))],
    ("D11", "replacement_known"): [ORDER, PAID, captured("P2", 5), corrected(PAID, captured("P2", 6, label="again"))],
    ("D11", "replacement_unfit"): [ORDER, PAID, corrected(PAID, captured("P3", 6, order_id="2"))],
    ("D11", "replacement_cannot_post"): [ORDER, SENT, corrected(SENT, shipped("S9", {"A": "9"}))],
    ("D16", ""): [ORDER, SENT, deadline("UNPAID")],
    ("D17", ""): [ORDER, PAID, deadline("UNSHIPPED")],
    ("D19", ""): [placed(line("A", 1_000), source_sequence=1), shipped("S1", {"A": "1"}, source_sequence=3)],
    ("D21", ""): [ORDER, PAID, captured("P1", 2_921)],
    ("D22", "said_otherwise"): [ORDER, PAID, captured("P1", 2_921, label="again")],
    ("D22", "refund_differs"): [
        ORDER,
        PAID,
        SENT,
        paid_back(100, "PENDING"),
        refunded("R1", [back("A", "1")], [tender("T1", 100)], label="refund:R1:2"),
    ],
    ("D24", "unknown_currency"): [placed(line("A", 1_000), currency="XXX")],
    ("D24", "wrong_exponent"): [placed(line("A", 1_000), currency_exponent=3)],
    ("D24", "other_currency"): [ORDER, captured("P1", 100, currency="USD")],
    ("D27", "order_unknown"): [SENT, deadline("PARKED", SENT)],
    ("D27", "shipment_unknown"): [ORDER, undone("S7"), deadline("PARKED", undone("S7"))],
    ("D27", "payment_unknown"): [ORDER, disputed(), deadline("PARKED", disputed())],
    ("D27", "dispute_unknown"): [ORDER, closed(), deadline("PARKED", closed())],
    ("D27", "original_unknown"): [ORDER, corrected(PAID), deadline("PARKED", corrected(PAID))],
    ("D27", "line_unknown"): [
        ORDER,
        refunded("R1", [back("Z", "1")], []),
        deadline("PARKED", refunded("R1", [back("Z", "1")], [])),
    ],
    ("D27", "units_beyond_shipped"): [
        ORDER,
        refunded("R1", [back("A", "1")], []),
        deadline("PARKED", refunded("R1", [back("A", "1")], [])),
    ],
    ("D27", "parking_overflow"): CROWD,
    ("D28", ""): [ORDER, PAID, SENT, paid_back(100, "PENDING")],
    ("D38", "refund"): [ORDER, PAID, paid_back(100)],
    ("D38", "deadline"): [ORDER, PAID, cancelled({}, cancel_charges=True), deadline("UNREFUNDED")],
    ("amount_limit", ""): [ORDER, *[captured(f"P{number}", 10**15) for number in range(101)]],
    ("order_archived", ""): [ORDER, PAID, SENT, captured("P9", 5, received_at=LATER)],
}
