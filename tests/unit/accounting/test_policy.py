"""The policy: which version an order keeps, what a channel changes, what a date is."""

from datetime import datetime
from typing import Any

import pytest

from asiento.accounting.amount_limit import AMOUNT_MAX
from asiento.accounting.decide import decide
from asiento.accounting.decision import Posted, Rejected
from asiento.accounting.policy import DEFAULT_POLICIES, ChannelPolicy, EntityPolicy, Policy, PolicyBook, UnknownPolicyVersion
from schemas.policy_file import policies_from_mapping
from tests.order_making import captured, line, placed, shipped, tax

MICROSECONDS = 1_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * MICROSECONDS


def test_versions_are_in_force_from_their_time() -> None:
    old, new = Policy(version=1), Policy(version=2)
    book = PolicyBook(((0, old), (at("2027-01-01T00:00:00+00:00"), new)))
    assert book.in_force_at(at("2026-12-31T23:59:59+00:00")) is old
    assert book.in_force_at(at("2027-01-01T00:00:00+00:00")) is new
    assert book.by_version(1) is old


def test_the_first_event_fixes_the_version_for_the_order_s_life() -> None:
    old, new = Policy(version=1), Policy(version=2, discounts="net")
    first = decide(placed(line("A", 1_000, discount=100)), None, PolicyBook(((0, old),)))
    later = decide(shipped("S1", {"A": "1"}), first.state, PolicyBook(((0, old), (1, new))))
    assert [entry.policy_version for entry in later.entries] == [1]
    assert "sales_discounts" in {posting.account for posting in later.entries[0].postings}


def test_a_state_of_an_unknown_version_stops_the_worker() -> None:
    first = decide(placed(line("A", 1_000)), None, PolicyBook(((0, Policy(version=7)),)))
    with pytest.raises(UnknownPolicyVersion, match=r"policy version 7 is not among the known ones \(1\)"):
        decide(captured("P1", 1_000), first.state, DEFAULT_POLICIES)


def test_the_business_date_is_the_entity_s_own() -> None:
    book = policies_from_mapping({"entities": {"ACME-ES": {"time_zone": "America/Mexico_City"}}})
    order = decide(placed(line("A", 1_000)), None, book)
    entry = decide(captured("P1", 1_000, occurred_at="2026-03-01T03:00:00Z"), order.state, book).entries[0]
    assert (entry.business_date, entry.posting_date, entry.late) == ("2026-02-28", "2026-02-28", False)
    assert Policy().business_date("ACME-ES", at("2026-03-01T03:00:00+00:00")) == "2026-03-01"


def test_an_entity_without_a_zone_of_its_own_keeps_the_policy_s() -> None:
    policy = Policy(time_zone="Asia/Tokyo", entities=(("ACME-MX", EntityPolicy(book_currency="MXN")),))
    assert policy.business_date("ACME-MX", at("2026-03-01T20:00:00+00:00")) == "2026-03-02"


def test_a_channel_overrides_what_it_states_and_nothing_else() -> None:
    entities = (("ACME-MX", EntityPolicy(time_zone="America/Mexico_City")),)
    policy = Policy(version=3, charges="last_shipment", entities=entities, channels=(("amazon", ChannelPolicy(discounts="net")),))
    assert policy.for_channel("amazon") == Policy(version=3, charges="last_shipment", entities=entities, discounts="net")


def test_a_channel_without_rules_of_its_own_has_the_policy_itself() -> None:
    policy = Policy(channels=(("amazon", ChannelPolicy(discounts="net")),))
    assert policy.for_channel("web") is policy
    assert policy.for_channel("Amazon") is policy


def test_a_channel_s_policy_is_prepared_once() -> None:
    policy = Policy(channels=(("amazon", ChannelPolicy(psp_fees_from="event")),))
    of_channel = policy.for_channel("amazon")
    assert policy.for_channel("amazon") is of_channel
    assert of_channel.for_channel("amazon") is of_channel


