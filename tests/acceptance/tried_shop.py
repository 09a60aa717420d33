"""A whole installation on which runbooks are tried: worker, ledger, projector, tie-out, a book of plain text, and the command line."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from typer.testing import CliRunner

from asiento.cli.exits import CommandError
from asiento.cli.main import app
from schemas.event_messages import message_from_json
from schemas.events import event_to_json
from schemas.partitioning import partition_for
from sinks.mapping.examples import example_file
from tests.acceptance.order_pipeline import OrderPipeline
from tests.acceptance.runbook_pages import filled
from tests.acceptance.test_fifty_problems import Shop
from tests.integration.connection_sink import CONNECTION, BookSink
from tests.integration.order_stream import Worker, wait_until
from tests.order_making import captured, line, placed
from tests.unit.sinks_tie_out.planting import plant, unlocked_file

Json = dict[str, Any]
INTERVAL_SECONDS: Final = "1"
CLEARING_RULE: Final = '  - {role: psp_clearing, to: "{name}"}\n'


@dataclass(frozen=True, slots=True)
class Said:
    """A command that was run: its words, how it ended, and all that it printed."""

    words: tuple[str, ...]
    code: int
    text: str


class TriedShop(Shop):
    """A `Shop` with a tie-out and a ledger outside."""

    def __init__(self, kafka: str, prefix: str, directory: Path, hledger: str, monkeypatch: pytest.MonkeyPatch) -> None:
        pipeline = OrderPipeline(kafka, prefix, directory)
        super().__init__(pipeline, directory, monkeypatch)
        self.mapping = directory / "accounts.yaml"
        self.whole_mapping = example_file("hledger").read_text(encoding="utf-8")
        self.mapping.write_text(self.whole_mapping, encoding="utf-8")
        self.book = BookSink(directory, kafka, prefix, hledger, mapping=self.mapping)
        self.book.log = directory / "book.log"
        for name, value in self.book.environment.items():
            if name.startswith("ASIENTO_"):
                monkeypatch.setenv(name, value)
        wait_until(lambda: self.projector.projects, "the projector has its database")
        self._own = {"ledger_url": pipeline.sink.ledger_url, "tie_out_interval_seconds": INTERVAL_SECONDS}

    def close(self) -> None:
        """End what still runs."""
        self.book.close()
        self.projector.close()
        self.pipeline.close()

    def start_tie_out(self) -> Worker:
        """Start the comparison that runs all the time."""
        return self.stream.start(("-m", "asiento.cli.main", "tie-out", "run"), **self._own)

    def arrive(self, *events: Json) -> None:
        """Events as their source sends them."""
        with self.stream.producer() as producer:
            for event in events:
                message = message_from_json(event)
                assert message.key is not None
                producer.produce(self.stream.events, message.value, message.key, partition_for(message.key, self.stream.partitions))

    def run(self, command: str, values: Mapping[str, str], *more: str) -> Said:
        """A command of a page with the values of a case."""
        words = (*filled(command, values), *more)
        result = CliRunner().invoke(app, list(words))
        failed = result.exception
        if failed is None or isinstance(failed, SystemExit):
            return Said(words, result.exit_code, result.output)
        assert isinstance(failed, CommandError), f"{words}: {failed!r}"
        return Said(words, failed.exit_code, f"{result.output}asiento: {failed}")

    def file(self, events: tuple[Json, ...]) -> str:
        """A file of events."""
        file = self.directory / "missing.jsonl"
        file.write_bytes(b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events))
        return str(file)

    def discrepancy(self, code: str, order_key: str | None = None, *, account: str | None = None) -> Json:
        """Wait until one is listed as open for an order, or for an account; answers it as `discrepancies list --json` has it."""
        found: list[Json] = []

        def there() -> bool:
            listed = self.listed("discrepancies", "list", "--code", code)
            found[:] = [one for one in listed if order_key in (None, one["order_key"]) and account in (None, one.get("account"))]
            return bool(found)

        wait_until(there, f"{code} is listed for {order_key or account or 'anybody'}")
        return found[0]

    def wait_closed(self, code: str, discrepancy_id: str) -> Json:
        """Wait until it is listed as open no longer; answers its page."""

        def is_gone() -> bool:
            return all(one["discrepancy_id"] != discrepancy_id for one in self.listed("discrepancies", "list", "--code", code))

        wait_until(is_gone, f"{code} {discrepancy_id} is closed")
        page: Json = self.command("discrepancies", "show", discrepancy_id)
        return page

    # The ledgers.

    def paid_order(self, order_id: str, amount: int, occurred_at: str) -> tuple[str, str]:
        """An order and its payment arrive; answers order key and the id of the payment's entry when it is on the stream."""
        own: Json = {"order_id": order_id, "occurred_at": occurred_at, "received_at": occurred_at}
        events = [event_to_json(one) for one in (placed(line("A", amount), **own), captured("P1", amount, **own))]
        self.arrive(*events)
        order_key = f"{events[0]['tenant']}:{events[0]['source']}:{order_id}"
        found: list[str] = []

        def there() -> bool:
            found[:] = [one.entry.entry_id for one in self.stream.entries() if one.entry.order_key == order_key]
            return bool(found)

        wait_until(there, f"the payment of {order_key} is an entry")
        return order_key, found[0]

    def wait_booked(self, entry_id: str) -> None:
        """Wait until the ledger has it."""
        wait_until(lambda: entry_id in self.pipeline.sink.booked(), f"{entry_id} is booked")

    def wait_state(self, entry_id: str, state: str) -> None:
        """Wait until the document of an entry stands so in the database of postings."""

        def stands() -> bool:
            said = self.run("asiento postings show CONNECTION ENTRY_ID --json", {"CONNECTION": CONNECTION, "ENTRY_ID": entry_id})
            return said.code == 0 and state in {one["state"] for one in orjson.loads(said.text)["documents"]}

        wait_until(stands, f"the document of {entry_id} is {state}")

    def altered_row(self, entry_id: str) -> None:
        """Both legs of a booked entry become larger, past the program."""
        with unlocked_file(self.pipeline.sink.ledger) as books:
            ((entry_no,),) = books.do("SELECT entry_no FROM entry WHERE entry_id = ?", (entry_id,))
            plant(books, entry_no, "amount_balanced")

    def book_anew(self) -> None:
        """The sink books a new ledger from the stream; the one that was touched is kept aside."""
        sink = self.pipeline.sink
        assert sink.terminate() == 0
        for file in sink.ledger.parent.glob(f"{sink.ledger.name}*"):
            file.rename(file.with_name(f"touched-{file.name}"))
        sink.start()

    def start_book(self) -> None:
        """Start the process of the ledger outside, and wait until it works."""
        started = self._book_logged("process_started")
        self.book.start()
        wait_until(lambda: self._book_logged("process_started") > started, "the ledger outside is served")

    def _book_logged(self, event: str) -> int:
        return self.book.log.read_text(encoding="utf-8").count(f'"{event}"') if self.book.log.exists() else 0

    def change_mapping(self, text: str) -> None:
        """The mapping file of the ledger outside is another from now on, and its process has seen it."""
        assert text != self.mapping.read_text(encoding="utf-8")
        seen = self._book_logged("mapping_loaded")
        self.mapping.write_text(text, encoding="utf-8")
        wait_until(lambda: self._book_logged("mapping_loaded") > seen, "the mapping is read again")

    def change_book(self, amount: str, other: str) -> None:
        """Somebody edits the one transaction of this amount in the files of the ledger outside."""
        changed = [path for path in self.book.book.rglob("*.journal") if f" {amount} " in path.read_text(encoding="utf-8")]
        assert len(changed) == 1
        text = changed[0].read_text(encoding="utf-8")
        changed[0].write_text(text.replace(f" {amount} ", f" {other} ").replace(f" -{amount} ", f" -{other} "), encoding="utf-8")

    @contextmanager
    def rewritten_book(self, amount: str, times: int) -> Iterator[None]:
        """The one transaction of this amount stands so many times in the files of the ledger outside; undone at the end."""
        (file,) = [path for path in self.book.book.rglob("*.journal") if f" {amount} " in path.read_text(encoding="utf-8")]
        text = file.read_text(encoding="utf-8")
        (block,) = [block for block in text.split("\n\n") if f" {amount} " in block]
        file.write_text(text.replace(block, "\n\n".join([block.rstrip("\n")] * times) + "\n" * (times > 0)), encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(text, encoding="utf-8")

    def restart_book(self, *, closed_until: str | None, closed_periods: str | None = None) -> None:
        """The process of the ledger outside with its books closed until a day, or open; and what becomes of documents of closed days."""
        assert self.book.terminate() == 0
        file = self.directory / "connections.yaml"
        text = re.sub(r"closed_until: \S+, |    closed_periods: \S+\n", "", file.read_text(encoding="utf-8"))
        closed = "" if closed_until is None else f'closed_until: "{closed_until}", '
        says = "" if closed_periods is None else f"    closed_periods: {closed_periods}\n"
        file.write_text(text.replace("    options: {", f"{says}    options: {{{closed}"), encoding="utf-8")
        self.start_book()

    def restore_ledger(self, backup: Path) -> None:
        """The ledger of a backup takes the place of the one that was touched, which is kept aside; the sink goes on with it."""
        sink = self.pipeline.sink
        assert sink.terminate() == 0
        new = self.directory / "restored"
        restored = self.run(f"asiento restore {backup} --into {new} --without-operational", {})
        assert restored.code == 0, restored.text
        for file in sink.ledger.parent.glob(f"{sink.ledger.name}*"):
            file.rename(file.with_name(f"damaged-{file.name}"))
        (new / sink.ledger.name).rename(sink.ledger)
        sink.start()
