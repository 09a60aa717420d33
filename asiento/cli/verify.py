"""`asiento verify`: ledger against stream, records against decisions."""

import asyncio

import typer

from asiento.cli.exits import CommandError
from asiento.cli.output import message, print_json
from asiento.cli.run_directory import client_settings
from asiento.cli.stream_reads import read_errors


def verify_command(as_json: bool = typer.Option(False, "--json", help="One JSON object instead of lines.")) -> None:
    """Compare the ledger with the stream, both ways, and every consumed record with its outcome; exit 1 with a list."""
    from asiento.runtime.logging import configure_logging
    from sinks.verify import verify

    settings = client_settings()
    configure_logging(settings, "verify")
    with read_errors(settings):
        report = asyncio.run(verify(settings))
    if as_json:
        print_json(report.to_json())
    else:
        typer.echo(report.summary())
        typer.echo(
            f"entries: {report.entries_on_stream} on the stream, {report.entries_booked} booked, {report.pending} waiting for the sink; "
            f"{report.lag} source offsets wait for a worker"
        )
        for problem in report.problems.listed:
            typer.echo(f"{problem.fault}: {problem.text}")
    if not report.clean:
        found = ", ".join(f"{fault} {number}" for fault, number in sorted(report.problems.counts.items()))
        message(f"asiento: verification found: {found}")
        raise typer.Exit(CommandError.exit_code)
