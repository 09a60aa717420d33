"""`asiento tie-out`: the ledger against the stream, again and again."""

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message, print_json, print_text
from asiento.runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    from sinks.tie_out.round import Round

app = typer.Typer(no_args_is_help=True, help="Compare the ledger with the stream, again and again.")


@app.callback()
def _group() -> None:
    """Keeps `run` a word of its own while it is the only command."""


@app.command()
def run(
    *,
    once: Annotated[bool, typer.Option("--once", help="One comparison, then end: exit 1 where something differs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: one JSON object instead of lines.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --once: compare only, raise and resolve nothing.")] = False,
) -> None:
    """Compare every entry of the ledger with the stream until SIGTERM; raise D18 for what differs and D30 for balances that stay.

    Changes nothing in the ledger and holds no lock; two of them do no harm. What is found and what to do: docs/tie-out.md.
    """
    if not once and (as_json or dry_run):
        raise UsageError("--json and --dry-run go with --once")
    if once:
        _once(as_json=as_json, telling=not dry_run)
    else:
        _watch(load_settings())


def _watch(settings: Settings) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the process takes the signal over: nothing has begun
    from asiento.cli.broker_access import warn_of_exposure
    from asiento.runtime import log_events
    from asiento.runtime.logging import configure_logging, get_logger
    from asiento.runtime.memory_limit import limit_memory
    from sinks.tie_out.process import run_tie_out

    configure_logging(settings, "tie-out")
    limit_memory(settings)
    warn_of_exposure(settings)
    asyncio.run(run_tie_out(settings))
    get_logger().info(log_events.PROCESS_STOPPED)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a thread may still wait for the ledger's answer, which nobody wants any more


def _once(*, as_json: bool, telling: bool) -> None:
    from asiento.cli.run_directory import client_settings
    from asiento.cli.stream_reads import read_errors
    from asiento.cli.tie_out_pages import round_lines, round_values
    from asiento.runtime.logging import configure_logging
    from sinks.tie_out.process import compare_once
    from sinks.tie_out.stream_side import CannotCompare

    settings = client_settings()
    configure_logging(settings, "tie-out")
    with read_errors(settings):
        try:
            done = asyncio.run(compare_once(settings, telling=telling))
        except CannotCompare as problem:
            raise CommandError(str(problem)) from None
    if as_json:
        print_json(round_values(done))
    else:
        for line in round_lines(done):
            print_text(line)
    _end(done)


def _end(done: "Round") -> None:
    if done.not_told is not None:
        raise CommandError(f"nothing was raised or resolved: {done.not_told}; run it again")
    if not done.comparison.clean:
        message("asiento: ledger and stream differ; what each difference means and what to do: docs/tie-out.md")
        raise typer.Exit(CommandError.exit_code)
