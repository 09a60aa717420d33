"""`asiento verify`: ledger against stream, records against decisions."""

import asyncio

import typer

from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.output import message, print_json
from asiento.cli.run_directory import client_settings


def verify_command(as_json: bool = typer.Option(False, "--json", help="One JSON object instead of lines.")) -> None:
    """Compare the ledger with the stream, both ways, and every consumed record with its outcome; exit 1 with a list."""
    from aiokafka.errors import KafkaError

    from asiento.runtime.logging import configure_logging
    from sinks.ledger import LedgerError
    from sinks.stream_identity import StreamUnknown
    from sinks.topic_scan import ScanStuck
    from sinks.verify import verify

    settings = client_settings()
    configure_logging(settings, "verify")
    try:
        report = asyncio.run(verify(settings))
    except KafkaError as error:
        raise Unreachable(f"no broker answers at {settings.kafka_bootstrap_servers}: {error}") from error
    except StreamUnknown as error:
        raise Unreachable(str(error)) from error
    except (LedgerError, ScanStuck) as error:
        raise CommandError(str(error)) from error
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
