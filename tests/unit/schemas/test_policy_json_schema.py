"""The JSON Schema of the policy file says what the loader says, as far as it can."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from asiento.accounting.policy import ChannelPolicy, EntityPolicy, Policy
from schemas.policy_file import InvalidPolicy, policies_from_mapping
from schemas.policy_json_schema import policy_json_schema
from schemas.policy_keys import BOOKING_KEYS, ENTITY_KEYS, FILE_KEYS, POLICY_KEYS, Key

SCHEMA = policy_json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
NEW_YEAR = "2027-01-01T00:00:00Z"
FIELDS = {one.name: one.default for one in fields(Policy) if one.init}

GOOD: list[dict[str, Any]] = [
    {},
    {name: default for name, default in FIELDS.items() if default != ()},
    {"version": 7, "in_force_from": "2026-12-31T18:00:00.5-06:00", "digest": None},
    {"entities": {}, "channels": {}},
    {"entities": {"acme-mx": {"time_zone": "America/Mexico_City", "book_currency": "MXN"}, "acme es": {}}},
    {"channels": {"amazon": {name: key.rule.schema()["enum"][-1] for name, key in BOOKING_KEYS.items()}}},
    {"versions": [{}]},
    {"versions": [{"version": 1}, {"version": 2, "in_force_from": NEW_YEAR, "tax_tolerance": 0, "time_zone": "Etc/GMT+5"}]},
]
GOOD[2].pop("digest")
BAD: list[dict[str, Any]] = [
    *[{name: value} for name in [*FIELDS, "in_force_from", "digest"] for value in (None, True, 1.5, -1, "", "x y", [], ["x"], {"x": 1})],
    *[{name: 10**18} for name in POLICY_KEYS],
    {"charge": "first_shipment"},
    {"entity_time_zones": {"a": "UTC"}},
    {"entities": {"a": "UTC"}},
    {"entities": {"a": {"time_zone": "posix/UTC"}}},
    {"entities": {"a": {"book_currency": "XXX"}}},
    {"entities": {" a": {}}},
    {"entities": {"": {}}},
    {"channels": {"amazon": {"charges": "x"}}},
    {"channels": {"amazon": {"time_zone": "UTC"}}},
    {"channels": {"amazon": {"version": 1}}},
    {"in_force_from": "2027-01-01"},
    {"in_force_from": "2027-01-01T00:00:00"},
    {"versions": []},
    {"versions": {}},
    {"versions": ["x"]},
    {"versions": [{"versions": [{}]}]},
    {"versions": [{"charges": "x"}]},
    {"versions": [{}], "charges": "first_shipment"},
]
LOADER_ALONE: list[dict[str, Any]] = [
    {"parked_events_max": 64.0},
    {"time_zone": "Mars/Olympus"},
    {"in_force_from": "2027-02-30T00:00:00Z"},
    {"in_force_from": "1969-12-31T23:59:59Z"},
    {"digest": "p1:" + "0" * 32},
    {"versions": [{"version": 1}, {"version": 1, "in_force_from": NEW_YEAR}]},
    {"versions": [{"version": 1}, {"version": 2}]},
]


def schema_takes(content: dict[str, Any]) -> bool:
    return bool(VALIDATOR.is_valid(content))


def loader_takes(content: dict[str, Any]) -> bool:
    try:
        policies_from_mapping(content)
    except InvalidPolicy:
        return False
    return True


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("content", GOOD)
def test_both_take_what_is_right(content: dict[str, Any]) -> None:
    assert loader_takes(content)
    assert schema_takes(content)


@pytest.mark.parametrize("content", BAD, ids=repr)
def test_both_refuse_what_is_wrong(content: dict[str, Any]) -> None:
    assert not loader_takes(content)
    assert not schema_takes(content)


@pytest.mark.parametrize("content", LOADER_ALONE, ids=repr)
def test_what_only_the_loader_can_know(content: dict[str, Any]) -> None:
    assert not loader_takes(content)
    assert schema_takes(content)


ANY_VALUE: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["net", "none", "event", "last_shipment", "UTC", "EUR", NEW_YEAR, 1, 2, 64, 0, 1.5, True, None, "", []]),
    st.integers(-2, 10**19),
    st.text(max_size=4),
)


def value_of(key: Key) -> st.SearchStrategy[Any]:
    """Mostly a right one."""
    schema = key.rule.schema()
    if schema["type"] == "integer":
        right: st.SearchStrategy[Any] = st.integers(schema["minimum"], schema["maximum"])
    else:
        right = st.sampled_from(schema.get("enum", ["UTC", NEW_YEAR]))
    return st.integers(0, 9).flatmap(lambda choice: right if choice else ANY_VALUE)


def some_of(keys: Mapping[str, Key], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: value_of(key) for name, key in keys.items()} | more)


def named(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(["amazon", "acme mx", " x", ""]) | st.text(max_size=3), parts, max_size=2)


VERSION = some_of(
    {name: POLICY_KEYS[name] for name in ("version", "charges", "time_zone", "tax_tolerance")}
    | {"in_force_from": FILE_KEYS["in_force_from"]},
    entities=named(some_of(ENTITY_KEYS)),
    channels=named(some_of({name: BOOKING_KEYS[name] for name in ("charges", "discounts")})),
)


@settings(max_examples=150, deadline=None)
@given(VERSION | st.fixed_dictionaries({"versions": st.lists(VERSION, max_size=3)}))
def test_the_schema_takes_whatever_the_loader_takes(content: dict[str, Any]) -> None:
    assert schema_takes(content) or not loader_takes(content)


def test_every_field_of_the_core_has_its_key() -> None:
    assert set(FIELDS) == {*POLICY_KEYS, "entities", "channels"}
    assert {one.name for one in fields(ChannelPolicy)} == set(BOOKING_KEYS)
    assert {one.name for one in fields(EntityPolicy)} == set(ENTITY_KEYS)


def test_every_key_has_a_description_and_its_default() -> None:
    version = SCHEMA["$defs"]["VERSION"]["properties"]
    assert {name: version[name]["default"] for name in POLICY_KEYS} == {name: FIELDS[name] for name in POLICY_KEYS}
    for definition in SCHEMA["$defs"].values():
        assert all(one.get("description") for one in definition["properties"].values())
    assert version["charges"]["enum"] == ["pro_rata_value", "first_shipment", "last_shipment"]
