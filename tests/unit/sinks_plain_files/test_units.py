"""Which file a transaction stands in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.connectors.plain_files.blocks import Block, block_of, blocks_in
from sinks.connectors.plain_files.units import divided, split_units, unit_for, unit_of_path, unit_path
from tests.unit.sinks_plain_files.books import DIALECTS, document

HLEDGER = DIALECTS["hledger"]


def block(day: str, key: str) -> Block:
    return Block(f"{day} * x\n    ; key: {key}\n", HLEDGER)


@pytest.mark.parametrize(
    ("unit", "path"),
    [
        ("2025-06", "2025/2025-06.journal"),
        ("2025-06-15", "2025/06/2025-06-15.journal"),
        ("2025-06-15-a3", "2025/06/2025-06-15-a3.journal"),
    ],
)
def test_the_path_of_a_unit_and_back(unit: str, path: str) -> None:
    assert unit_path(unit, "journal") == path
    assert unit_of_path(path) == unit


@pytest.mark.parametrize(
    "path", ["main.journal", "accounts.journal", "2025/mine.journal", "2025/2025-06-15-xyz.journal", "../2025-06.journal"]
)
def test_other_files_are_no_units(path: str) -> None:
    assert unit_of_path(path) is None


def test_a_month_is_split_into_days_and_a_day_into_parts() -> None:
    blocks = [block("2025-06-01", "a0"), block("2025-06-02", "a0"), block("2025-06-02", "a1"), block("2025-06-02", "b0")]
    assert list(divided("2025-06", blocks, 4)) == ["2025-06"]
    assert {unit: len(inside) for unit, inside in divided("2025-06", blocks, 3).items()} == {"2025-06-01": 1, "2025-06-02": 3}
    assert set(divided("2025-06", blocks, 2)) == {"2025-06-01", "2025-06-02-a", "2025-06-02-b"}
    assert set(divided("2025-06", blocks, 1)) == {"2025-06-01", "2025-06-02-a0", "2025-06-02-a1", "2025-06-02-b"}


def test_the_last_parts_may_grow() -> None:
    blocks = [block("2025-06-01", "abcdef"), block("2025-06-01", "abcdee")]
    assert list(divided("2025-06", blocks, 1)) == ["2025-06-01-abcd"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["2025-06-01", "2025-06-02", "2025-07-01"]), st.text("0123abc", min_size=6, max_size=6)), max_size=40
    )
)
def test_whoever_comes_later_goes_where_he_belongs(places: list[tuple[str, str]]) -> None:
    blocks = [block(*place) for place in places]
    units = {
        unit: inside
        for month in ("2025-06", "2025-07")
        for unit, inside in divided(month, [b for b in blocks if b.date[:7] == month], 3).items()
    }
    split = split_units(units)
    assert all(one in units[unit_for(one, split)] for one in blocks)
    assert not split & units.keys()


def test_transactions_of_a_file_know_their_lines() -> None:
    ours = block_of(document(1), document(1).digest, HLEDGER).text
    text = f"{HLEDGER.header()}\n{ours}\n; a word\n2025-06-30 by hand\n    a  1 EUR\n    b  -1 EUR\n"
    first, second = blocks_in(text, HLEDGER)
    assert (text.split("\n")[first.line - 1], first.edited) == (first.text.split("\n")[0], False)
    assert (text.split("\n")[second.line - 1], second.key, second.edited) == ("2025-06-30 by hand", None, True)


def test_what_a_chart_declares() -> None:
    accounts = "; mine\naccount Assets:My Bank  ; type: C\naccount Income\t; x\n  ; indented\naccount a:b\n"
    chart = HLEDGER.read_chart(accounts + "commodity 1.000,00 EUR\ncommodity 1000. JPY\n")
    assert sorted(chart.accounts) == ["Assets:My Bank", "Income", "a:b"]
    assert chart.currencies == {"EUR": 2, "JPY": 0}
    chart = DIALECTS["beancount"].read_chart(
        '2020-01-01 open Assets:Bank EUR,USD "STRICT" ; x\n2020-01-02 open Assets:X\n2021-01-01 close Assets:X\n'
    )
    assert [(one.name, one.opened, one.closed, sorted(one.currencies)) for one in chart.accounts.values()] == [
        ("Assets:Bank", "2020-01-01", None, ["EUR", "USD"]),
        ("Assets:X", "2020-01-02", "2021-01-01", []),
    ]
