"""What the demo counts as its day's entries."""

from dataclasses import replace
from pathlib import Path

from asiento.cli.demo import read_day
from sinks.sqlite_ledger import SqliteLedger
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch, capture, invoice


async def test_what_a_deadline_booked_later_is_not_of_the_day(tmp_path: Path) -> None:
    """`asiento up` on the demo's data goes by the real clock; played again, the day must still compare."""
    deadline = replace(invoice(2), event_type="DeadlinePassed", entry_kind="suspense", document=None)
    ledger = SqliteLedger(tmp_path / "ledger.sqlite", lambda: BOOKED_AT)
    await ledger.open(STREAM, (0,))
    await ledger.book(batch([capture(), deadline, replace(invoice(3), tenant="other")]))
    await ledger.close()
    day = read_day(f"sqlite:///{tmp_path / 'ledger.sqlite'}", "t1")
    assert list(day.hashes) == [capture().entry_id]
