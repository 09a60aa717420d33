"""What is planted is found and called by its name, whatever it is and however many at once; nothing else is."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinks.tie_out.comparison import NAMED_MAX, DifferenceKind, DrillDown, Found
from sinks.tie_out.facts import EntryFacts, Leg, range_of
from sinks.tie_out.totals import differing_cells, differing_ranges
from tests.unit.sinks_tie_out.made import booked, entry, sums_of, totals_of

MISSING, FOREIGN, DOUBLED, ALTERED = DifferenceKind
Plant = Callable[[EntryFacts], list[EntryFacts]]
NEW_NO = 10**6
NEW_ID = "ffffffff-0000-4000-8000-{:012d}"


def _leg(row: EntryFacts, at: int, leg: Leg) -> EntryFacts:
    return replace(row, legs=(*row.legs[:at], leg, *row.legs[at + 1 :]))


def _with_amount(row: EntryFacts, at: int, more: int) -> EntryFacts:
    account, side, amount = row.legs[at]
    return _leg(row, at, (account, side, amount + more))


def _copy(row: EntryFacts, **changed: object) -> EntryFacts:
    return replace(row, entry_no=NEW_NO + row.entry_no, entry_id=NEW_ID.format(row.entry_no), **changed)  # type: ignore[arg-type]


PLANTS: dict[str, tuple[Plant, DifferenceKind]] = {
    "row removed": (lambda row: [], MISSING),
    "copied under a new id": (lambda row: [row, _copy(row)], DOUBLED),
    "copied to another range": (lambda row: [row, _copy(row, offset=row.offset + 2**20)], DOUBLED),
    "copied to another order": (lambda row: [row, _copy(row, order_key="t1:shopify:mx:none")], DOUBLED),
    "copied under its id": (lambda row: [row, replace(row, entry_no=NEW_NO + row.entry_no)], DOUBLED),
    "amount, unbalanced": (lambda row: [_with_amount(row, 0, 1)], ALTERED),
    "amount, balanced": (lambda row: [_with_amount(_with_amount(row, 0, 7), 1, 7)], ALTERED),
    "amount moved within a side": (lambda row: [_with_amount(_with_amount(row, -2, 9), -1, -9)] if len(row.legs) > 2 else [], ALTERED),
    "account": (lambda row: [_leg(row, 0, ("cash:default", *row.legs[0][1:]))], ALTERED),
    "side": (lambda row: [_leg(row, 0, (row.legs[0][0], "CREDIT", row.legs[0][2]))], ALTERED),
    "posting removed": (lambda row: [replace(row, legs=row.legs[1:])], ALTERED),
    "all postings removed": (lambda row: [replace(row, legs=())], ALTERED),
    "date": (lambda row: [replace(row, posting_date="2025-07-01")], ALTERED),
    "entity": (lambda row: [replace(row, legal_entity="ES01")], ALTERED),
    "currency": (lambda row: [replace(row, currency="USD")], ALTERED),
    "order": (lambda row: [replace(row, order_key="t1:shopify:mx:none")], ALTERED),
    "event": (lambda row: [replace(row, event_id=NEW_ID.format(7))], ALTERED),
    "place": (lambda row: [replace(row, offset=row.offset + 2**21)], ALTERED),
    "id": (lambda row: [replace(row, entry_id=NEW_ID.format(row.entry_no))], ALTERED),
    "forged": (lambda row: [row, _copy(row, event_id=NEW_ID.format(10**6 + row.entry_no))], FOREIGN),
}
"""What somebody does to one row -> the rows that are there then, and what it is called."""


def drilled(sent: Sequence[EntryFacts], held: Sequence[EntryFacts], booked_to: dict[int, int], slice_ranges: int = 1) -> Found:
    """The differing ranges, compared slice by slice as the process does it."""
    drill = DrillDown(booked_to)
    ranges = differing_ranges(totals_of(one for one in sent if one.offset < booked_to[one.partition]), sums_of(held))
    for at in range(0, len(ranges), slice_ranges):
        part = ranges[at : at + slice_ranges]
        drill.slice(
            [one for one in sent if range_of(*one.place) in part],
            [row for row in held if range_of(*row.place) in part],
        )
    known = {row.entry_id for row in held} & set(drill.unmatched_ids)
    return drill.finish(known, [row for row in held if row.order_key in drill.unmatched_orders])


def entries(count: int) -> list[EntryFacts]:
    """Two partitions, several ranges, entries of one order in one partition."""
    return [
        entry(number, partition=number // 2 % 2, offset=number * 900, amount=1_160 + 116 * (number // 3), day=f"2025-06-{10 + number % 9}")
        for number in range(count)
    ]


@pytest.mark.parametrize("name", PLANTS)
def test_each_planted_difference_is_called_by_its_name(name: str) -> None:
    plant, kind = PLANTS[name]
    sent = entries(8)
    rows = booked(sent)
    held = [row for one in rows for row in (plant(one) if one.entry_no == 5 else [one])]
    found = drilled(sent, held, {0: 10**9, 1: 10**9})
    assert [one.kind for one in found.differences] == [kind]
    (difference,) = found.differences
    assert difference.event_id in {rows[4].event_id, NEW_ID.format(10**6 + 5)}
    assert difference.changed
    assert not found.repeats


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([*PLANTS, *["clean"] * 25]), min_size=30, max_size=30),
    st.integers(min_value=1, max_value=9),
)
def test_many_at_once_are_each_found_and_nothing_else_is(planted: list[str], slice_ranges: int) -> None:
    sent = entries(len(planted))
    rows = booked(sent)
    names = dict(zip(rows, planted, strict=True))
    held = [row for one in rows for row in (PLANTS[names[one]][0](one) if names[one] in PLANTS else [one])]
    expected = dict.fromkeys(DifferenceKind, 0)
    for one, name in names.items():
        if name in PLANTS:
            removed = name == "amount moved within a side" and len(one.legs) <= 2
            expected[MISSING if removed else PLANTS[name][1]] += 1
    found = drilled(sent, held, {0: 10**9, 1: 10**9}, slice_ranges)
    assert found.counts == expected
    assert len({one.entry_id for one in found.differences}) == found.total


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6_000), st.integers(1, 10**17)), unique_by=lambda one: one[:2]))
def test_sums_of_groups_are_the_sums_of_legs(made: list[tuple[int, int, int]]) -> None:
    """Debits, credits and legs of each cell, by brute force; and no range differs."""
    sent = [
        entry(number, partition=partition, offset=offset, amount=amount + 116)
        for number, (partition, offset, amount) in enumerate(sorted(made))
    ]
    totals = totals_of(sent)
    assert differing_ranges(totals, sums_of(booked(sent))) == ()
    assert differing_cells(totals, sums_of(booked(sent))) == ()
    for (entity, day, account, currency), movement in totals.cells.items():
        legs = [leg for one in sent if (one.legal_entity, one.posting_date, one.currency) == (entity, day, currency) for leg in one.legs]
        of_cell = [leg for leg in legs if leg[0] == account]
        assert movement.debits == sum(amount for _, side, amount in of_cell if side == "DEBIT")
        assert movement.credits == sum(amount for _, side, amount in of_cell if side == "CREDIT")
        assert movement.legs == len(of_cell)


def test_two_amounts_exchanged_within_a_cell_show() -> None:
    sent = [entry(1, amount=11_600), entry(3, amount=5_800)]
    first, second = booked(sent)
    held = [replace(first, legs=second.legs), replace(second, legs=first.legs)]
    assert differing_cells(totals_of(sent), sums_of(held)) == ()
    assert drilled(sent, held, {0: 100}).counts[ALTERED] == 2


def test_what_the_ledger_has_not_booked_yet_is_no_difference() -> None:
    sent = entries(6)
    booked_to = {0: sent[1].offset, 1: sent[3].offset}
    assert range_of(*sent[0].place) == range_of(*sent[1].place)
    held = booked(one for one in sent if one.offset < booked_to[one.partition])
    assert differing_ranges(totals_of(one for one in sent if one.offset < booked_to[one.partition]), sums_of(held)) == ()
    found = drilled(sent, [replace(held[0], currency="USD"), *held[1:]], booked_to)
    assert found.counts == {MISSING: 0, FOREIGN: 0, DOUBLED: 0, ALTERED: 1}


def test_rows_beyond_the_place_that_the_ledger_states_are_compared_and_not_called_foreign() -> None:
    sent = entries(6)
    held = booked(sent)
    drill = DrillDown({0: 1, 1: 1})
    drill.slice(sent, held)
    assert drill.finish((), ()).total == 0
    assert drill.beyond == 5


def test_an_entry_that_came_again_on_the_stream_is_no_difference() -> None:
    sent = entries(4)
    again = replace(sent[0], offset=sent[0].offset + 50_000)
    held = booked(sent)
    found = drilled([*sent, again], held, {0: 10**9, 1: 10**9})
    assert found.total == 0
    assert found.repeats == [again]
    totals = totals_of([*sent, again])
    totals.add(again, -1)
    assert differing_ranges(totals, sums_of(held)) == ()
    assert totals.entries == 4


def test_an_entry_that_came_again_within_its_range_is_none_either() -> None:
    sent = entries(2)
    again = replace(sent[0], offset=sent[0].offset + 1)
    assert drilled([sent[0], again, sent[1]], booked(sent), {0: 10**9, 1: 10**9}).repeats == [again]


def test_values_that_nobody_vouches_for_are_compared_and_spelled() -> None:
    sent = entries(2)
    first, second = booked(sent)
    broken = replace(first, posting_date=None, legs=(("psp", "DEBIT", 2.5), *first.legs[1:]))  # type: ignore[arg-type]
    found = drilled(sent, [second], {0: 10**9, 1: 10**9})
    assert found.counts[MISSING] == 1
    drill = DrillDown({0: 10**9, 1: 10**9})
    drill.slice(sent, [broken, second])
    (difference,) = drill.finish((), ()).differences
    assert (difference.kind, difference.actual) == (ALTERED, None)
    assert "date None instead of 2025-06-10" in difference.changed


def test_more_than_can_be_named_are_counted() -> None:
    sent = [entry(number) for number in range(NAMED_MAX + 3)]
    drill = DrillDown({0: 10**9})
    drill.slice(sent, ())
    found = drill.finish((), ())
    assert (found.total, len(found.differences), found.all_named) == (NAMED_MAX + 3, NAMED_MAX, False)
