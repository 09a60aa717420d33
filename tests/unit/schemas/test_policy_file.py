"""The policy file: what may stand in it, what is said about what may not, and the digest of a version."""

from typing import Any

import pytest

from asiento.accounting.policy import DEFAULT_POLICIES, ChannelPolicy, EntityPolicy, Policy
from schemas.formats import parse_time
from schemas.policy_digest import policy_digest, policy_values
from schemas.policy_file import FAULTS_MAX, InvalidPolicy, policies_from_mapping

NEW_YEAR = "2027-01-01T00:00:00Z"


def faults_of(content: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidPolicy) as refused:
        policies_from_mapping(content)
    return dict(refused.value.faults)


def only_policy(content: dict[str, Any]) -> Policy:
    ((since, policy),) = policies_from_mapping(content).versions
    assert since == 0
    return policy


def digest_of(content: dict[str, Any]) -> str:
    ((since, policy),) = policies_from_mapping(content).versions
    return policy_digest(since, policy)


def test_an_empty_policy_is_version_1_with_its_defaults() -> None:
    assert policies_from_mapping({}) == DEFAULT_POLICIES


def test_versions_are_ordered_by_their_time() -> None:
    book = policies_from_mapping(
        {"versions": [{"version": 2, "in_force_from": NEW_YEAR, "discounts": "net"}, {"version": 1, "charges": "first_shipment"}]}
    )
    assert book.versions == ((0, Policy(charges="first_shipment")), (parse_time(NEW_YEAR), Policy(version=2, discounts="net")))


def test_entities_and_channels_become_parts_of_the_policy() -> None:
    policy = only_policy(
        {
            "entities": {"acme-mx": {"time_zone": "America/Mexico_City", "book_currency": "MXN"}, "acme-es": {}},
            "channels": {"amazon": {"charges": "first_shipment", "psp_fees_from": "event"}},
        }
    )
    mexico = EntityPolicy(time_zone="America/Mexico_City", book_currency="MXN")
    assert policy.entities == (("acme-es", EntityPolicy()), ("acme-mx", mexico))
    assert policy.channels == (("amazon", ChannelPolicy(charges="first_shipment", psp_fees_from="event")),)


