"""The breaker's decisions, without a broker: what counts, what isolates, what gives a record up; and what never does."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.breaker import CHUNK_DEATHS_MAX, EMPTY, RECORD_DEATHS_MAX, Ending, Note, parse_note

UNEXPLAINED = [Ending.TOLD, Ending.SILENT]
ISOLATED = Note(until=90, isolated=True)


@pytest.mark.parametrize("ending", UNEXPLAINED)
def test_two_unexplained_deaths_at_one_chunk_isolate_its_range(ending: Ending) -> None:
    once = EMPTY.entered("a", 50).found(ending)
    assert once == Note(deaths=1, until=50)
    assert once.entered("b", 90).found(ending) == ISOLATED


@pytest.mark.parametrize("ending", UNEXPLAINED)
def test_three_unexplained_deaths_inside_one_mark_accuse_the_record(ending: Ending) -> None:
    note = ISOLATED
    for deaths in (1, 2, 3):
        assert not note.accuses
        note = note.entered("a", 11).found(ending)
        assert note == Note(deaths=deaths, until=90, isolated=True)
    assert note.accuses
    assert note.acquitted() == ISOLATED


@pytest.mark.parametrize("before", [EMPTY, Note(deaths=1, until=50), ISOLATED, Note(deaths=2, until=90, isolated=True)])
def test_a_known_cause_never_counts(before: Note) -> None:
    """However often: the note is what it was before the run went in, but for the range, which may have grown."""
    note = before
    for _ in range(100):
        note = note.entered("a", before.until or 50).found(Ending.EXPLAINED)
    assert (note.run, note.deaths, note.isolated) == (None, before.deaths, before.isolated)


def test_a_death_outside_of_every_mark_does_not_count_against_a_record() -> None:
    """The mark was cleared before step 5; whoever dies in it leaves nothing that could count."""
    note = ISOLATED
    for _ in range(100):
        note = note.entered("a", 11).left().found(Ending.SILENT)
    assert note == ISOLATED


def test_what_passes_is_no_longer_suspect() -> None:
    """A record that came through wipes its deaths; the isolation goes on to the end of the range, no further."""
    suspect = Note(deaths=2, until=90, isolated=True)
    assert suspect.passed(40) == ISOLATED
    assert suspect.passed(90) == EMPTY
    assert Note(deaths=1, until=90).passed(40) == EMPTY


def test_the_end_of_an_isolation_is_not_moved_by_marks() -> None:
    assert ISOLATED.entered("a", 500).until == 90


@given(
    st.builds(
        Note,
        run=st.none() | st.text(string.hexdigits, min_size=1, max_size=16),
        deaths=st.integers(0, 9),
        until=st.integers(11, 2**63 - 1),
        isolated=st.booleans(),
    )
)
def test_a_note_is_read_as_it_was_written(note: Note) -> None:
    assert parse_note(note.text, 10) == note


@pytest.mark.parametrize(
    "text",
    [
        "",
        "committed by a tool",
        "null",
        "[]",
        "{}",
        "\ud800",
        '{"v":2,"run":null,"deaths":9,"until":90,"isolated":true}',
        '{"v":1,"run":1,"deaths":9,"until":90,"isolated":true}',
        '{"v":1,"run":null,"deaths":true,"until":90,"isolated":true}',
        '{"v":1,"run":null,"deaths":-1,"until":90,"isolated":true}',
        '{"v":1,"run":null,"deaths":9,"until":1e300,"isolated":true}',
        '{"v":1,"run":null,"deaths":9,"until":99999999999999999999,"isolated":true}',
        f'{{"v":1,"run":"{"x" * 65}","deaths":9,"until":90,"isolated":true}}',
        f'{{"v":1,"run":null,"deaths":9,"until":90,"isolated":true}}{" " * 512}',
        '{"v":1,"run":null,"deaths":9,"until":10,"isolated":true}',  # of a range that is over: somebody moved the offset on
    ],
)
def test_a_text_that_is_not_ours_suspects_nobody(text: str) -> None:
    assert parse_note(text, 10) == EMPTY


steps = st.lists(st.sampled_from(["pass", "known", "silent", "told", "step 5"]), max_size=60)


@given(steps, st.integers(1, 5))
def test_no_record_is_accused_but_after_three_deaths_in_a_row_inside_its_own_mark(lives: list[str], records: int) -> None:
    """A model of a worker that goes over `records` offsets again and again, each life ending as drawn, counts on its own."""
    note, at, end = EMPTY, 0, records
    in_mark = chunk_deaths = 0
    for life in lives:
        was_isolated = note.isolated
        if note.accuses:
            assert in_mark >= RECORD_DEATHS_MAX
            note, at, in_mark = note.passed(at + 1), at + 1, 0
        else:
            entered = note.entered("run", end)
            match life:
                case "pass":
                    at = at + 1 if was_isolated else end
                    note, in_mark, chunk_deaths = entered.left().passed(at), 0, 0
                case "known":
                    note = parse_note(entered.text, at).found(Ending.EXPLAINED)
                case "step 5":
                    note = parse_note(entered.left().text, at).found(Ending.SILENT)
                case _:
                    in_mark += was_isolated
                    chunk_deaths += not was_isolated
                    note = parse_note(entered.text, at).found(Ending(life))
        assert note.isolated <= (was_isolated or chunk_deaths >= CHUNK_DEATHS_MAX)
        if at == end:
            assert note == EMPTY
            note, at, in_mark, chunk_deaths = EMPTY, 0, 0, 0