def test_the_defaults_are_version_1_for_ever() -> None:
    """A default that changes would change the books of orders whose version leaves it out."""
    assert Policy() == Policy(
        version=1,
        charges="pro_rata_value",
        discounts="contra",
        unexplained_refund="allowance",
        psp_fees_from="capture",
        marketplace_fees_from="event",
        carrier_fees_from="event",
        time_zone="UTC",
        parked_events_max=64,
        parked_bytes_max=1_048_576,
        numbers_ahead_max=10_000,
        archive_after_days=730,
        amount_max=AMOUNT_MAX,
        parked_deadline_hours=72,
        unpaid_deadline_days=3,
        unshipped_deadline_days=14,
        unrefunded_deadline_days=14,
        total_tolerance_per_line=1,
        tax_tolerance=1,
    )


@pytest.mark.parametrize(
    ("policy", "shipping"),
    [({}, [333, 667]), ({"charges": "first_shipment"}, [1_000, 0]), ({"charges": "last_shipment"}, [0, 1_000])],
)
def test_charges_follow_the_policy(policy: dict[str, Any], shipping: list[int]) -> None:
    book = policies_from_mapping(policy)
    state = decide(placed(line("A", 9_000, "3"), line("S", 1_000, kind="SHIPPING")), None, book).state
    shown = []
    for shipment_id, units in (("S1", "1"), ("S2", "2")):
        decision = decide(shipped(shipment_id, {"A": units}), state, book)
        state = decision.state
        postings = decision.entries[0].postings
        shown.append(sum(posting.amount for posting in postings if posting.account == "shipping_revenue"))
    assert shown == shipping


def test_the_first_shipment_takes_the_rounding_even_where_charges_wait_for_the_last() -> None:
    book = policies_from_mapping({"charges": "last_shipment"})
    order = decide(placed(line("A", 2_000, "2"), line("S", 300, kind="SHIPPING"), total=2_301), None, book)
    entry = decide(shipped("S1", {"A": "1"}), order.state, book).entries[0]
    assert {posting.account: posting.amount for posting in entry.postings} == {
        "accounts_receivable": 1_001,
        "revenue:sales": 1_000,
        "rounding": 1,
    }


def test_net_discounts_leave_charges_as_they_are() -> None:
    book = policies_from_mapping({"discounts": "net"})
    order = placed(line("A", 1_000, discount=100), line("S", 500, kind="SHIPPING", discount=200))
    decision = decide(shipped("S1", {"A": "1"}), decide(order, None, book).state, book)
    shown = {posting.account: posting.amount for posting in decision.entries[0].postings}
    assert shown == {"accounts_receivable": 1_200, "revenue:sales": 900, "shipping_revenue": 500, "sales_discounts": 200}


@pytest.mark.parametrize(("tolerance", "difference", "taken"), [(0, 0, True), (0, 1, False), (3, 6, True), (3, 7, False)])
def test_the_tolerance_of_a_total_is_per_line(tolerance: int, difference: int, taken: bool) -> None:
    book = PolicyBook(((0, Policy(total_tolerance_per_line=tolerance)),))
    decision = decide(placed(line("A", 1_000), line("B", 500), total=1_500 + difference), None, book)
    assert decision.outcome == (Posted() if taken else Rejected("D01"))


@pytest.mark.parametrize(("tolerance", "amount", "warned"), [(0, 210, False), (0, 211, True), (3, 213, False), (3, 206, True)])
def test_the_tolerance_of_a_tax_is_in_minor_units(tolerance: int, amount: int, warned: bool) -> None:
    book = PolicyBook(((0, Policy(tax_tolerance=tolerance)),))
    decision = decide(placed(line("A", 1_000, taxes=[tax(amount, base=1_000)])), None, book)
    assert [one.code for one in decision.discrepancies] == (["D05"] if warned else [])
