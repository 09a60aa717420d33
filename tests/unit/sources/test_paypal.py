"""PayPal: captures and sales by whichever way they come, refunds with their fees, reversals, disputes, rows of the report."""

import os
import random
from itertools import permutations
from typing import Any

import pytest

from sources.platforms.door import Judged
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.paypal.adapter import ADAPTER
from tests.order_making import event_json
from tests.order_making import line as sold
from tests.unit.sources.deliveries import SEEDS, Delivery, books_of, play, shuffled
from tests.unit.sources.payload_mutations import answer_mutations
from tests.unit.sources.paypal_payloads import (
    AT,
    CAPTURE_LIFE,
    REVERSED,
    REVERSED_ROW,
    SALE_LIFE,
    SANDBOX,
    broken_down,
    capture,
    dispute,
    link,
    moved,
    old,
    order,
    page,
    refund,
    resolved,
    row,
    sale,
    sale_refund,
    usd,
    webhook,
)
from tests.unit.sources.provider_lives import Delivery as Question
from tests.unit.sources.provider_lives import ask, events_of
from tests.unit.sources.provider_lives import problem as problem_of

SOURCE = "paypal:main"


def told(payload: Any, topic: str = "", **connection: Any) -> list[EventTwin]:
    answers = ask("paypal", Question(topic, payload), connection=connection or None)
    assert not [answer for answer in answers if isinstance(answer, Problem)], answers
    return events_of(answers)


def keys(events: list[EventTwin]) -> list[tuple[str, str, int | None]]:
    return [(event["type"], event["business_key"], event.get("amount")) for event in events]


def notices(payload: Any) -> str:
    answers = ask("paypal", Question("", payload))
    return " | ".join(notice for answer in answers if isinstance(answer, Judged) for notice in answer.notices)


def remembered(*payloads: Any) -> list[EventTwin]:
    """The events of payloads that come one after another."""
    return play(ADAPTER, [Delivery("", payload) for payload in payloads], source=SOURCE).events


def fetched(payload: Any, **connection: Any) -> list[str]:
    answers = ask("paypal", Question("", payload), {}, connection or None)
    return [fetch.resource for answer in answers if isinstance(answer, Judged) for fetch in answer.fetches]


CAPTURED = [("PaymentCaptured", "capture:CAP1", 10_000), ("FeeCharged", "fee:CAP1", 398)]


@pytest.mark.parametrize(
    "payload",
    [
        capture(),
        {"capture": capture()},
        [capture()],
        webhook("PAYMENT.CAPTURE.COMPLETED", capture()),
        {"events": [webhook("PAYMENT.CAPTURE.COMPLETED", capture())], "count": 1},
        {"webhook_id": "W", "webhook_event": webhook("PAYMENT.CAPTURE.COMPLETED", capture())},
        webhook("CHECKOUT.ORDER.COMPLETED", order(capture()), "checkout-order"),
        order(capture(custom_id=None, supplementary_data=None)),
        page(row("T0006", "100.00", "-3.98")),
        {"transactions": [{"id": "CAP1", "status": "COMPLETED", "time": AT, "amount_with_breakdown": broken_down("100.00", "0", "96.02")}]},
    ],
    ids=["bare", "wrapped", "list", "webhook", "events", "verified", "order webhook", "order", "row", "recurring"],
)
def test_a_capture_is_the_same_by_whichever_way_it_comes(payload: Any) -> None:
    if "transactions" in payload:
        payload["transactions"][0]["amount_with_breakdown"] = {
            "gross_amount": usd("100.00"),
            "fee_amount": usd("3.98"),
            "net_amount": usd("96.02"),
        }
    events = told(payload)
    assert keys(events) == CAPTURED
    same = [
        {name: value for name, value in event.items() if name not in {"event_id", "order_id", "received_at"}} for event in told(capture())
    ]
    assert [{name: event[name] for name in kept} for event, kept in zip(events, same, strict=True)] == same


def test_a_capture_is_told_once() -> None:
    ways = [webhook("PAYMENT.CAPTURE.COMPLETED", capture()), order(capture()), page(row("T0006", "100.00", "-3.98"))]
    for first in range(3):
        assert keys(remembered(*ways[first:], *ways[:first])) == CAPTURED


