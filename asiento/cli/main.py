"""The `asiento` command: puts the command groups together and turns our errors into exit codes."""

import sys
import traceback
from types import TracebackType

import typer

from asiento import __version__
from asiento.accounting.build import CORE_BUILD
from asiento.cli import (
    backup,
    config,
    deadlines,
    discrepancies,
    dlq,
    doctor,
    down,
    entries,
    events,
    explain,
    fetcher,
    gateway,
    lag_exporter,
    ledger,
    mappers,
    mapping,
    normalize,
    operational,
    orders,
    postings,
    receipts,
    reconcile,
    replay,
    report,
    restore,
    schemas,
    simulate,
    sinks,
    streams,
    sweeper,
    tie_out,
    topics,
    trial_balance,
    up,
    validate,
    verify,
)
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message
from asiento.runtime.settings import SettingsError

app = typer.Typer(
    name="asiento", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help="Order events in, exact books out."
)


app.command("up")(up.up)
app.command("down")(down.down)
app.command("doctor")(doctor.doctor)
app.add_typer(topics.app, name="topics")
app.add_typer(config.app, name="config")
app.add_typer(events.app, name="events")
app.add_typer(discrepancies.app, name="discrepancies")
app.add_typer(dlq.app, name="dlq")
app.add_typer(schemas.app, name="schemas")
app.add_typer(orders.app, name="orders")
app.add_typer(sinks.app, name="sinks")
app.add_typer(postings.app, name="postings")
app.add_typer(operational.app, name="operational")
app.add_typer(ledger.app, name="ledger")
app.command("trial-balance")(trial_balance.trial_balance_command)
app.command("verify")(verify.verify_command)
app.command("reconcile")(reconcile.reconcile_command)
app.add_typer(streams.app, name="streams")
app.add_typer(sweeper.app, name="sweeper")
app.add_typer(tie_out.app, name="tie-out")
app.add_typer(deadlines.app, name="deadlines")
app.command("lag-exporter")(lag_exporter.lag_exporter_command)
app.add_typer(fetcher.app, name="fetcher")
app.add_typer(gateway.app, name="gateway")
app.command("normalize")(normalize.normalize_command)
app.add_typer(mappers.app, name="mappers")
app.add_typer(mapping.app, name="mapping")
app.add_typer(entries.app, name="entries")
app.command("validate")(validate.validate_command)
app.command("receipts")(receipts.receipts_command)
app.command("simulate")(simulate.simulate_command)
app.command("backup")(backup.backup_command)
app.command("restore")(restore.restore_command)
app.command("report")(report.report_command)
app.command("replay")(replay.replay_command)
app.command("explain")(explain.explain_command)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"asiento {__version__} (core: {CORE_BUILD})")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version, and which build of the core runs, and stop."
    ),
) -> None:
    del version


def _masked_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    message("".join(traceback.format_exception(kind, error, trace)).rstrip())


def main() -> None:
    """Entry point: our own errors become one plain message on stderr and their exit code; a traceback shows no password either."""
    sys.excepthook = _masked_traceback
    try:
        app()
    except SettingsError as error:
        message(f"asiento: {error}")
        sys.exit(UsageError.exit_code)
    except CommandError as error:
        message(f"asiento: {error}")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
