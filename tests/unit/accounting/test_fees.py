"""Fees of providers: booked once, from captures or from events as the policy says per account kind."""

import pytest

from asiento.accounting.decision import Deferred, Ignored, Posted
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.policy import Policy, PolicyBook
from tests.order_making import captured, event, line, placed, tax
from tests.unit.accounting.playing import amounts, entry_of, last

ORDER = placed(line("A", 1_000))
SWAPPED = PolicyBook(((0, Policy(psp_fees_from="event", marketplace_fees_from="capture", carrier_fees_from="capture")),))
DEFAULT = PolicyBook(((0, Policy()),))


def fee(account_kind: str, payment_id: str | None, **fields: object) -> OrderEvent:
    """FeeCharged of 30 by a provider."""
    stated = {"fee_id": "F1", "kind": "ads", "amount": 30, "account_kind": account_kind, "gateway": "g", "estimate": False}
    return event("FeeCharged", "fee", **(stated | {"payment_id": payment_id} | fields))


@pytest.mark.parametrize(
    ("tender", "by_default", "swapped"),
    [
        ("CARD", True, False),
        ("WALLET", True, False),
        ("OTHER", True, False),
        ("MARKETPLACE", False, True),
        ("CASH_ON_DELIVERY", False, True),
        ("BANK_TRANSFER", False, False),
        ("CASH", False, False),
        ("GIFT_CARD", False, False),
    ],
)
def test_a_fee_of_a_capture_is_booked_where_the_policy_takes_it_from_there(tender: str, by_default: bool, swapped: bool) -> None:
    for policies, booked in ((DEFAULT, by_default), (SWAPPED, swapped)):
        decision = last(ORDER, captured("P1", 1_000, tender=tender, fee=29), policies=policies)
        assert [entry.entry_kind for entry in decision.entries] == (["capture", "fee"] if booked else ["capture"])


def test_a_fee_of_a_capture_is_withheld_from_its_money() -> None:
    decision = last(ORDER, captured("P1", 1_000, fee=29))
    assert amounts(entry_of(decision, "fee")) == {"psp_fees": 29, "psp_clearing:stripe": -29}


def test_a_capture_without_a_fee_books_none() -> None:
    assert [entry.entry_kind for entry in last(ORDER, captured("P1", 1_000, fee=0)).entries] == ["capture"]


def test_a_capture_of_nothing_is_no_entry() -> None:
    assert last(ORDER, captured("P1", 0)).entries == ()


@pytest.mark.parametrize(
    ("kind", "payment", "by_default", "swapped"),
    [
        ("PSP", "stated", Ignored("other_fee_source"), Posted()),
        ("PSP", "silent", Posted(), Posted()),
        ("PSP", None, Posted(), Posted()),
        ("PSP", "unknown", Deferred("D27"), Deferred("D27")),
        ("MARKETPLACE", "stated", Posted(), Ignored("other_fee_source")),
        ("MARKETPLACE", "silent", Posted(), Posted()),
        ("MARKETPLACE", None, Posted(), Posted()),
        ("MARKETPLACE", "unknown", Posted(), Ignored("other_fee_source")),
        ("CARRIER", "unknown", Posted(), Ignored("other_fee_source")),
        ("CARRIER", "stated", Posted(), Ignored("other_fee_source")),
    ],
)
def test_a_fee_of_its_own_is_booked_where_no_capture_tells_it(kind: str, payment: str | None, by_default: object, swapped: object) -> None:
    known = (ORDER, captured("stated", 500, fee=5), captured("silent", 500))
    for policies, outcome in ((DEFAULT, by_default), (SWAPPED, swapped)):
        assert last(*known, fee(kind, payment), policies=policies).outcome == outcome


def test_a_fee_is_withheld_with_its_tax() -> None:
    assert amounts(entry_of(last(ORDER, fee("CARRIER", None, tax=tax(6))), "fee")) == {
        "carrier_fees": 30,
        "tax_receivable:ES:VAT": 6,
        "carrier_clearing:g": -36,
    }
    assert amounts(entry_of(last(ORDER, fee("PSP", None)), "fee")) == {"psp_fees": 30, "psp_clearing:g": -30}


def test_an_estimate_is_ignored() -> None:
    assert last(ORDER, fee("PSP", None, estimate=True)).outcome == Ignored("estimate")
