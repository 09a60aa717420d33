"""The connection file: every mistake names its key and the way out."""

from typing import Any

import pytest

from sources.platforms.connection import DEFAULT_CONNECTION, InvalidConnection, connection_from_mapping


def test_an_empty_file_is_the_default() -> None:
    assert connection_from_mapping({}) == DEFAULT_CONNECTION


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"legal_entitty": "ES01"}, "the nearest is legal_entity"),
        ({"terms": "LATER"}, "terms: one of PREPAID"),
        ({"due_days": "30"}, "due_days"),
        ({"default_currency": "euro"}, "default_currency"),
        ({"country": "Spain"}, "country"),
        ({"region": "Madrid"}, "region"),
        ({"time_zone": "Madrid"}, "time_zone: Madrid"),
        ({"legal_entity": "ES 01"}, "legal_entity"),
        ({"channel": 5}, "channel"),
        ({"channels": ["web"]}, "channels"),
        ({"channels": {"web": None}}, "channels.web"),
        ({"locations": {"7": "centro"}}, "locations.7"),
        ({"locations": {"7": {"street": "x"}}}, "locations.7"),
        ({"locations": {"7": {"name": "a:b"}}}, "name"),
    ],
)
def test_mistakes(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidConnection, match=message):
        connection_from_mapping(content)


@pytest.mark.parametrize(
    ("content", "source_name", "channel"),
    [
        ({}, "web", "web"),
        ({}, "pos", "pos"),
        ({}, "755357713", "web"),
        ({"channel": "shop"}, "pos", "shop"),
        ({"channel": "shop", "channels": {"pos": "till"}}, "pos", "till"),
        ({"channels": {755357713: "app"}}, "755357713", "app"),
    ],
)
def test_channel(content: dict[str, Any], source_name: str, channel: str) -> None:
    assert connection_from_mapping(content).channel_of(source_name) == channel


def test_the_entity_of_a_location_stands_before_the_connections() -> None:
    connection = connection_from_mapping({"legal_entity": "ES01", "locations": {7: {"legal_entity": "PT01"}}})
    assert [connection.legal_entity_of(location, "acme") for location in ("7", "8", None)] == ["PT01", "ES01", "ES01"]
    assert DEFAULT_CONNECTION.legal_entity_of(None, "acme") == "acme"
