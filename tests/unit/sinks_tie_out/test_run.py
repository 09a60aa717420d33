"""The whole comparison on captured topics and a real embedded ledger, damaged by somebody who knows SQLite."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import ACCOUNTING_ENTRIES
from sinks.ledger import LedgerMissing
from sinks.tie_out.comparison import DifferenceKind
from sinks.tie_out.stream_side import KEPT_OF_PARTITION_MIN, CannotCompare
from sinks.trial_balance import read_trial_balance
from tests.unit.sinks_tie_out.captured import Comparer
from tests.unit.sinks_tie_out.planting import KINDS, plant, plant_all, restore, unlocked_file
from tests.unit.sinks_verify.capture import Installation, install

ORDERS = 60
PLANTED_IN_GATE = 100
ENTRIES_IN_GATE = 3_000


@pytest.fixture
async def installation(tmp_path: Path) -> Installation:
    """120 entries on three partitions, with repeats and conflicts among them."""
    return await install(tmp_path, orders=ORDERS, conflicts=4)


@pytest.fixture
def comparer(installation: Installation) -> Iterator[Comparer]:
    """Its tie-out."""
    found = Comparer(installation)
    yield found
    found.close()


async def test_an_untouched_ledger_ties_and_its_figures_are_those_of_the_books(installation: Installation, comparer: Comparer) -> None:
    for _ in range(2):
        found = await comparer.compare()
        assert found.clean
        assert found.found.counts == dict.fromkeys(DifferenceKind, 0)
        assert found.cells == ()
    assert found.entries == ORDERS * 2
    assert found.trial_balance == {"MXN": 0}
    assert found.captured == found.booked
    books = read_trial_balance(installation.url)["MXN"]
    assert {one.account: one.balance for one in found.standing} == {
        account: books[account] for account in ("accounts_receivable", "contract_liability", "psp_clearing:stripe")
    }
    assert found.booked["MXN"] == books["psp_clearing:stripe"]
    assert sum(found.chain_lengths.values()) == ORDERS * 2
    assert (found.unbooked.entries, found.unbooked.oldest_at) == (0, None)


@pytest.mark.parametrize("what", KINDS)
async def test_each_damage_is_found_in_the_running_comparison_and_gone_when_it_is_mended(
    installation: Installation, comparer: Comparer, what: str
) -> None:
    assert (await comparer.compare()).clean
    with unlocked_file(installation.ledger) as books:
        planted = plant(books, 40, what)
        found = await comparer.compare()
        assert [(one.entry_id, one.kind) for one in found.found.differences] == [(planted.entry_id, planted.kind)]
        if what in ("double", "forged"):
            restore(books, planted)
            assert (await comparer.compare()).clean


async def test_sums_beyond_64_bits_are_exact(installation: Installation, comparer: Comparer) -> None:
    huge = 2**62
    with unlocked_file(installation.ledger) as books:
        captures = books.do("SELECT entry_no FROM entry WHERE entry_kind = 'capture' ORDER BY entry_no LIMIT 3")
        before = sum(books.do("SELECT amount FROM posting WHERE entry_no = ? AND line = 1", row)[0][0] for row in captures)
        for row in captures:
            books.do("UPDATE posting SET amount = ? WHERE entry_no = ?", (huge, *row))
    found = await comparer.compare()
    assert found.found.counts[DifferenceKind.ALTERED] == 3
    assert {one.cell[2]: one.held.balance - one.sent.balance for one in found.cells} == {
        "psp_clearing:stripe": 3 * huge - before,
        "contract_liability": before - 3 * huge,
    }


async def test_a_hundred_at_once_are_a_hundred_and_named_right(tmp_path: Path) -> None:
    installation = await install(tmp_path, orders=ENTRIES_IN_GATE // 2, conflicts=3)
    with unlocked_file(installation.ledger) as books:
        planted = plant_all(books, PLANTED_IN_GATE, seed=5)
    comparer = Comparer(installation)
    found = await comparer.compare()
    comparer.close()
    assert {one.entry_id: one.kind for one in found.found.differences} == {one.entry_id: one.kind for one in planted}
    assert Counter(found.found.counts) == Counter(one.kind for one in planted)


async def test_what_is_not_booked_yet_is_no_difference_and_is_counted(tmp_path: Path) -> None:
    installation = await install(tmp_path, orders=ORDERS, conflicts=0)
    behind = Installation(installation.log, tmp_path / "behind.sqlite")
    await behind.book(entries_max=20)
    comparer = Comparer(behind)
    found = await comparer.compare()
    assert found.clean
    on_the_stream = [record for records in installation.log.records[ACCOUNTING_ENTRIES] for record in records]
    assert found.entries == sum(record.offset < 20 for record in on_the_stream)
    assert found.unbooked.entries == len(on_the_stream) - found.entries
    assert found.unbooked == found.behind
    assert found.unbooked.oldest_at == on_the_stream[0].timestamp
    assert found.captured["MXN"] > found.booked["MXN"]
    await behind.book()
    found = await comparer.compare()
    comparer.close()
    assert (found.clean, found.unbooked.entries, found.captured) == (True, 0, found.booked)


async def test_a_ledger_that_is_not_there_is_waited_for_and_the_stream_is_read(installation: Installation, tmp_path: Path) -> None:
    comparer = Comparer(Installation(installation.log, tmp_path / "later.sqlite"))
    with pytest.raises(LedgerMissing):
        await comparer.compare()
    assert comparer.tie_out.stream.backlog().entries > ORDERS * 2
    await Installation(installation.log, tmp_path / "later.sqlite").book()
    assert (await comparer.compare()).clean
    comparer.close()


async def test_a_ledger_set_back_to_an_older_copy_is_compared_from_the_start(installation: Installation, tmp_path: Path) -> None:
    comparer = Comparer(installation)
    assert (await comparer.compare()).clean
    older = Installation(installation.log, tmp_path / "older.sqlite")
    await older.book(entries_max=10)
    installation.ledger.unlink()
    older.ledger.rename(installation.ledger)
    for suffix in ("-wal", "-shm"):
        installation.ledger.with_name(installation.ledger.name + suffix).unlink(missing_ok=True)
    found = await comparer.compare()
    comparer.close()
    assert found.clean
    assert 0 < found.entries <= 30


async def test_a_stream_that_has_lost_its_beginning_cannot_be_compared(installation: Installation, comparer: Comparer) -> None:
    log = installation.log
    log.starts_of[ACCOUNTING_ENTRIES][1] = 3
    with pytest.raises(CannotCompare, match=r"partition 1 of topic .* begins at offset 3"):
        await comparer.compare()


async def test_a_stream_that_ends_before_the_ledger_cannot_be_compared(installation: Installation, comparer: Comparer) -> None:
    installation.log.ends_of[ACCOUNTING_ENTRIES][2] = 4
    with pytest.raises(CannotCompare, match="partition 2: the ledger is booked to offset"):
        await comparer.compare()


async def test_a_record_that_is_no_entry_is_named_by_its_place(installation: Installation, comparer: Comparer) -> None:
    records = installation.log.records[ACCOUNTING_ENTRIES][0]
    records[4] = type(records[4])(0, records[4].offset, 0, b"k", b"\0\0\0\0\x01x")
    with pytest.raises(CannotCompare, match=f"partition 0 offset {records[4].offset}"):
        await comparer.compare()


async def test_only_so_many_entries_beyond_the_ledger_are_kept(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinks.tie_out.stream_side.KEPT_MAX", 1)
    comparer = Comparer(Installation(installation.log, tmp_path / "later.sqlite"))
    with pytest.raises(LedgerMissing):
        await comparer.compare()
    stream = comparer.tie_out.stream
    ends = sum(installation.log.ends_of[ACCOUNTING_ENTRIES])
    assert stream.backlog().entries == ends
    assert sum(stream.captured().values()) < 10**9
    assert len(stream._kept[0]) == KEPT_OF_PARTITION_MIN
    await Installation(installation.log, tmp_path / "later.sqlite").book()
    assert (await comparer.compare()).clean
    comparer.close()
