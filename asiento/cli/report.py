"""`asiento report`: what went through and where it stands, as one HTML file that needs nothing else."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message
from asiento.runtime.settings import load_settings

_STEP: Final = re.compile(r"([1-9][0-9]{0,5})(s|m|h|d)")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def report_command(
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write; it is replaced as a whole.")] = Path("report.html"),
    language: Annotated[str, typer.Option("--language", "--lang", help="Language of the page: en or es.")] = "en",
    start: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Only events that arrived at this time or later.")] = None,
    stop: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Only events that arrived before this time.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="Ages count to this time; default: the newest time in the databases.")
    ] = None,
    step: Annotated[str | None, typer.Option("--step", metavar="LENGTH", help="Steps of the pictures over time: 1m, 15m, 1h, 1d.")] = None,
    prometheus: Annotated[
        str | None, typer.Option("--prometheus", metavar="URL", help="Also tell what this Prometheus knew at that time.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read everything, write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as one JSON document on stdout instead; writes no file.")] = False,
) -> None:
    """Write one HTML file: flow, times, lag, outcomes, money, what is open, trial balance, ledgers outside.

    Reads the operational database, the ledger and the database of postings; nothing has to run. The same databases and options give the
    same bytes. Times are UTC: 2026-03-31 or 2026-03-31T08:00:00Z.
    """
    from asiento.cli.desk_options import language_of
    from sinks.report.figures import Range
    from sinks.report.reading import read_figures

    chosen = language_of(language)
    wanted = Range(_time("--from", start), _time("--to", stop))
    if wanted.start is not None and wanted.stop is not None and wanted.start >= wanted.stop:
        raise UsageError("--from lies before --to")
    settings = load_settings()
    with _errors():
        figures = read_figures(
            settings.operational_location,
            settings.ledger_location,
            settings.postings_location,
            wanted,
            as_of=_time("--as-of", as_of),
            step_seconds=_seconds(step),
        )
    from asiento.cli.reporting.prometheus import ask_prometheus

    seen = ask_prometheus(prometheus, figures.as_of) if prometheus is not None else None
    if as_json:
        from asiento.cli.printable import print_printable_json
        from asiento.cli.reporting.values import report_values

        print_printable_json(report_values(figures, seen))
        return
    from asiento.cli.reporting.page import report_page

    page = report_page(figures, chosen, seen).encode()
    if dry_run:
        message(f"{out}: {len(page)} bytes would be written")
        return
    _write(out, page)
    message(f"{out}: {len(page)} bytes written")


def _write(path: Path, page: bytes) -> None:
    """Put the whole file in place at once."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            half.write_bytes(page)
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}; name another file with --out") from None


def _time(option: str, text: str | None) -> int | None:
    """A time as UTC microseconds."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: a time like 2026-03-31 or 2026-03-31T08:00:00Z is expected") from None
    since = (found if found.tzinfo is not None else found.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _seconds(step: str | None) -> int | None:
    if step is None:
        return None
    found = _STEP.fullmatch(step)
    if found is None:
        raise UsageError(f"--step {step}: a length like 30s, 1m, 2h or 1d is expected")
    return int(found[1]) * _UNITS[found[2]]


@contextmanager
def _errors() -> Iterator[Any]:
    import sqlite3

    from asiento.cli.ledger_errors import ledger_errors
    from sinks.posting.errors import PostingError, PostingsUnavailable
    from sinks.projector.errors import OperationalError, OperationalUnavailable
    from sinks.report.reading import TooManySteps

    try:
        with ledger_errors():
            yield
    except (OperationalUnavailable, PostingsUnavailable) as error:
        raise Unreachable(str(error)) from error
    except (OperationalError, PostingError, sqlite3.Error) as error:
        raise CommandError(str(error)) from error
    except TooManySteps as error:
        raise UsageError(str(error)) from error
