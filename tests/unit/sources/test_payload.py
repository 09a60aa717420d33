"""Strict reading: what is not read exactly is refused, with a pointer and without quoting the payload."""

from decimal import Decimal

import pytest

from sources.platforms.minor_units import to_minor_units
from sources.platforms.outcome import Problem, Unjudged
from sources.platforms.payload import PAYLOAD_BYTES_MAX, Node, parse_object
from tests.unit.sources.shopify_payloads import order, read


def refused(payload: bytes) -> Problem:
    with pytest.raises(Unjudged) as caught:
        parse_object(payload)
    return caught.value.problem


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[1]",
        b'"text"',
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe{}",
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b" " * (PAYLOAD_BYTES_MAX + 1),
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_what_is_not_one_json_object_is_malformed(payload: bytes) -> None:
    assert refused(payload).code == "reject_malformed"


def test_a_complaint_does_not_quote_the_payload() -> None:
    problem = refused(b'{"email": "jane@example.com", oops}')
    assert "jane" not in problem.message
    assert "line 1" in problem.message


def test_a_json_number_never_passes_through_a_float() -> None:
    assert parse_object(b'{"a": 9007199254740993.01}').need("a").decimal() == Decimal("9007199254740993.01")


@pytest.mark.parametrize(
    ("value", "exponent", "minor"),
    [("199.00", 2, 19900), ("-5.00", 2, -500), ("500.00", 0, 500), ("1.234", 3, 1234), (7, 2, 700), (Decimal("1E+2"), 2, 10_000)],
)
def test_amounts(value: object, exponent: int, minor: int) -> None:
    assert to_minor_units(Node(value, "/a").decimal(), exponent, "/a") == minor


@pytest.mark.parametrize("value", ["1,50", "1e3", "NaN", " 1.00", "1.", ".5", "+1", "", "9" * 19, True, [], {}, Decimal("1E+40")])
def test_what_is_no_amount_is_malformed(value: object) -> None:
    with pytest.raises(Unjudged, match="/a"):
        Node(value, "/a").decimal()


@pytest.mark.parametrize(("value", "exponent"), [("1.005", 2), ("0.5", 0), ("99999999999999999.99", 4)])
def test_an_amount_that_the_currency_cannot_hold_is_malformed(value: str, exponent: int) -> None:
    with pytest.raises(Unjudged):
        to_minor_units(Decimal(value), exponent, "/a")


@pytest.mark.parametrize("value", [True, -1, 1.5, "a", "12 ", "1" * 21, "", None, [1]])
def test_what_is_no_id_is_malformed(value: object) -> None:
    with pytest.raises(Unjudged):
        Node(value, "/id").identity()


def test_a_missing_field_asks_for_the_whole_object_and_a_null_one_is_malformed() -> None:
    payload = order(total="1.00")
    del payload["line_items"]
    missing = read("orders/create", payload)
    assert missing == Problem("refetch", "/line_items is missing: fetch the full object first", "/line_items")
    null = read("orders/create", order(total="1.00", line_items=None))
    assert isinstance(null, Problem)
    assert (null.code, null.pointer) == ("reject_malformed", "/line_items")


def test_text_is_clean_and_bounded() -> None:
    assert Node("a\n b\ud800\x00 c  ", "/t").text() == "a b c"
    assert len(Node("x" * 999, "/t").text()) == 255


@pytest.mark.parametrize(
    "value", ["2026-01-01", "2026-13-01T00:00:00Z", "yesterday", 5, "9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00"]
)
def test_a_time_that_is_not_exact_is_malformed(value: object) -> None:
    with pytest.raises(Unjudged):
        Node(value, "/t").time(None)
