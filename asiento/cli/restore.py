"""`asiento restore`: a backup into an empty data directory, and the proof that it is what was backed up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.backup_errors import backup_errors
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message, print_json
from asiento.cli.run_directory import RunDirectory, client_settings
from asiento.cli.url_arguments import require_fit
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from sinks.backup.manifest import Manifest
    from sinks.backup.proof import Proof
    from sinks.backup.restore import RestorePlan
    from sinks.verify.log import BrokerLog


def restore_command(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="A folder that `asiento backup` has written.")],
    *,
    into: Annotated[Path, typer.Option("--into", metavar="DATA_DIR", help="A new or empty data directory, for ASIENTO_DATA_DIR.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Prove what was restored; with a broker at hand also against the topics.")
    ] = False,
    operational_url: Annotated[
        str | None,
        typer.Option("--operational-url", metavar="URL", help="Where the operational database goes; unset: into DATA_DIR, as SQLite."),
    ] = None,
    ledger_url: Annotated[
        str | None,
        typer.Option("--ledger-url", metavar="URL", help="An empty PostgreSQL database that the ledger is written into from its file."),
    ] = None,
    without_operational: Annotated[
        bool, typer.Option("--without-operational", help="Leave the operational database out; the projector makes it from the topics.")
    ] = False,
    rebuild_ledger: Annotated[
        bool, typer.Option("--rebuild-ledger", help="Book the ledger anew from the archived topics instead of copying it.")
    ] = False,
    digest: Annotated[str | None, typer.Option(help="The digest that `asiento backup` printed, where you have kept it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the backup and the target; change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Restore ledger and operational database; every hash is checked first. Exit 1 where the backup is damaged, and says where.

    Sink and projector go on from the restored offsets by themselves. The topics are not put back onto a broker. docs/backup.md.
    """
    from asiento.runtime.logging import configure_logging
    from sinks.backup.restore import RestorePlan, check_plan, restore

    if operational_url is not None and without_operational:
        raise UsageError("--operational-url and --without-operational exclude each other")
    settings = client_settings()
    require_fit(operational_url, "--operational-url", settings)
    configure_logging(settings, "restore")
    target = None if without_operational else operational_url or RestorePlan.default_operational(into)
    plan = RestorePlan(backup=backup, data_dir=into, operational_url=target, digest=digest, rebuild=rebuild_ledger, ledger_url=ledger_url)
    with backup_errors(settings):
        _require_nothing_runs(into)
        manifest = check_plan(plan) if dry_run else asyncio.run(restore(plan))
        proof = asyncio.run(_prove(settings, plan, manifest)) if verify and not dry_run else None
    _report(manifest, plan, proof, as_json=as_json, dry_run=dry_run)
    if proof is not None and proof.problems:
        raise CommandError(f"what was restored is not proven: {len(proof.problems)} problems; use another backup, see docs/backup.md")


def _require_nothing_runs(data_dir: Path) -> None:
    running = RunDirectory(data_dir.absolute()).running()
    if running:
        raise CommandError(f"{running[0].name} (pid {running[0].pid}) runs on {data_dir}: `asiento down` first, and name an empty folder")


async def _prove(settings: Settings, plan: "RestorePlan", manifest: "Manifest") -> "Proof":
    from sinks.backup.proof import prove

    async with _broker(settings) as log:
        return await prove(plan, manifest, log, settings.topic, settings.orders_id)


@asynccontextmanager
async def _broker(settings: Settings) -> "AsyncIterator[BrokerLog | None]":
    """The broker of the settings, None where none is named or none answers."""
    from aiokafka.errors import KafkaError

    from sinks.verify.log import BrokerLog

    if settings.kafka_bootstrap_servers is None:
        yield None
        return
    context = BrokerLog.of(settings)
    try:
        log = await context.__aenter__()
    except (KafkaError, OSError):
        message(f"no broker answers at {settings.kafka_bootstrap_servers}: not compared with the topics")
        yield None
        return
    try:
        yield log
    finally:
        await context.__aexit__(None, None, None)


def _report(manifest: "Manifest", plan: "RestorePlan", proof: "Proof | None", *, as_json: bool, dry_run: bool) -> None:
    done = {"backup": str(plan.backup), "taken_at": manifest.taken_at, "digest": manifest.digest, "entries": manifest.ledger.entries}
    if as_json:
        print_json({**done, "restored": not dry_run, "verified": None if proof is None else proof.to_json()})
        return
    if dry_run:
        typer.echo(f"the backup of {manifest.taken_at} is whole ({len(manifest.files)} files); would restore it into {plan.data_dir}")
        return
    typer.echo(f"restored the backup of {manifest.taken_at} into {plan.data_dir}: {manifest.ledger.entries} entries")
    if proof is None:
        typer.echo("not verified: `--verify` proves what was restored")
        return
    for problem in proof.problems:
        typer.echo(problem)
    checked = ["the ledger's own checks, trial balance, heads and dump"]
    if proof.archive is not None:
        checked.append(f"the archived topics ({proof.archive.pending} entries behind the backup)")
    if proof.broker is not None:
        checked.append(f"the broker ({proof.broker.pending} entries wait for the sink)")
    typer.echo(f"{'NOT ' if proof.problems else ''}verified: {proof.entries} entries against " + ", ".join(checked))
