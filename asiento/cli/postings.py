"""`asiento postings`: what is on its way to ledgers outside, what waits there and why, and what people decide about it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asiento.cli import desk_options as options
from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message
from asiento.cli.printable import print_line, print_printable_json
from asiento.runtime.settings import load_settings

if TYPE_CHECKING:
    from sinks.posting.rows import PostingRow
    from sinks.posting.store import PostingStore

app = typer.Typer(no_args_is_help=True, help="Documents for ledgers outside: list, show, release, retry, confirm, reject.")

DOCUMENTS_MAX = 10_000
"""Most documents that one command decides about."""


class Standing(StrEnum):
    """Which documents are listed."""

    PARKED = "parked"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"
    PLANNED = "planned"
    POSTED = "posted"


ConnectionName = Annotated[str, typer.Argument(metavar="CONNECTION", help="A connection of ASIENTO_LEDGER_CONNECTIONS.")]
Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY", help="Keys of documents, as `postings list` names them.")]
About = Annotated[str | None, typer.Option("--about", metavar="TEXT", help="All that wait for this: an account, a day, a missing rule.")]
ParkedFor = Annotated[str | None, typer.Option("--parked-for", metavar="REASON", help="Only those parked for this reason.")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands in the history of each document.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would be about; change nothing.")]


@app.command("list")
def list_postings(  # noqa: PLR0917 - the words of a command
    connection: ConnectionName,
    state: Annotated[Standing, typer.Option("--state", help="Which documents.")] = Standing.PARKED,
    parked_for: ParkedFor = None,
    about: About = None,
    limit: options.Limit = options.PAGE_ITEMS_DEFAULT,
    after: Annotated[int, typer.Option("--after", metavar="NUMBER", min=0, help="Go on behind the page that named this `next`.")] = 0,
    as_json: options.AsJson = False,
) -> None:
    """How the connection stands, and its documents in a state, in the order in which they were planned."""
    from asiento.cli.posting_pages import list_lines, list_values
    from sinks.posting.rows import PostingState

    with _store(connection) as store:
        stored = PostingState(state.value.upper())
        rows = store.sending.listed(stored, reason=parked_for, about=about, after=after, limit=limit)
        values = list_values(store, rows, _now(), limit=limit)
    _print(values, list_lines(values), as_json=as_json)


@app.command()
def show(
    connection: ConnectionName,
    name: Annotated[str, typer.Argument(metavar="KEY|ENTRY_ID", help="A document, or an entry: all of its documents.")],
    as_json: options.AsJson = False,
) -> None:
    """One document: what it is made of, where it stands, what it waits for, its history. Or an entry with its documents."""
    from asiento.cli.posting_pages import document_lines, document_values, entry_lines, entry_values

    with _store(connection) as store:
        if rows := store.sending.documents([name]):
            values = document_values(store, rows[0])
            lines = document_lines(values)
        elif entries := store.intake.entries([name]):
            values = entry_values(store, entries[0])
            lines = entry_lines(values)
        else:
            raise CommandError(f"{name} is neither a document nor an entry of {connection}")
    _print(values, lines, as_json=as_json)


@app.command()
def release(  # noqa: PLR0917 - the words of a command
    connection: ConnectionName,
    reason: Why,
    keys: Keys = None,
    about: About = None,
    parked_for: ParkedFor = None,
    by: options.By = None,
    dry_run: DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Try parked documents again, as they are; one that may stand in the ledger is looked up first. Entries that wait are planned again."""
    if not keys and about is None and parked_for is None:
        raise UsageError("say which: KEY..., --about TEXT or --parked-for REASON")
    with _store(connection) as store:
        rows = _chosen(store, keys) if keys else _parked(store, parked_for, about)
        entries = 0
        if not dry_run:
            store.sending.release(rows, options.actor_of(by), reason, _now())
            entries = store.intake.ask_again(about) if about is not None else 0
    _say("released", rows, dry_run=dry_run, as_json=as_json, entries_asked_again=entries)


