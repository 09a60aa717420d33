"""`asiento verify`: ledger against stream, records against decisions."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import CommandError
from asiento.cli.output import message, print_json, print_text
from asiento.cli.run_directory import client_settings
from asiento.cli.stream_reads import read_errors

if TYPE_CHECKING:
    from sinks.verify import Report


def verify_command(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
    offsets: Annotated[bool, typer.Option("--offsets", help="One line per partition: how far everything is.")] = False,
    heads: Annotated[Path | None, typer.Option(help="Heads that `asiento ledger heads --json` printed and were kept elsewhere.")] = None,
    metrics_file: Annotated[
        Path | None, typer.Option(help="Write the findings as metrics, for the textfile collector of a node exporter (FILE.prom).")
    ] = None,
) -> None:
    """Compare the ledger with the stream, both ways, and every consumed record with its outcome; exit 1 with a list.

    Changes nothing and may run beside everything else. What each fault means and what to do: docs/verify.md.
    """
    from asiento.runtime.logging import configure_logging
    from sinks.verify import verify
    from sinks.verify.kept_heads import read_heads

    settings = client_settings()
    configure_logging(settings, "verify")
    started = time.monotonic()
    with read_errors(settings):
        report = asyncio.run(verify(settings, None if heads is None else read_heads(heads)))
    if metrics_file is not None:
        _write_metrics(metrics_file, report, time.monotonic() - started)
    if as_json:
        print_json(report.to_json())
    else:
        _print(report, offsets=offsets)
    if not report.clean:
        found = ", ".join(f"{fault} {number}" for fault, number in sorted(report.problems.counts.items()))
        message(f"asiento: verification found: {found}; what to do: docs/verify.md")
        raise typer.Exit(CommandError.exit_code)


def _print(report: "Report", *, offsets: bool) -> None:
    print_text(report.summary())
    print_text(
        f"entries: {report.entries_on_stream} on the stream, {report.entries_booked} booked, {report.pending} waiting for the sink; "
        f"{report.acks} acks compared; {report.lag} source offsets wait for a worker"
    )
    for facts in report.partitions if offsets else ():
        outcomes = " ".join(f"{name}={number}" for name, number in facts.outcomes.items() if number)
        print_text(
            f"partition {facts.partition}: source {facts.source_start} to {facts.source_end}, decided to {facts.decided_to}, "
            f"{facts.consumed} consumed ({outcomes}); {facts.entries_on_stream} entries on the stream, booked to {facts.booked_to}, "
            f"chain {facts.chain_length} {facts.chain_head}"
        )
    for problem in report.problems.listed:
        print_text(f"{problem.fault}: {problem.text}")
    more = sum(report.problems.counts.values()) - len(report.problems.listed)
    if more:
        print_text(f"and {more} problems more, which are counted but not listed")


def _write_metrics(path: Path, report: "Report", seconds: float) -> None:
    from asiento.runtime.metrics import VerifyMetrics
    from sinks.verify import FAULTS

    metrics = VerifyMetrics()
    for fault in FAULTS:
        metrics.problems.labels(fault).set(report.problems.counts[fault])
    metrics.last_run.set(time.time())
    metrics.seconds.set(seconds)
    metrics.entries.set(report.entries_on_stream)
    try:
        metrics.write(path)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}; the metrics of this verification were not written") from None