def test_what_is_not_completed_is_no_money() -> None:
    for status in ("PENDING", "DECLINED", "FAILED"):
        assert told(webhook("PAYMENT.CAPTURE.PENDING", capture(status=status, seller_receivable_breakdown=None))) == []
    assert told(webhook("PAYMENT.CAPTURE.DENIED", {"id": "CAP1"})) == []
    for status in ("V", "F"):
        assert keys(told(page(row("T0006", "100.00", "-3.98", transaction_status=status)))) == CAPTURED
    for status in ("P", "D"):
        assert told(page(row("T0006", "100.00", "-3.98", transaction_status=status))) == []
    assert told({"id": "A1", "status": "CREATED", "amount": usd("1.00"), "expiration_time": AT}) == []
    assert told(webhook("PAYMENT.AUTHORIZATION.VOIDED", {"id": "A1", "state": "voided", "amount": old("1.00")}, "authorization")) == []
    for status in ("CREATED", "SAVED", "APPROVED", "VOIDED", "PAYER_ACTION_REQUIRED"):
        assert told(order(status=status)) == []


@pytest.mark.parametrize(
    "payload",
    [
        webhook("BILLING.SUBSCRIPTION.ACTIVATED", {"id": "I-1", "plan_id": "P-1"}, "subscription"),
        webhook("SOMETHING.NEW", {"id": "X"}, "something"),
        webhook("INVOICING.INVOICE.PAID", {"invoice": {"id": "INV2-1"}}, "invoices"),
        {"id": "INV2-1", "detail": {"currency_code": "USD"}, "items": [{"name": "Ana's mug"}]},
        {"batch_header": {"payout_batch_id": "B"}, "items": [{"payout_item_id": "I"}]},
        {"id": "PAY-1", "intent": "sale", "state": "created", "transactions": [{"amount": old("1.00")}]},
        {
            "balances": [
                {"currency": "USD", "total_balance": usd("3.00"), "available_balance": usd("1.00"), "withheld_balance": usd("2.00")}
            ]
        },
        {"verification_status": "SUCCESS"},
        page(),
        [],
    ],
)
def test_what_moves_no_money_of_an_order_is_nothing(payload: Any) -> None:
    (answer,) = ask("paypal", Question("", payload))
    assert isinstance(answer, Nothing)
    assert "Ana" not in answer.reason


@pytest.mark.parametrize(
    "payload", ["{", '"a"', {}, {"id": "X", "name": "Ana"}, [[1]], {"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": 1}]
)
def test_what_is_no_payload_is_malformed(payload: Any) -> None:
    assert problem_of("paypal", "", payload).code == "reject_malformed"


def test_short_answers_are_fetched() -> None:
    short = {"id": "CAP1", "status": "COMPLETED", "links": [link("v2/payments/captures/CAP1")]}
    back = {"id": "REF1", "status": "COMPLETED", "links": [link("v2/payments/refunds/REF1"), link("v2/payments/captures/CAP1", "up")]}
    summary = dispute() | {"disputed_transactions": None}
    done = {"id": "ORD1", "status": "COMPLETED", "links": [link("v2/checkout/orders/ORD1")]}
    for payload, resource in ((short, "capture/CAP1"), (back, "refund/REF1"), (summary, "dispute/PP-D-1"), (done, "order/ORD1")):
        answer = problem_of("paypal", "", payload)
        assert answer.fetch is not None
        assert (answer.code, answer.fetch.resource) == ("refetch", resource)


