"""`asiento reconcile`: what a ledger outside holds against what was posted there."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message, print_json, print_text
from asiento.cli.run_directory import client_settings
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from sinks.connection_process import ConfiguredConnection
    from sinks.reconciler.findings import Finding
    from sinks.reconciler.run import Report


def reconcile_command(
    name: Annotated[str, typer.Argument(help="A connection of ASIENTO_LEDGER_CONNECTIONS.")],
    *,
    from_date: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day; unset: `reconcile_days` of the connection back (35).")
    ] = None,
    to_date: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, itself included; unset: today (UTC).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare only: no discrepancy is raised or resolved.")] = False,
) -> None:
    """Read a ledger back and compare it with what was posted there and with the embedded ledger; exit 1 with a list of what differs.

    Nothing is changed in the ledger: each difference comes with the lines that would correct it. May run beside everything else.
    """
    from asiento.runtime.logging import configure_logging
    from sinks.connection_process import configured
    from sinks.external.results import CallFailed
    from sinks.ledger import LedgerError
    from sinks.posting.errors import PostingError

    settings = client_settings()
    configure_logging(settings, "reconcile")
    today = datetime.now(UTC).date()
    last = _day(to_date, "--to") or today.isoformat()
    found = configured(settings, name)
    first = _day(from_date, "--from") or (date.fromisoformat(last) - timedelta(days=found.connection.reconcile_days)).isoformat()
    if first > last:
        raise UsageError(f"--from {first} lies behind --to {last}")
    try:
        report = asyncio.run(_compare(settings, found, first, last, raising=not dry_run))
    except CallFailed as problem:
        raise Unreachable(f"{name} cannot be read: {problem}") from None
    except (LedgerError, PostingError) as problem:
        raise Unreachable(str(problem)) from None
    if as_json:
        print_json(report_values(report))
    else:
        _print(report)
    if not report.clean:
        message(f"asiento: {name} differs; what each difference means and what to do: docs/reconcile.md")
        raise typer.Exit(CommandError.exit_code)


async def _compare(settings: Settings, found: "ConfiguredConnection", first: str, last: str, *, raising: bool) -> "Report":
    from asiento.runtime.service_process import now_microseconds
    from sinks.posting.access import access_of, limits_of
    from sinks.posting.clock import SystemClock
    from sinks.posting.store import StoreThread
    from sinks.reconciler.run import Reconciliation

    store = StoreThread()
    try:
        await store.look(settings.postings_location, found.connection.name)
        limits = limits_of(found.connection, found.kind.capabilities.limits)
        access = access_of(found.connection, found.kind.oauth, limits, store, SystemClock())
        connector = found.kind.make(found.connection, access)
        try:
            reconciliation = Reconciliation(found.connection, connector, store, settings.ledger_location, now_microseconds)
            return await reconciliation.run(first, last, raising=raising)
        finally:
            await connector.close()
    finally:
        await store.close()


def report_values(report: "Report") -> dict[str, Any]:
    """A report as plain values."""
    return {
        "connection": report.connection,
        "first": report.first,
        "last": report.last,
        "clean": report.clean,
        "documents": {"posted": report.posted, "compared": report.compared, "not_looked_at": report.not_looked_at},
        "balances_compared": report.balances_compared,
        "embedded_compared": report.embedded_compared,
        "entries": {"booked": report.entries, "on_the_way": report.on_the_way},
        "raised": report.raised,
        "resolved": report.resolved,
        "findings": [_finding_values(finding) for finding in report.findings],
    }


def _finding_values(finding: "Finding") -> dict[str, Any]:
    names = ("key", "reference", "remote_id", "number", "account", "date", "expected", "actual")
    return {
        "difference": finding.difference.value,
        "words": finding.words,
        "currency": finding.currency,
        "entry_ids": list(finding.entry_ids),
        **{name: value for name in names if (value := getattr(finding, name)) is not None},
        "correction": [{"account": account, "amount": amount} for account, amount in finding.correction],
    }


def _print(report: "Report") -> None:
    from asiento.accounting.money import CURRENCY_EXPONENTS, major_units_text

    print_text(
        f"{report.connection}, {report.first} to {report.last}: {report.compared} of {report.posted} documents compared, "
        f"balances {'compared' if report.balances_compared else 'not compared'}, embedded ledger "
        + (f"{report.entries} entries ({report.on_the_way} on their way)" if report.embedded_compared else "not there, not compared")
    )
    for finding in report.findings:
        print_text(f"{finding.difference}: {finding.words}")
        exponent = CURRENCY_EXPONENTS.get(finding.currency, 0)
        for account, amount in finding.correction:
            side = "Dr" if amount > 0 else "Cr"
            print_text(f"    to correct it: {side} {account} {major_units_text(abs(amount), exponent)} {finding.currency}")
    if not report.findings:
        print_text("no difference")


def _day(text: str | None, option: str) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"{option}: {text} is no day; write it as 2026-03-02") from None
