"""What every ledger must do, whichever it is: subclass `LedgerContract` and say how to make one and how to read it."""

import abc
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from sinks.ledger import Batch, BookResult, ForeignLedger, Ledger, LedgerInUse, LedgerRefused, OffsetMoved, OffsetRange
from tests.unit.sinks.journal import STREAM, batch, capture, invoice


class LedgerContract(abc.ABC):
    """The behaviour the delivery loop relies on; two ledgers made by one test class stand for the same place."""

    @abc.abstractmethod
    def make(self) -> Ledger:
        """Another writer for the same place, not open yet."""

    @abc.abstractmethod
    def booked(self) -> Mapping[str, str]:
        """entry_id -> content hash of all that is booked."""

    @abc.abstractmethod
    def conflicts(self) -> list[str]:
        """entry_ids that came again with other content, as often as they came."""

    @pytest.fixture
    async def ledger(self) -> AsyncIterator[Ledger]:
        """An open ledger that has not booked anything."""
        ledger = self.make()
        assert await ledger.open(STREAM, (0, 1)) == {0: 0, 1: 0}
        yield ledger
        await ledger.close()

    async def test_books_entries_and_offsets_together(self, ledger: Ledger) -> None:
        assert await ledger.book(batch([capture(), invoice()], controls=1)) == (BookResult.BOOKED, BookResult.BOOKED)
        await ledger.close()
        again = self.make()
        assert await again.open(STREAM, (0, 1)) == {0: 3, 1: 0}
        await again.close()
        assert len(self.booked()) == 2

    async def test_books_several_partitions_at_once(self, ledger: Ledger) -> None:
        one, other = batch([invoice(1)]), batch([invoice(2)], partition=1)
        await ledger.book(Batch(ranges=one.ranges + other.ranges, entries=one.entries + other.entries))
        await ledger.book(batch([invoice(3)], partition=1, start=1))
        assert len(self.booked()) == 3

    async def test_offsets_move_without_entries(self, ledger: Ledger) -> None:
        await ledger.book(batch([], controls=7))
        assert await ledger.book(batch([invoice()], start=7)) == (BookResult.BOOKED,)

    async def test_the_same_entry_again_exists(self, ledger: Ledger) -> None:
        await ledger.book(batch([invoice()]))
        assert await ledger.book(batch([invoice()], start=1)) == (BookResult.EXISTS,)
        assert len(self.booked()) == 1
        assert self.conflicts() == []

    async def test_the_same_entry_twice_in_one_batch_is_booked_once(self, ledger: Ledger) -> None:
        assert await ledger.book(batch([invoice(), invoice()])) == (BookResult.BOOKED, BookResult.EXISTS)
        assert len(self.booked()) == 1

    async def test_an_altered_repeat_is_kept_beside_and_never_booked(self, ledger: Ledger) -> None:
        await ledger.book(batch([invoice(amount=11_600)]))
        before = self.booked()
        altered = invoice(amount=11_601)
        assert await ledger.book(batch([altered], start=1)) == (BookResult.CONFLICT,)
        assert self.booked() == before
        assert self.conflicts() == [altered.entry_id]

    async def test_an_altered_repeat_in_one_batch_is_a_conflict_too(self, ledger: Ledger) -> None:
        assert await ledger.book(batch([invoice(), invoice(amount=1_160)])) == (BookResult.BOOKED, BookResult.CONFLICT)
        assert len(self.booked()) == 1

    async def test_a_repeat_that_differs_only_outside_the_hash_exists(self, ledger: Ledger) -> None:
        await ledger.book(batch([invoice()]))
        assert await ledger.book(batch([replace(invoice(), memo="said otherwise")], start=1)) == (BookResult.EXISTS,)

    @pytest.mark.parametrize("start", [0, 2])
    async def test_a_batch_from_another_offset_books_nothing(self, ledger: Ledger, start: int) -> None:
        await ledger.book(batch([invoice(1)]))
        with pytest.raises(OffsetMoved):
            await ledger.book(batch([invoice(2)], start=start))
        assert len(self.booked()) == 1
        assert await ledger.book(batch([invoice(2)], start=1)) == (BookResult.BOOKED,)

    async def test_one_stale_range_of_several_books_nothing(self, ledger: Ledger) -> None:
        good, stale = batch([invoice(1)]), OffsetRange(partition=1, start=5, end=6)
        with pytest.raises(OffsetMoved):
            await ledger.book(Batch(ranges=(*good.ranges, stale), entries=good.entries))
        assert self.booked() == {}
        assert await ledger.book(good) == (BookResult.BOOKED,)

    async def test_an_entry_is_reversed_once_and_the_ledger_goes_on(self, ledger: Ledger) -> None:
        await ledger.book(batch([invoice(1), replace(capture(2), reverses=invoice(1).entry_id)]))
        with pytest.raises(LedgerRefused, match="reversed already"):
            await ledger.book(batch([capture(4), replace(capture(3), reverses=invoice(1).entry_id)], start=2))
        assert len(self.booked()) == 2
        assert await ledger.book(batch([capture(4)], start=2)) == (BookResult.BOOKED,)

    async def test_a_large_batch_is_one_step(self, ledger: Ledger) -> None:
        entries = [entry for number in range(1, 751) for entry in (capture(number), invoice(number))]
        assert await ledger.book(batch(entries)) == (BookResult.BOOKED,) * 1_500
        assert len(self.booked()) == 1_500

    async def test_a_new_partition_is_bound_at_its_start(self, ledger: Ledger) -> None:
        await ledger.book(batch([capture(1)]))
        await ledger.close()
        again = self.make()
        assert await again.open(STREAM, (0, 1, 2)) == {0: 1, 1: 0, 2: 0}
        assert await again.book(batch([capture(2)], partition=2)) == (BookResult.BOOKED,)
        await again.close()

    async def test_a_ledger_is_closed_twice_without_harm(self, ledger: Ledger) -> None:
        await ledger.close()
        await ledger.close()

    async def test_there_is_one_writer(self, ledger: Ledger) -> None:
        with pytest.raises(LedgerInUse, match="stop that one first"):
            await self.make().open(STREAM, (0, 1))

    @pytest.mark.parametrize("changed", [{"cluster_id": "cluster-b"}, {"topic": "x.accounting.entries.v1"}, {"topic_id": "B" * 22}])
    async def test_a_ledger_of_another_stream_is_refused(self, ledger: Ledger, changed: dict[str, str]) -> None:
        await ledger.close()
        with pytest.raises(ForeignLedger, match="books from topic"):
            await self.make().open(replace(STREAM, **changed), (0, 1))

    async def test_fewer_partitions_than_before_are_refused(self, ledger: Ledger) -> None:
        await ledger.close()
        with pytest.raises(ForeignLedger, match="partition count"):
            await self.make().open(STREAM, (0,))

    async def test_a_booked_entry_is_acknowledged_in_order(self, ledger: Ledger) -> None:
        await ledger.book(batch([capture(), invoice()]))
        acks = (await ledger.pending_acks(10)).acks
        assert [(item.ack.entry_id, item.ack.status, item.partition, item.order_key) for item in acks] == [
            (entry.entry_id, "POSTED", 0, entry.order_key) for entry in (capture(), invoice())
        ]
        assert {item.ack.ledger for item in acks} == {ledger.kind}
        assert len({item.ack.remote_id for item in acks} - {None}) == 2

    async def test_a_conflict_is_rejected_between_what_was_booked_before_and_after(self, ledger: Ledger) -> None:
        await ledger.book(batch([invoice(1), invoice(1, amount=5_800), invoice(1)]))
        await ledger.book(batch([invoice(2)], start=3))
        acks = [item.ack for item in (await ledger.pending_acks(10)).acks]
        assert [(ack.entry_id, ack.status) for ack in acks] == [
            (invoice(1).entry_id, "POSTED"),
            (invoice(1).entry_id, "REJECTED"),
            (invoice(2).entry_id, "POSTED"),
        ]
        assert "partition 0 offset 1" in (acks[1].reason or "")

    @pytest.mark.parametrize("page_acks", [1, 2, 3, 10])
    async def test_pages_hold_every_ack_once_and_survive_the_writer(self, ledger: Ledger, page_acks: int) -> None:
        await ledger.book(batch([invoice(1), invoice(1, amount=5_800), invoice(1, amount=2_320), capture(1), invoice(2), invoice(2)]))
        whole = [item.ack for item in (await ledger.pending_acks(10)).acks]
        assert len(whole) == 5
        await ledger.close()
        seen = []
        while True:
            again = self.make()
            await again.open(STREAM, (0, 1))
            page = await again.pending_acks(page_acks)
            assert len(page.acks) <= page_acks
            await again.mark_published(page)
            await again.close()
            if not page.acks:
                break
            seen += [item.ack for item in page.acks]
        assert seen == whole

    async def test_what_is_not_marked_stays_pending(self, ledger: Ledger) -> None:
        await ledger.book(batch([capture()]))
        assert await ledger.pending_acks(10) == await ledger.pending_acks(10)

    async def test_a_page_is_marked_once(self, ledger: Ledger) -> None:
        await ledger.book(batch([capture()]))
        page = await ledger.pending_acks(10)
        await ledger.mark_published(page)
        with pytest.raises(OffsetMoved):
            await ledger.mark_published(page)