def test_the_order_is_the_merchants_own_id_else_that_at_paypal() -> None:
    def owner(payload: Any, **connection: Any) -> str:
        return str(told(payload, **connection)[0]["order_id"])

    assert owner(capture()) == "1001"
    assert owner(capture(custom_id="a note with blanks", invoice_id="INV-7")) == "INV-7"
    assert owner(capture(custom_id=None)) == "ORD1"
    assert owner(capture(custom_id=None, supplementary_data=None)) == "ORD1"
    assert owner(sale(custom=None)) == "PAY-1"
    assert owner(sale(custom=None, parent_payment=None, billing_agreement_id="I-1")) == "I-1"
    paid = {"id": "R1", "status": "COMPLETED", "time": AT, "amount_with_breakdown": {"gross_amount": usd("10.00")}}
    assert owner({"transactions": [paid], "links": [link("v1/billing/subscriptions/I-1/transactions?start_time=2026")]}) == "I-1"
    assert (
        owner(
            order(capture(), purchase_units=[{"reference_id": "R7", "payments": {"captures": [capture()]}}]), order_reference="reference_id"
        )
        == "R7"
    )
    (event, *_) = told(capture(), orders_of="shop:es", facts=["captures"])
    assert (event["source"], event["order_id"]) == ("shop:es", "1001")
    assert owner(capture(custom_id=None), orders_of="shop:es", facts=["captures"]) == "CAP1"
    assert owner(capture(custom_id="ana@example.com")) == "ORD1"


def test_a_shop_that_tells_its_orders_leaves_fees_and_disputes() -> None:
    fee, opened = told(capture(), orders_of="shop:es")[0], told(dispute(), orders_of="shop:es")[0]
    assert (fee["type"], "payment_id" in fee, opened["type"]) == ("FeeCharged", False, "ChargebackOpened")
    assert told(refund(), orders_of="shop:es") == []


def test_figures_that_do_not_tie_are_held() -> None:
    wrong = problem_of("paypal", "", capture(net="96.00"))
    assert (wrong.code, wrong.pointer) == ("hold_discrepancy", "/seller_receivable_breakdown/net_amount")
    assert wrong.message.endswith("stated 96.00 USD, computed 96.02, difference -0.02")
    gross = problem_of("paypal", "", capture(seller_receivable_breakdown=broken_down("99.00", "3.98", "96.02")))
    assert (gross.code, gross.pointer) == ("hold_discrepancy", "/seller_receivable_breakdown/gross_amount")
    assert problem_of("paypal", "", refund(seller_payable_breakdown=broken_down("20.00", "0.50", "20.00"))).code == "hold_discrepancy"
    unbalanced = {"balances": [{"total_balance": usd("4.00"), "available_balance": usd("1.00"), "withheld_balance": usd("2.00")}]}
    assert problem_of("paypal", "", unbalanced).code == "hold_discrepancy"


def test_fees_of_the_platform_are_fees_of_their_own() -> None:
    shared = broken_down("100.00", "3.98", "91.02", platform_fees=[{"amount": usd("5.00"), "payee": {"merchant_id": "M"}}])
    assert keys(told(capture(seller_receivable_breakdown=shared))) == [*CAPTURED, ("FeeCharged", "fee:CAP1:platform", 500)]


def test_fees_in_the_currency_of_the_balance_are_not_mixed() -> None:
    foreign = broken_down(
        "100.00", "3.98", "96.02", receivable_amount=usd("88.01", "EUR"), paypal_fee_in_receivable_currency=usd("3.65", "EUR")
    )
    payload = capture(seller_receivable_breakdown=foreign)
    assert keys(told(payload)) == CAPTURED
    assert "88.01 EUR" in notices(payload)
    taken = capture(seller_receivable_breakdown=broken_down("100.00", "0", "96.02", paypal_fee=usd("3.65", "EUR")))
    assert keys(told(taken)) == CAPTURED[:1]
    assert "3.65 EUR" in notices(taken)
    assert keys(told(sale(transaction_fee=usd("1.60", "EUR")))) == [("PaymentCaptured", "capture:SALE1", 5_000)]
    assert keys(told(page(row("T0006", "100.00", fee_amount=usd("-3.65", "EUR"))))) == CAPTURED[:1]


@pytest.mark.parametrize(
    ("currency", "value", "amount"), [("JPY", "500", 500), ("HUF", "500", 50_000), ("TWD", "500", 50_000), ("EUR", "5.5", 550)]
)
def test_currencies_without_decimals_at_paypal(currency: str, value: str, amount: int) -> None:
    plain = capture(amount=usd(value, currency), seller_receivable_breakdown=None)
    assert told(plain)[0]["amount"] == amount
    assert problem_of("paypal", "", plain | {"amount": usd("1.2345", currency)}).code == "reject_malformed"
    assert problem_of("paypal", "", plain | {"amount": usd("-1", currency)}).code == "reject_malformed"


