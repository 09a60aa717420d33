"""The day: repeatable, rich enough, and honest about how every record must end."""

from collections import Counter

import pytest

from sources.synthetic.arrivals import json_line, order_key
from sources.synthetic.day import Day, trading_day
from sources.synthetic.intents import Cancellation, Dispatch, Payment, Refund


@pytest.fixture(scope="module")
def day() -> Day:
    return trading_day(7, 600)


def as_bytes(day: Day) -> bytes:
    return b"".join(arrival.key + arrival.raw + (json_line(arrival.event) if arrival.event else b"") for arrival in day.arrivals)


def test_the_same_seed_gives_the_same_bytes_and_totals() -> None:
    first, second = trading_day(11, 80), trading_day(11, 80)
    assert as_bytes(first) == as_bytes(second)
    assert first.controls == second.controls


def test_another_seed_gives_another_day() -> None:
    first, second = trading_day(11, 80), trading_day(12, 80)
    assert not {order_key(event) for event in first.events} & {order_key(event) for event in second.events}
    assert first.controls.currencies != second.controls.currencies


def test_no_orders_still_bring_the_odd_records() -> None:
    assert trading_day(1, 0).controls.counts == {
        "posted": 6,
        "ignored": 3,
        "rejected": 1,
        "deferred": 2,
        "conflict": 2,
        "dead_letter": 2,
    }


def test_currencies_with_and_without_decimals(day: Day) -> None:
    exponents = {currency: controls.exponent for currency, controls in day.controls.currencies.items()}
    assert exponents == {"CLP": 0, "EUR": 2, "JPY": 0, "MXN": 2, "USD": 2}


def test_every_kind_of_life_is_lived(day: Day) -> None:
    steps = [step for order in day.booked for step in order.steps]
    payouts = [payout for step in steps if isinstance(step, Refund) for payout in step.payouts]
    assert {step.tender for step in steps if isinstance(step, Payment)} == {
        "CARD",
        "WALLET",
        "BANK_TRANSFER",
        "CASH",
        "GIFT_CARD",
        "MARKETPLACE",
        "CASH_ON_DELIVERY",
        "OTHER",
    }
    assert {payout.statuses for payout in payouts} == {("SUCCEEDED",), ("PENDING", "SUCCEEDED"), ("PENDING",), ("PENDING", "FAILED")}
    assert "STORE_CREDIT" in {payout.tender for payout in payouts}
    kinds = {line.kind for order in day.booked for line in order.lines}
    assert kinds == {"GOODS", "SERVICE", "GIFT_CARD", "SHIPPING", "FEE", "TIP", "ROUNDING"}
    parts = Counter(sum(isinstance(step, Dispatch) for step in order.steps) for order in day.booked)
    assert all(parts[count] for count in (0, 1, 2, 3))
    assert any(isinstance(step, Cancellation) and step.units for step in steps)
    assert any(isinstance(step, Cancellation) and not step.units for step in steps)
    refunds = [step for step in steps if isinstance(step, Refund)]
    assert any(refund.shipping for refund in refunds)
    assert any(refund.goodwill for refund in refunds)
    assert any(refund.fee_kept for refund in refunds)
    assert any(given.stated for refund in refunds for given in refund.given_back)
    assert any(not given.shipped for refund in refunds for given in refund.given_back)


def test_records_are_doubled_resent_and_out_of_order(day: Day) -> None:
    ids = Counter(event["event_id"] for event in day.events)
    facts = Counter((order_key(event), event["type"], event["business_key"]) for event in day.events)
    assert any(count > 1 for count in ids.values())
    assert len(facts) < len(ids)
    first_types: dict[bytes, str] = {}
    for event in day.events:
        first_types.setdefault(order_key(event), event["type"])
    assert Counter(first_types.values())["OrderPlaced"] < len(first_types)


def test_arrivals_are_in_order_of_arrival_and_copies_come_after_their_original(day: Day) -> None:
    times = [arrival.at for arrival in day.arrivals]
    assert times == sorted(times)
    seen: set[str] = set()
    for arrival in day.arrivals:
        if arrival.event and arrival.becomes != "dead_letter":
            fact = f"{arrival.key.decode()}|{arrival.event['type']}|{arrival.event['business_key']}"
            assert (fact in seen) == (arrival.becomes in ("duplicate", "conflict"))
            seen.add(fact)


def test_counts_add_up_to_the_records(day: Day) -> None:
    controls = day.controls
    assert sum(controls.counts.values()) == sum(controls.counts_when_played_again.values()) == len(day.arrivals)
    assert sum(controls.counts_of_file.values()) == len(day.events) == len(day.arrivals) - 2