@pytest.mark.parametrize(
    ("content", "field", "message"),
    [
        ({"charge": "first_shipment"}, "charge", "there is no such key; the nearest is charges"),
        ({"zzz": 1}, "zzz", "there is no such key; there are in_force_from, digest, version, charges, .*, versions"),
        ({"entity_time_zones": {}}, "entity_time_zones", "no such key any more: write `entities"),
        ({"versions": [{"versions": []}]}, "versions[0].versions", "there is no such key; the nearest is version$"),
        ({"discounts": "netto"}, "discounts", "'netto' is not one of contra, net; the nearest is net"),
        ({"unexplained_refund": False}, "unexplained_refund", "false is not one of allowance, none; YAML reads yes, no, on and off as"),
        ({"charges": ["contra"]}, "charges", "is not one of pro_rata_value, first_shipment, last_shipment$"),
        ({"charges": "x" * 1_000}, "charges", f"'{'x' * 59}… is not one of"),
        ({"parked_events_max": 0}, "parked_events_max", "0 is out of bounds: a whole number from 1 to 10000 is expected"),
        ({"archive_after_days": 36_526}, "archive_after_days", "36526 is out of bounds"),
        ({"amount_max": 10**17 + 1}, "amount_max", "out of bounds: a whole number from 1 to 100000000000000000"),
        ({"tax_tolerance": -1}, "tax_tolerance", "a whole number from 0 to 1000"),
        ({"parked_events_max": 64.0}, "parked_events_max", "64.0 is a decimal number: a whole number from"),
        ({"parked_events_max": True}, "parked_events_max", "true is true or false: a whole number"),
        ({"parked_events_max": "64"}, "parked_events_max", "'64' is text: .*, without quotes"),
        ({"parked_events_max": None}, "parked_events_max", "nothing is empty: a whole number"),
        ({"version": 0}, "version", "0 is out of bounds"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "'Mars/Olympus' is no time zone that this machine knows: write it as"),
        ({"time_zone": "America/Mexico"}, "time_zone", "the nearest is America/Mexico_City"),
        ({"time_zone": "../../etc/passwd"}, "time_zone", "is no time zone"),
        ({"time_zone": "America"}, "time_zone", "is no time zone"),
        ({"time_zone": "localtime"}, "time_zone", "is no time zone"),
        ({"time_zone": 1}, "time_zone", "1 is a number: the name of a time zone is expected"),
        ({"entities": {"ACME": {"time_zone": "Nowhere"}}}, "entities.ACME.time_zone", "'Nowhere' is no time zone"),
        ({"entities": {"ACME": {"book_currency": "mxn"}}}, "entities.ACME.book_currency", "'mxn' is no currency .* the nearest is MXN"),
        ({"entities": {"ACME": {"book_currency": False}}}, "entities.ACME.book_currency", "YAML reads yes, no"),
        ({"entities": {"ACME": {"currency": "MXN"}}}, "entities.ACME.currency", "the nearest is book_currency"),
        ({"entities": {"ACME": "UTC"}}, "entities.ACME", "'UTC' is no mapping: `name: value` of time_zone, book_currency is expected"),
        ({"entities": []}, "entities", "is no mapping: names with their values below them"),
        ({"entities": {" ": {}}}, "entities. ", "a name without blanks around it"),
        ({"channels": {"amazon": {"charges": "first"}}}, "channels.amazon.charges", "'first' is not one of"),
        ({"channels": {"amazon": {"time_zone": "UTC"}}}, "channels.amazon.time_zone", "there are charges, .*, carrier_fees_from$"),
        ({"versions": []}, "versions", "a list with at least one policy is expected"),
        ({"versions": {"version": 1}}, "versions", "a list with at least one policy is expected"),
        ({"versions": ["x"]}, "versions[0]", "'x' is no policy: a mapping"),
        ({"versions": [{}], "charges": "first_shipment"}, "charges", "beside `versions` nothing else may stand"),
        ({"in_force_from": "2027-01-01T00:00:00"}, "in_force_from", "with Z or an offset"),
        ({"in_force_from": "2027-01-01"}, "in_force_from", "is a date: a time is expected, .* for example 2027-01-01T00:00:00Z"),
        ({"in_force_from": "2027-02-30T00:00:00Z"}, "in_force_from", "no such time"),
        ({"in_force_from": "1969-01-01T00:00:00Z"}, "in_force_from", "is before 1970: leave in_force_from out"),
        ({"in_force_from": None}, "in_force_from", "nothing is empty: a time like"),
        ({"in_force_from": "soon"}, "in_force_from", "'soon' is no time"),
        ({"digest": "p1:1"}, "digest", "is no digest: copy the one"),
    ],
)
def test_a_fault_names_its_field_and_what_is_allowed(content: dict[str, Any], field: str, message: str) -> None:
    faults = faults_of(content)
    assert list(faults) == [field]
    with pytest.raises(InvalidPolicy, match=message):
        policies_from_mapping(content)


@pytest.mark.parametrize(
    ("items", "faults"),
    [
        ([{"version": 1}, {"version": 1, "in_force_from": NEW_YEAR}], {"versions[1].version": "versions[0] has version 1 already"}),
        ([{}, {"in_force_from": NEW_YEAR}], {"versions[1]": "versions[0] has version 1 already"}),
        ([{"version": 1}, {"version": 2}], {"versions[1]": "in_force_from is missing: only the oldest version may leave it out"}),
        (
            [{"version": 1, "in_force_from": NEW_YEAR}, {"version": 2, "in_force_from": "2026-12-31T18:00:00-06:00"}],
            {"versions[1].in_force_from": "versions[0] is in force from the same time"},
        ),
        ([{"version": 0}, {"version": 1, "in_force_from": NEW_YEAR}], {"versions[0].version": "out of bounds"}),
    ],
)
def test_no_two_versions_share_a_number_or_a_time(items: list[dict[str, Any]], faults: dict[str, str]) -> None:
    found = faults_of({"versions": items})
    assert list(found) == list(faults)
    for field, message in faults.items():
        assert message in found[field]