@app.command()
def retry(  # noqa: PLR0917 - the words of a command
    connection: ConnectionName,
    keys: Annotated[list[str], typer.Argument(metavar="KEY", help="Keys of parked documents.")],
    reason: Why,
    by: options.By = None,
    dry_run: DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Send parked documents again of which you have seen that they do NOT stand in the ledger. One that does will be doubled."""
    with _store(connection) as store:
        rows = _chosen(store, keys)
        if not dry_run:
            store.sending.retry(rows, options.actor_of(by), reason, _now())
    _say("sent again", rows, dry_run=dry_run, as_json=as_json)


@app.command()
def confirm(  # noqa: PLR0917 - the words of a command
    connection: ConnectionName,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Key of a parked document.")],
    remote_id: Annotated[str, typer.Option("--remote-id", metavar="ID", help="Its id in the ledger.")],
    reason: Why,
    number: Annotated[str | None, typer.Option("--number", metavar="TEXT", help="The number that people know it by there.")] = None,
    by: options.By = None,
    dry_run: DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Say that a parked document stands in the ledger: you have found it there."""
    from sinks.external.results import Posted

    with _store(connection) as store:
        rows = _chosen(store, [key])
        if not dry_run:
            store.sending.confirm(rows[0], Posted(remote_id=remote_id, number=number), options.actor_of(by), reason, _now())
    _say("confirmed", rows, dry_run=dry_run, as_json=as_json)


@app.command()
def reject(  # noqa: PLR0917 - the words of a command
    connection: ConnectionName,
    keys: Annotated[list[str], typer.Argument(metavar="KEY", help="Keys of documents that are planned or parked.")],
    reason: Why,
    by: options.By = None,
    dry_run: DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Give documents up for this ledger; those that need them are parked. Their entries are told as REJECTED."""
    from sinks.posting.rows import PostingState

    with _store(connection) as store:
        rows = _chosen(store, keys, states=(PostingState.PARKED, PostingState.PLANNED))
        held: tuple[str, ...] = ()
        if not dry_run:
            held = store.sending.reject(rows, options.actor_of(by), reason, _now())
    _say("given up", rows, dry_run=dry_run, as_json=as_json, parked=list(held))


@app.command()
def doubt(  # noqa: PLR0917 - the words of a command
    connection: ConnectionName,
    reason: Why,
    end: Annotated[bool, typer.Option("--end", help="Trust the database again: everything from before is taken and looked up.")] = False,
    by: options.By = None,
    dry_run: DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """After the database of postings was lost or restored: look every document up before it is sent, until `--end`."""
    from sinks.posting.store import PostingStore

    documents = 0
    with _errors():
        if not dry_run:
            with closing(PostingStore.beginning(load_settings().postings_location, connection)) as store:
                if end:
                    store.sending.trust()
                else:
                    documents = store.sending.doubt(options.actor_of(by), reason, _now())
    if as_json:
        print_printable_json({"connection": connection, "doubted": not end, "documents": documents, "dry_run": dry_run})
        return
    done = "documents are sent without a look-up again" if end else f"documents are looked up before they are sent, {documents} of them now"
    message(f"{connection}: nothing was changed (--dry-run)" if dry_run else f"{connection}: {done}")


@contextmanager
def _store(connection: str) -> "Iterator[PostingStore]":
    from sinks.posting.store import PostingStore

    with _errors(), closing(PostingStore.command(load_settings().postings_location, connection)) as store:
        yield store


@contextmanager
def _errors() -> Iterator[None]:
    from sinks.posting.errors import PostingError, PostingsUnavailable

    try:
        yield
    except PostingsUnavailable as problem:
        raise Unreachable(str(problem)) from None
    except PostingError as problem:
        raise CommandError(str(problem)) from None


def _chosen(store: "PostingStore", keys: Sequence[str], states: Sequence[str] = ("PARKED",)) -> "tuple[PostingRow, ...]":
    """The documents of these keys; refuses all of them where one is not there or does not stand so."""
    rows = store.sending.documents(keys)
    missing = sorted(set(keys) - {row.key for row in rows})
    if missing:
        raise CommandError(f"no such document: {', '.join(missing)}; nothing was changed")
    for row in rows:
        if row.state not in states:
            raise CommandError(f"document {row.key} is {row.state}, not {' or '.join(states)}; nothing was changed")
    return rows


def _parked(store: "PostingStore", parked_for: str | None, about: str | None) -> "tuple[PostingRow, ...]":
    from sinks.posting.rows import PostingState

    return store.sending.listed(PostingState.PARKED, reason=parked_for, about=about, limit=DOCUMENTS_MAX)


def _say(done: str, rows: "Sequence[PostingRow]", *, dry_run: bool, as_json: bool, **more: Any) -> None:
    if as_json:
        print_printable_json({"documents": [row.key for row in rows], "dry_run": dry_run, **more})
        return
    for row in rows:
        print_line(f"{row.key}  {row.document.kind}  {row.document.reference}")
    message(f"{len(rows)} documents: {'nothing was changed (--dry-run)' if dry_run else done}")


def _print(values: dict[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        print_printable_json(values)
        return
    for line in lines:
        print_line(line)


def _now() -> int:
    return time.time_ns() // 1_000
