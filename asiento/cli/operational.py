"""`asiento operational`: the operational database as a whole: how far it is, all its rows, the same made again from the topics."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import print_json
from asiento.cli.run_directory import client_settings
from asiento.cli.stream_reads import read_errors
from asiento.cli.url_arguments import require_fit
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from sinks.projector.answers import OpenCounts
    from sinks.projector.reader import OperationalReader

app = typer.Typer(no_args_is_help=True, help="Look after the operational database that `asiento sinks run projector` fills.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command()
def status(as_json: Json = False) -> None:
    """How far each topic is projected, what retention took unread, and how much waits for a person."""
    settings = client_settings()
    with _reading(settings) as reader:
        offsets, gaps, counts = reader.offsets(), reader.gaps(), reader.open_counts()
        place = reader.database.place
    topics: dict[str, int] = {}
    for one in offsets:
        topics[one.topic] = topics.get(one.topic, 0) + one.next_offset
    waiting = _open(counts)
    if as_json:
        lost = [{"topic": gap.topic, "partition": gap.partition, "first": gap.first_offset, "next": gap.next_offset} for gap in gaps]
        by_partition = [{"topic": one.topic, "partition": one.partition, "next_offset": one.next_offset} for one in offsets]
        print_json({"database": place, "offsets": by_partition, "gaps": lost, "open": waiting})
        return
    typer.echo(f"operational database {place}")
    for topic, number in topics.items():
        typer.echo(f"{topic}: {number} offsets projected")
    for gap in gaps:
        typer.echo(f"{gap.topic} partition {gap.partition}: retention took {gap.first_offset} to {gap.next_offset - 1} unread")
    for kind, codes in waiting.items():
        typer.echo(f"open {kind}: {sum(codes.values())}" + "".join(f"  {code} {number}" for code, number in codes.items() if code))


@app.command()
def dump(as_json: Annotated[bool, typer.Option("--json", help="It is JSON lines in any case.")] = False) -> None:
    """Every row of every table as JSON lines, ordered: the same topics give the same bytes, on SQLite and on PostgreSQL."""
    del as_json
    from sinks.projector.dump import dump_lines

    with _reading(client_settings()) as reader:
        for line in dump_lines(reader.database):
            sys.stdout.buffer.write(line)


@app.command()
def rebuild(
    *,
    into: Annotated[str | None, typer.Option(metavar="URL", help="A fresh database: sqlite:///path or postgresql://...")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare with the database of ASIENTO_OPERATIONAL_URL; exit 1 on a difference.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be read and written.")] = False,
    as_json: Json = False,
) -> None:
    """Make the operational database again from the topics.

    Without --into it goes to a temporary file, which only --verify has a use for. To replace the database itself, stop the
    projector, remove the database and start the projector again, or let ASIENTO_OPERATIONAL_URL name the new one.
    """
    if into is None and not verify:
        raise UsageError("name the fresh database with --into URL, or ask for a comparison with --verify")
    settings = client_settings()
    require_fit(into, "--into", settings)
    if into == settings.operational_location:
        raise UsageError("--into names the operational database itself: name a fresh one")
    if dry_run:
        _say_plan(settings, into, verify)
        return
    from asiento.runtime.logging import configure_logging

    configure_logging(settings, "operational-rebuild")
    with _fresh(into) as url, _errors(settings):
        if not verify:
            from sinks.projector.rebuild import rebuild as run

            number = asyncio.run(run(settings, url, progress=_progress))
            _report({"records": number}, as_json, f"{number} records")
            return
        from sinks.projector.rebuild import rebuild_and_compare

        found = asyncio.run(rebuild_and_compare(settings, url, _progress))
    taken = "".join(f"; retention took {number} rows of {table}" for table, number in found.taken_by_retention.items())
    report = {
        "rows_compared": found.rows,
        "differences": found.differences,
        "listed": found.listed,
        "taken_by_retention": found.taken_by_retention,
    }
    _report(report, as_json, "\n".join([f"{found.rows} rows compared, {found.differences} differences{taken}", *found.listed]))
    if found.differences:
        raise CommandError(
            f"the rebuild differs in {found.differences} rows: the database was written by somebody else, or is from another version"
        )


def _report(value: dict[str, object], as_json: bool, text: str) -> None:
    if as_json:
        print_json(value)
    else:
        typer.echo(text)


def _say_plan(settings: Settings, into: str | None, verify: bool) -> None:
    from sinks.projector.topics import projected_topics

    typer.echo("would read " + ", ".join(topic.on_broker for topic in projected_topics(settings)))
    typer.echo(f"would write {'a temporary file' if into is None else 'the database of --into'}" + (" and compare it" if verify else ""))


@contextmanager
def _fresh(into: str | None) -> Iterator[str]:
    if into is not None:
        yield into
        return
    with tempfile.TemporaryDirectory(prefix="asiento-operational-") as folder:
        yield f"sqlite:///{Path(folder) / 'rebuilt.sqlite'}"


@contextmanager
def _reading(settings: Settings) -> "Iterator[OperationalReader]":
    from sinks.projector.reader import OperationalReader

    with _errors(settings), OperationalReader.at(settings.operational_location) as reader:
        yield reader


@contextmanager
def _errors(settings: Settings) -> Iterator[None]:
    from sinks.entry_stream import StreamBroken
    from sinks.projector.errors import OperationalError, OperationalUnavailable
    from sinks.sink_process import BrokerUnreachable

    try:
        with read_errors(settings):
            yield
    except (OperationalUnavailable, BrokerUnreachable) as error:
        raise Unreachable(str(error)) from error
    except (OperationalError, StreamBroken) as error:
        raise CommandError(str(error)) from error


def _open(counts: "OpenCounts") -> dict[str, dict[str, int]]:
    return {
        "parked": dict(counts.parked),
        "rejected": dict(counts.rejected),
        "discrepancies": dict(counts.discrepancies),
        "dead letters": dict(counts.dead_letters),
        "proposals": {"": counts.proposals} if counts.proposals else {},
    }


def _progress(records: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{records} records")
        sys.stderr.flush()