def test_a_refund_belongs_to_its_capture_and_gives_back_fees() -> None:
    returned = refund(seller_payable_breakdown=broken_down("20.00", "0.50", "19.50", total_refunded_amount=usd("20.00")))
    for payload in (
        returned,
        webhook("PAYMENT.CAPTURE.REFUNDED", returned, "refund"),
        order(refunds=(returned,)),
        page(row("T1107", "-20.00", "0.50", "REF1", paypal_reference_id="CAP1", paypal_reference_id_type="TXN")),
    ):
        issued, fee = told(payload)
        assert (issued["order_id"], issued["tenders"][0]["payment_id"], issued["tenders"][0]["amount"]) == ("1001", "CAP1", 2_000)
        assert [(each["account"], each["side"], each["amount"]) for each in fee["postings"]] == [
            ("psp_clearing:paypal", "DEBIT", 50),
            ("psp_fees", "CREDIT", 50),
        ]
    assert [event["type"] for event in told(returned, facts=["refunds"])] == ["RefundIssued"]
    assert "difference -10.00" in notices(refund(seller_payable_breakdown={"total_refunded_amount": usd("10.00")}))
    assert "payment_id" not in told(refund(links=[]))[0]["tenders"][0]


def test_refunds_count_when_their_money_is_away() -> None:
    for status in ("PENDING", "CANCELLED", "FAILED"):
        assert told(refund(status=status)) == []
    events = remembered(capture(), refund(status="PENDING"), refund(), refund(status="FAILED"), refund())
    assert [event["business_key"] for event in events] == ["capture:CAP1", "fee:CAP1", "refund:REF1", "refund:REF1:1"]


def test_a_capture_that_was_refunded_is_no_refund_itself() -> None:
    payload = capture(status="PARTIALLY_REFUNDED")
    assert keys(told(payload)) == CAPTURED
    assert fetched(payload) == ["order/ORD1"]
    assert fetched(order(payload, refunds=(refund(),))) == []


def test_sales_and_their_refunds_in_the_first_version() -> None:
    assert keys(told(webhook("PAYMENT.SALE.COMPLETED", sale(), "sale"))) == [
        ("PaymentCaptured", "capture:SALE1", 5_000),
        ("FeeCharged", "fee:SALE1", 175),
    ]
    assert "difference -1.00" in notices(
        sale(amount=old("50.00") | {"details": {"subtotal": "52.00", "tax": "1.00", "shipping_discount": "-2.00"}})
    )
    below = sale_refund("-10.00") | {"id": None}
    for payload in (sale_refund(), webhook("PAYMENT.SALE.REFUNDED", below, "sale")):
        (issued,) = told(payload)
        assert (issued["refund_id"], issued["tenders"][0]["payment_id"], issued["tenders"][0]["amount"]) == ("SREF1", "SALE1", 1_000)
    related = [{"sale": sale(custom=None)}, {"refund": sale_refund(custom=None)}]
    payment = {"id": "PAY-1", "intent": "sale", "state": "approved", "transactions": [{"custom": "1002", "related_resources": related}]}
    assert [(event["type"], event["order_id"]) for event in told({"payments": [payment]})] == [
        ("PaymentCaptured", "1002"),
        ("FeeCharged", "1002"),
        ("RefundIssued", "1002"),
    ]
    assert [event["type"] for event in told(sale_refund(refund_from_transaction_fee={"currency": "USD", "value": "0.30"}))] == [
        "RefundIssued",
        "JournalPosted",
    ]


def test_payments_of_agreements_in_the_first_version() -> None:
    paid: dict[str, Any] = {
        "transaction_id": "T1",
        "status": "Completed",
        "amount": usd("10.00"),
        "fee_amount": usd("-0.59"),
        "net_amount": usd("9.41"),
    }
    rows: list[Any] = [
        {"transaction_id": "I-1", "status": "Created", "time_stamp": AT},
        paid | {"time_stamp": AT, "payer_email": "ana@example.com"},
    ]
    assert keys(told({"agreement_transaction_list": rows})) == [("PaymentCaptured", "capture:T1", 1_000), ("FeeCharged", "fee:T1", 59)]
    assert problem_of("paypal", "", {"agreement_transaction_list": [rows[1] | {"net_amount": usd("9.00")}]}).code == "hold_discrepancy"


