"""`asiento entries`: the journal of the ledger as files."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message
from asiento.runtime.settings import load_settings

if TYPE_CHECKING:
    from schemas.entries import HashedEntry

    Renderer: TypeAlias = Callable[[Iterable[HashedEntry]], Iterator[str]]

app = typer.Typer(no_args_is_help=True, help="Read journal entries.")

FORMATS = ("jsonl", "csv", "beancount", "hledger")
LATER_FORMATS = ("parquet",)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@app.callback()
def _group() -> None:
    """Keeps `export` a word of its own while it is the only command."""


@app.command()
def export(
    *,
    format_name: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")],
    from_date: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First posting date, YYYY-MM-DD.")] = None,
    to_date: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last posting date, itself included.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; unset: standard output.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and count the entries, write nothing.")] = False,
) -> None:
    """Write the entries of the ledger (ASIENTO_LEDGER_URL) in the order they were booked.

    A file is written whole or not at all. Damaged rows are refused with their entry_id: run `asiento verify`.
    """
    render = _renderer(format_name)
    first, last = _day(from_date, "--from"), _day(to_date, "--to")
    from sinks.ledger import LedgerError
    from sinks.ledger_access import DamagedRow

    counter = _Counter()
    try:
        pieces = render(counter.counted(_booked(load_settings().ledger_location, first, last)))
        if dry_run:
            sum(len(piece) for piece in pieces)
        else:
            _write(pieces, out)
    except DamagedRow as error:
        raise CommandError(f"{error}; the export is not complete, run `asiento verify`") from None
    except LedgerError as error:
        raise Unreachable(str(error)) from None
    message(f"{counter.entries} entries{' would be' if dry_run else ''} exported")


class _Counter:
    entries = 0

    def counted(self, entries: "Iterable[HashedEntry]") -> "Iterator[HashedEntry]":
        for entry in entries:
            self.entries += 1
            yield entry


def _booked(ledger_url: str, first: str, last: str) -> "Iterator[HashedEntry]":
    """The booked entries between two posting dates, both included, each with the hash it was booked with."""
    from schemas.entries import HashedEntry
    from sinks.ledger_access import reader_at

    with reader_at(ledger_url) as ledger:
        for row in ledger.all_rows():
            entry = row.entry()
            if first <= entry.posting_date <= last:
                yield HashedEntry(entry, row.content_hash)


def _renderer(format_name: str) -> "Renderer":
    if format_name in LATER_FORMATS:
        raise UsageError(f"--format {format_name} is not available in this version; available: {', '.join(FORMATS)}")
    if format_name not in FORMATS:
        raise UsageError(f"--format: {format_name} is not known; available: {', '.join(FORMATS)}")
    from sinks.plaintext.beancount import render_beancount
    from sinks.plaintext.comma_separated import render_csv
    from sinks.plaintext.hledger import render_hledger
    from sinks.plaintext.json_lines import render_json_lines

    return {"jsonl": render_json_lines, "csv": render_csv, "beancount": render_beancount, "hledger": render_hledger}[format_name]


def _day(text: str | None, option: str) -> str:
    if text is None:
        return "0000-00-00" if option == "--from" else "9999-99-99"
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"{option}: a date like 2026-01-31 is expected") from None


def _write(pieces: Iterable[str], out: Path | None) -> None:
    if out is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece.encode())
        return
    fresh = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
        fresh.replace(out)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)