def test_all_faults_are_told_at_once() -> None:
    content = {
        "versions": [
            {"charge": 1, "entities": {"a": {"time_zone": "x"}}},
            {"version": 2, "in_force_from": "soon", "channels": {"amazon": {"charges": "x", "discounts": "y"}}},
        ],
        "tax_tolerance": 1,
    }
    assert set(faults_of(content)) == {
        "tax_tolerance",
        "versions[0].charge",
        "versions[0].entities.a.time_zone",
        "versions[1].in_force_from",
        "versions[1].channels.amazon.charges",
        "versions[1].channels.amazon.discounts",
    }


def test_the_number_of_faults_is_bounded() -> None:
    assert len(faults_of({f"key{number}": 1 for number in range(100_000)})) == FAULTS_MAX


def test_a_digest_is_about_meaning_not_about_writing() -> None:
    assert digest_of({}) == "p1:2c2483e4dc2c82a58bcca5505ff5cbf7"
    assert digest_of({"discounts": "contra", "channels": {"a": {"discounts": "contra"}, "b": {}}}) == digest_of({})
    assert digest_of({"entities": {"a": {"time_zone": "UTC"}}}) == digest_of({})


@pytest.mark.parametrize(
    "content",
    [
        {"version": 2},
        {"in_force_from": NEW_YEAR},
        {"discounts": "net"},
        {"tax_tolerance": 0},
        {"entities": {"a": {"time_zone": "Asia/Tokyo"}}},
        {"entities": {"a": {"book_currency": "EUR"}}},
        {"entities": {"b": {"book_currency": "EUR"}}},
        {"channels": {"a": {"discounts": "net"}}},
        {"channels": {"b": {"discounts": "net"}}},
    ],
)
def test_every_value_changes_the_digest(content: dict[str, Any]) -> None:
    others: list[dict[str, Any]] = [
        {},
        {"discounts": "net"},
        {"channels": {"a": {"discounts": "net"}}},
        {"entities": {"a": {"book_currency": "EUR"}}},
    ]
    assert digest_of(content) not in {digest_of(other) for other in others if other != content}


def test_a_sealed_version_must_not_be_edited() -> None:
    seal = digest_of({"discounts": "net"})
    assert only_policy({"discounts": "net", "digest": seal}).discounts == "net"
    assert "edited after it was sealed" in faults_of({"discounts": "contra", "digest": seal})["digest"]
    assert "(now p1:" in faults_of({"versions": [{"digest": seal}]})["versions[0].digest"]


def test_the_shown_values_are_a_sealed_policy_file_with_the_same_meaning() -> None:
    book = policies_from_mapping(
        {
            "versions": [
                {"time_zone": "Asia/Tokyo", "entities": {"a": {}, "b": {"time_zone": "UTC", "book_currency": "EUR"}}},
                {"version": 2, "in_force_from": NEW_YEAR, "discounts": "net", "channels": {"amazon": {"discounts": "contra"}, "x": {}}},
            ]
        }
    )
    shown = {"versions": [policy_values(since, policy) for since, policy in book.versions]}
    again = policies_from_mapping(shown)
    assert [policy_values(since, policy) for since, policy in again.versions] == shown["versions"]
    assert shown["versions"][0]["entities"]["a"] == {"time_zone": "Asia/Tokyo"}
    assert shown["versions"][1]["channels"]["amazon"]["charges"] == "pro_rata_value"