OPENED, LOST = ("ChargebackOpened", "dispute:PP-D-1", 3_000), ("ChargebackClosed", "dispute:PP-D-1:closed", None)


def test_an_inquiry_moves_no_money_unless_a_movement_says_so() -> None:
    assert told(dispute(stage="INQUIRY")) == []
    assert told(resolved("RESOLVED_BUYER_FAVOUR", "30.00", stage="INQUIRY")) == []
    assert keys(told(dispute(stage="INQUIRY", money_movements=[moved("DEBIT", "30.00"), moved("CREDIT", "30.00", party="BUYER")]))) == [
        OPENED
    ]
    assert told(dispute(stage="INQUIRY", money_movements=[moved("CREDIT", "30.00", party="BUYER")])) == []


@pytest.mark.parametrize(
    ("outcome", "refunded", "word", "won"),
    [
        ("RESOLVED_BUYER_FAVOUR", "30.00", "LOST", 0),
        ("RESOLVED_BUYER_FAVOUR", None, "LOST", 0),
        ("RESOLVED_BUYER_FAVOUR", "10.00", "PARTIAL", 2_000),
        ("ACCEPTED", "30.00", "LOST", 0),
        ("RESOLVED_SELLER_FAVOUR", "0.00", "WON", 3_000),
        ("RESOLVED_WITH_PAYOUT", "30.00", "WON", 3_000),
        ("CANCELED_BY_BUYER", None, "WON", 3_000),
    ],
)
def test_a_claim_withholds_money_until_its_outcome(outcome: str, refunded: str | None, word: str, won: int) -> None:
    events = remembered(capture(), dispute(stage="INQUIRY"), dispute(), resolved(outcome, refunded), dispute())
    assert keys(events)[2:] == [OPENED, LOST]
    assert (events[-1]["outcome"], events[-1]["amount_won"]) == (word, won)
    alone = webhook("CUSTOMER.DISPUTE.RESOLVED", resolved(outcome, refunded), "dispute")
    assert keys(told(alone)) == ([] if word == "WON" else [OPENED, LOST])
    assert keys(remembered(capture(), alone, dispute(), alone))[2:] == ([] if word == "WON" else [OPENED, LOST])


def test_movements_of_a_dispute_count_before_its_outcome() -> None:
    moves = [moved("DEBIT", "30.00", "HOLD"), moved("CREDIT", "12.00"), moved("DEBIT", "15.00", "CHARGEBACK_FEE")]
    opened, closed = told(resolved("RESOLVED_BUYER_FAVOUR", "18.00", money_movements=moves))
    assert (opened["amount"], opened["fee"], closed["outcome"], closed["amount_won"]) == (3_000, 1_500, "PARTIAL", 1_200)
    newer = [{"party": each.pop("affected_party")} | each for each in (*moves[:2], moved("CREDIT", "0.90", "REVERSED_TRANSACTION_FEE"))]
    assert [event["type"] for event in told(resolved("RESOLVED_BUYER_FAVOUR", "18.00", fund_movements=newer))] == [
        "ChargebackOpened",
        "ChargebackClosed",
        "JournalPosted",
    ]
    assert problem_of("paypal", "", dispute(money_movements=[moved("CREDIT", "1.00")])).code == "hold_discrepancy"


def test_the_fee_of_a_dispute_is_told_once() -> None:
    late = resolved("RESOLVED_BUYER_FAVOUR", "30.00", money_movements=[moved("DEBIT", "30.00"), moved("DEBIT", "15.00", "DISPUTE_FEE")])
    charged = page(row("T0114", "-15.00", None, "F1", paypal_reference_id="CAP1"))
    for payloads in ([late, charged], [charged, late], [dispute(), late, charged], [dispute(), charged, late]):
        events = remembered(capture(), *payloads, *payloads)[2:]
        assert sum(event.get("fee", 0) + (event["amount"] if event["type"] == "FeeCharged" else 0) for event in events) == 1_500


