"""Rows go to COPY as plain text where nothing has to be escaped, and only there."""

import pytest

from sinks.postgresql_ledger.text import MARK, copy_text

NULLABLE = (1,)


def test_values_stand_between_tabs_and_none_is_null() -> None:
    assert copy_text([(1, None, ""), (-2, "é 😀", '{"a":"b"}')], NULLABLE) == '1\t\\N\t\n-2\té 😀\t{"a":"b"}'


@pytest.mark.parametrize("value", ["a\tb", "a\nb", "a\rb", "a\\b", "\\N", "\\.", "\0", MARK])
@pytest.mark.parametrize("place", [1, 2])
def test_what_has_to_be_escaped_is_left_to_the_driver(value: str, place: int) -> None:
    row = ["x", "y", "z"]
    row[place] = value
    assert copy_text([("x", None, "z"), tuple(row)], NULLABLE) is None


def test_a_null_where_none_may_be_is_left_to_the_driver() -> None:
    assert copy_text([(1, "a", None)], NULLABLE) is None
