"""Intended figures against figures worked out by hand."""

from dataclasses import replace

import pytest

from sources.synthetic.arithmetic import MICRO
from sources.synthetic.catalog import MADRID, Product, Shop, TaxRule
from sources.synthetic.intents import Cancellation, Dispatch, GivenBack, OrderIntent, Payment, Payout, Refund, Step
from sources.synthetic.pricing import priced_lines
from sources.synthetic.settlement import settle

SIXTEEN = (TaxRule("MX", "VAT", "IVA", "0.16"),)
A = Product("A", "a", 3333, SIXTEEN, "ropa")
B = Product("B", "b", 5000, SIXTEEN, "ropa", cost=2000)
FREIGHT = Product("F", "freight", 795, SIXTEEN, kind="SHIPPING")
SHOP: Shop = replace(MADRID, taxes_included=False, warehouse=None)


def golden_order(*steps: Step) -> OrderIntent:
    """A 3 x 33.33, B 1 x 50.00, 10.00 off the order, 16 % tax, freight 7.95: 171.61 in all."""
    basket = [(A, 3 * MICRO), (B, MICRO), (FREIGHT, MICRO)]
    lines, _ = priced_lines(SHOP, basket, [0, 0, 0], 0)
    lines = (
        replace(lines[0], order_share=667, taxes=(replace(lines[0].taxes[0], amount=1493),)),
        replace(lines[1], order_share=333, taxes=(replace(lines[1].taxes[0], amount=747),)),
        lines[2],
    )
    return OrderIntent(shop=SHOP, order_id="1", placed_at=0, lines=lines, terms="PREPAID", order_discount=1000, steps=(*steps,))


def paid(amount: int = 17161) -> Payment:
    return Payment(at=1, payment_id="P1", tender="CARD", gateway="stripe", amount=amount, fee=500)


def left(shipment_id: str, **units: int) -> Dispatch:
    return Dispatch(at=2, shipment_id=shipment_id, units=tuple((line_id, count * MICRO) for line_id, count in units.items()))


def paid_back(amount: int, status: str = "SUCCEEDED") -> Payout:
    return Payout(tender_id="T1", tender="CARD", gateway="stripe", amount=amount, statuses=(status,), payment_id="P1")


def test_three_shipments_invoice_the_golden_amounts() -> None:
    shipments = (left("S1", L1=1), left("S2", L1=1, L2=1), left("S3", L1=1))
    invoiced = [settle(golden_order(*shipments[:count])).invoiced for count in (1, 2, 3)]
    assert invoiced == [3814, 3814 + 9533, 17161]


def test_a_paid_order_that_waits_is_a_contract_liability() -> None:
    assert settle(golden_order(paid())).balances() == {
        "psp_clearing:stripe": 17161 - 500,
        "psp_fees": 500,
        "contract_liability": -17161,
    }


def test_all_shipped_and_paid_leaves_the_customer_at_zero() -> None:
    balances = settle(golden_order(paid(), left("S1", L1=3, L2=1))).balances()
    assert balances == {
        "psp_clearing:stripe": 16661,
        "psp_fees": 500,
        "revenue:ropa": -14999,
        "sales_discounts": 1000,
        "shipping_revenue": -795,
        "tax_payable:MX:VAT": -(1493 + 747 + 127),
        "cogs:ropa": 2000,
        "inventory:default": -2000,
    }


def test_one_unit_back_credits_what_its_invoice_said() -> None:
    refund = Refund(at=3, refund_id="R1", given_back=(GivenBack(line_id="L1", quantity=MICRO, shipped=True),))
    settled = settle(golden_order(paid(), left("S1", L1=3, L2=1), refund))
    assert settled.credited == settled.to_pay_back == 3111 + 498
    assert settled.balances()["sales_returns:ropa"] == 3111


def test_a_pending_payout_stays_payable_and_a_failed_one_is_owed_again() -> None:
    refund = Refund(at=3, refund_id="R1", given_back=(GivenBack(line_id="L2", quantity=MICRO, shipped=True),))
    order = golden_order(paid(), left("S1", L1=3, L2=1))
    owed = settle(order.then(refund)).to_pay_back
    pending = settle(order.then(replace(refund, payouts=(paid_back(owed, "PENDING"),))))
    failed = settle(order.then(replace(refund, payouts=(paid_back(owed, "FAILED"),))))
    settled = settle(order.then(replace(refund, payouts=(paid_back(owed),))))
    assert (pending.refunds_payable, pending.to_pay_back) == (owed, 0)
    assert (failed.refunds_payable, failed.to_pay_back) == (owed, owed)
    assert settled.refunds_payable == 0


def test_a_cancellation_before_any_shipment_drops_the_charges() -> None:
    settled = settle(golden_order(paid(), Cancellation(at=2, units=(), drops_charges=False)))
    assert (settled.invoiced, settled.still_open, settled.refunds_payable) == (0, 0, 17161)


@pytest.mark.parametrize(("expected", "drops_charges"), [(795 + 127, False), (177 + 28, True)])
def test_a_cancellation_of_the_rest_keeps_or_drops_the_open_freight(expected: int, drops_charges: bool) -> None:
    rest = (("L1", 2 * MICRO), ("L2", MICRO))
    settled = settle(golden_order(left("S1", L1=1), Cancellation(at=3, units=rest, drops_charges=drops_charges)))
    freight = -settled.movements["invoice"]["shipping_revenue"]
    tax = settled.invoiced - 3111 - freight
    assert freight + tax - 498 == expected


def test_more_units_than_there_are_cannot_be_meant() -> None:
    with pytest.raises(ValueError, match="L1"):
        settle(golden_order(left("S1", L1=4)))