def test_what_a_dispute_does_not_say_is_not_guessed() -> None:
    assert problem_of("paypal", "", dispute(status="RESOLVED")).code == "refetch"
    assert problem_of("paypal", "", resolved("SOMETHING")).code == "reject_malformed"
    assert problem_of("paypal", "", resolved("RESOLVED_BUYER_FAVOUR", "31.00")).code == "hold_discrepancy"
    several = [{"seller_transaction_id": name, "gross_amount": usd(value)} for name, value in (("CAP1", "10.00"), ("CAP2", "20.00"))]
    assert [(event["payment_id"], event["amount"]) for event in told(dispute(disputed_transactions=several))] == [
        ("CAP1", 1_000),
        ("CAP2", 2_000),
    ]
    codes = [getattr(answer, "code", "") for answer in ask("paypal", Question("", dispute("25.00", disputed_transactions=several)))]
    assert codes == ["hold_discrepancy", "hold_discrepancy"]
    assert keys(remembered(capture(), dispute(dispute_amount=usd("30.00", "EUR")))) == CAPTURED


def test_a_dispute_that_ended_with_a_refund_is_left_to_the_refund() -> None:
    ended = resolved("RESOLVED_BUYER_FAVOUR", "100.00", "100.00", money_movements=[moved("DEBIT", "100.00")])
    ended["disputed_transactions"][0]["transaction_status"] = "REFUNDED"
    for way in permutations((capture(), dispute("100.00"), ended, refund("100.00"))):
        (accounts,) = books_of([*placed("1001", 10_000), *remembered(*way)]).balances.values()
        assert (accounts["psp_clearing:paypal"], accounts.get("dispute_losses", 0), accounts["sales_allowances"]) == (-398, 0, 10_000)
    assert [event["type"] for event in told(ended)] == ["ChargebackOpened", "ChargebackClosed"]
    ended["disputed_transactions"][0]["transaction_status"] = "PARTIALLY_REFUNDED"
    assert "the same money" in notices(ended)


def test_an_appeal_after_the_end_is_reported() -> None:
    events = remembered(capture(), resolved("RESOLVED_BUYER_FAVOUR", "30.00"), resolved("RESOLVED_SELLER_FAVOUR"))
    assert keys(events)[2:] == [OPENED, LOST]
    grown = [Delivery("", each) for each in (dispute(), resolved("RESOLVED_BUYER_FAVOUR", "40.00", "40.00"))]
    memory = play(ADAPTER, grown[:1], source=SOURCE).memory
    (answer,) = ask("paypal", Question(*grown[1]), memory, source=SOURCE)
    assert isinstance(answer, Judged)
    assert "stated 40.00 USD, computed 30.00, difference 10.00" in " ".join(answer.notices)


def test_a_reversal_and_its_dispute_are_the_same_money() -> None:
    assert keys(told(REVERSED)) == keys(told(REVERSED_ROW)) == [("ChargebackOpened", "dispute:REV1", 3_000)]
    lost = resolved("RESOLVED_BUYER_FAVOUR", "30.00")
    spared = resolved("RESOLVED_SELLER_FAVOUR")
    for payloads in ([dispute(), REVERSED, spared], [REVERSED, spared, dispute()]):
        assert [event.get("outcome") for event in remembered(capture(), *payloads)[2:]] == [None, "WON"]
    assert remembered(capture(), spared, REVERSED, dispute())[2:] == []
    for payloads in ([dispute(), REVERSED, lost], [REVERSED, dispute(), lost], [lost, REVERSED_ROW], [REVERSED_ROW, REVERSED, lost]):
        events = remembered(capture(), *payloads)
        assert [event["type"] for event in events[2:]] == ["ChargebackOpened", "ChargebackClosed"]
        assert (events[2]["amount"], events[3]["outcome"]) == (3_000, "LOST")
    again = remembered(capture(), REVERSED, page(row("T1201", "-5.00", None, "REV2", paypal_reference_id="CAP1")))
    assert keys(again)[2:] == [("ChargebackOpened", "dispute:REV1", 3_000), ("ChargebackOpened", "dispute:REV2", 500)]


@pytest.mark.parametrize("reversed_part", ["30.00", "10.00"])
@pytest.mark.parametrize(
    "last",
    [
        resolved("RESOLVED_BUYER_FAVOUR", "30.00"),
        resolved("RESOLVED_SELLER_FAVOUR"),
        resolved("RESOLVED_BUYER_FAVOUR", "18.00", money_movements=[moved("DEBIT", "30.00"), moved("CREDIT", "12.00")]),
        dispute(),
    ],
    ids=["lost", "won", "in part", "open"],
)
def test_disputes_and_reversals_end_alike_in_any_order(last: Any, reversed_part: str) -> None:
    taken = webhook("PAYMENT.CAPTURE.REVERSED", refund(reversed_part, "REV1"), "refund")
    ways = permutations((capture(), dispute(stage="INQUIRY"), dispute(), taken, last))
    books = [books_of([*placed("1001", 10_000), *remembered(*way)]) for way in ways]
    assert all(each == books[0] for each in books)
    assert (books[0].waiting, books[0].refused) == ([], [])


def test_a_sale_that_is_reversed_went_back() -> None:
    taken = sale("-50.00", state="completed", transaction_fee=None)
    assert keys(told(webhook("PAYMENT.SALE.REVERSED", taken, "sale"))) == [("ChargebackOpened", "dispute:SALE1:back", 5_000)]
    older = {"id": "SALE1", "state": "completed", "amount": old("-50.00"), "create_time": AT, "links": [link("v1/payments/refund/SREV1")]}
    (opened,) = told(webhook("PAYMENT.SALE.REVERSED", older, "sale"))
    assert (opened["dispute_id"], opened["payment_id"], opened["amount"]) == ("SREV1", "SALE1", 5_000)
    assert [event["type"] for event in told(sale(state="reversed"))] == ["PaymentCaptured", "FeeCharged", "ChargebackOpened"]
    assert [event["type"] for event in remembered(sale(state="reversed"))] == ["PaymentCaptured", "FeeCharged"]


def test_other_rows_are_kept_for_settlements() -> None:
    for code, amount in (
        ("T0400", "-50.00"),
        ("T0200", "5.00"),
        ("T0006", "-5.00"),
        ("T1107", "5.00"),
        ("T1110", "-5.00"),
        ("T1202", "5.00"),
    ):
        assert told(page(row(code, amount, None, "X1"))) == []
    assert "a fee came back" in notices(page(row("T0006", "100.00", "3.98")))
    charged = page(row("T0106", "-15.00", None, "F1", paypal_reference_id="CAP1", paypal_reference_id_type="TXN"))
    assert [(event["fee_id"], event["kind"], event["payment_id"]) for event in told(charged)] == [("F1", "dispute", "CAP1")]
    assert told(page(row("T0106", "-15.00", None, "F1"))) == []


def test_a_cart_that_is_not_the_amount_is_reported() -> None:
    items = [{"item_amount": usd("90.00"), "tax_amounts": [{"tax_amount": usd("9.00")}]}, {"item_name": "Ana's mug"}]
    paid = row("T0006", "100.00", "-3.98", shipping_amount=usd("3.00"), shipping_discount_amount=usd("-2.00"))
    assert "difference" not in notices(page(paid | {"cart_info": {"item_details": items}}))
    short = page(paid | {"cart_info": {"item_details": items[:1] * 2}})
    assert "stated 100.00 USD, computed 199.00, difference -99.00" in notices(short)
    assert keys(told(short)) == CAPTURED


def test_the_sandbox_is_known_by_the_webhooks_own_link() -> None:
    here = capture(links=[link("v2/payments/captures/CAP1", host=SANDBOX)])
    assert [event["test_mode"] for event in told(webhook("PAYMENT.CAPTURE.COMPLETED", here, host=SANDBOX))] == [True, True]
    assert [event["test_mode"] for event in told(here)] == [False, False]
    assert "set test_mode" in notices(here)
    assert [event["test_mode"] for event in told(here, test_mode=True)] == [True, True]
    spoofed = webhook("PAYMENT.CAPTURE.COMPLETED", capture(), host="https://evil.example/x.sandbox.paypal.com")
    assert [event["test_mode"] for event in told(spoofed)] == [False, False]


def test_what_names_no_order_waits_for_its_capture() -> None:
    nameless = refund(custom_id=None)
    assert fetched(nameless) == ["capture/CAP1"]
    assert fetched(page(row("T0006", "100.00", "-3.98", custom_field=None))) == ["capture/CAP1"]
    assert fetched(page(row("T0400", "-100.00", custom_field=None))) == []
    assert fetched(capture(custom_id=None), orders_of="shop:es") == []
    assert [event["order_id"] for event in remembered(nameless, capture())] == ["1001", "1001", "1001"]


CAPTURES, SALES = ([Delivery("", payload) for payload in life] for life in (CAPTURE_LIFE, SALE_LIFE))


def placed(order_id: str, total: int) -> list[EventTwin]:
    where: dict[str, Any] = {"order_id": order_id, "source": SOURCE, "currency": "USD"}
    seller: dict[str, Any] = {"legal_entity": "US01", "channel": "web", "terms": "PREPAID", "order_discounts": [], "total": total}
    placement = event_json("OrderPlaced", "order", **where, **seller, prices_include_tax=True, lines=[sold("1", total)])
    units = [{"line_id": "1", "quantity": "1"}]
    return [placement, event_json("ShipmentDispatched", "shipment:1", **where, shipment_id="1", lines=units)]


def test_lives_end_in_the_same_books_in_any_order() -> None:
    for seed in SEEDS:
        mess = shuffled([CAPTURES, SALES], seed) if seed else [*CAPTURES, *SALES]
        played = play(ADAPTER, mess, source=SOURCE)
        books = books_of([*placed("1001", 10_000), *placed("1002", 5_000), *played.events])
        assert (played.problems, books.waiting, books.refused) == ([], [], []), seed
        assert books.balances == {
            "acme:paypal:main:1001": {
                "dispute_losses": 3_000,
                "psp_clearing:paypal": 10_000 - 398 - 2_000 + 50 - 3_000,
                "psp_fees": 348,
                "revenue:sales": -10_000,
                "sales_allowances": 2_000,
            },
            "acme:paypal:main:1002": {
                "psp_clearing:paypal": 5_000 - 175 - 1_000,
                "psp_fees": 175,
                "revenue:sales": -5_000,
                "sales_allowances": 1_000,
            },
        }, seed
        again = play(ADAPTER, mess, source=SOURCE)
        assert [each["event_id"] for each in again.events] == [each["event_id"] for each in played.events]
        assert play(ADAPTER, mess, source=SOURCE, memory=played.memory).events == []


def test_nothing_personal_comes_out() -> None:
    played = play(ADAPTER, [*CAPTURES, *SALES], source=SOURCE)
    assert "Ana" not in repr(played)
    assert "ana@" not in repr(played)


PAYLOADS = (
    *((delivery.topic, delivery.payload) for delivery in (*CAPTURES, *SALES)),
    ("", {"transactions": [{"id": "R1", "status": "COMPLETED", "time": AT, "amount_with_breakdown": {"gross_amount": usd("10.00")}}]}),
    ("", resolved("RESOLVED_BUYER_FAVOUR", "18.00", money_movements=[moved("DEBIT", "30.00"), moved("CREDIT", "12.00")])),
    ("", {"balances": [{"total_balance": usd("3.00"), "available_balance": usd("1.00"), "withheld_balance": usd("2.00")}]}),
)


def test_mutated_payloads_are_answered() -> None:
    counts = answer_mutations(ADAPTER, PAYLOADS, 2_500, random.Random("paypal"))
    assert min(counts.values()) > 0


@pytest.mark.soak
def test_many_mutated_payloads_are_answered() -> None:
    answer_mutations(ADAPTER, PAYLOADS, 100_000, random.Random(os.environ.get("SEED", "1")))


def test_events_of_one_payload_keep_to_the_contract() -> None:
    for topic, payload in PAYLOADS:
        events_of(ask("paypal", Question(topic, payload)))
