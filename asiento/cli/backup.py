"""`asiento backup`: what a running system is made of beside its topics, and the topics if wanted, in one folder."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from asiento import __version__
from asiento.cli.backup_errors import backup_errors
from asiento.cli.config import settings_rows
from asiento.cli.output import message, print_json
from asiento.cli.run_directory import client_settings
from asiento.runtime.database_urls import place_of
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from sinks.backup.manifest import Manifest
    from sinks.backup.take import BackupPlan


def backup_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder; it and its files become readable by you alone.")],
    *,
    topics: Annotated[
        bool, typer.Option("--topics", help="Also archive the topics that are kept for ever, as Avro container files.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Without a broker: ledger and operational database only.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be copied.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The manifest as one JSON document on stdout.")] = False,
) -> None:
    """Copy ledger, operational database, positions, policy and settings of a system that may go on working meanwhile.

    Keep the digest that is printed elsewhere: `asiento restore --digest` then knows the backup from an edited one. docs/backup.md.
    """
    from asiento.runtime.logging import configure_logging
    from sinks.backup.folders import require_empty

    settings = client_settings()
    configure_logging(settings, "backup")
    with backup_errors(settings):
        plan = _plan(settings, archive=topics and not offline)
        if dry_run:
            require_empty(folder, "the backup")
            _say_plan(plan, folder, offline=offline)
            return
        manifest = asyncio.run(_take(settings, plan, folder, offline=offline))
    _report(manifest, folder, as_json=as_json)


async def _take(settings: Settings, plan: "BackupPlan", folder: Path, *, offline: bool) -> "Manifest":
    from sinks.backup.broker import BackupBroker
    from sinks.backup.take import take_backup

    if offline:
        return await take_backup(None, plan, folder)
    async with BackupBroker.of(settings) as log:
        return await take_backup(log, plan, folder)


def _plan(settings: Settings, *, archive: bool) -> "BackupPlan":
    from asiento.runtime.service_process import now_microseconds
    from schemas.formats import time_text
    from schemas.topics import catalogue, of_the_books
    from sinks.backup.take import BackupPlan

    return BackupPlan(
        ledger_url=settings.ledger_location,
        operational_url=settings.operational_location,
        topic=settings.topic,
        topics=tuple(topic.name for topic in catalogue(settings.app_id, 1, 1, 1) if of_the_books(topic)),
        groups=(settings.orders_id, settings.ledger_group, settings.projector_group),
        archive=archive,
        documents=_documents(settings),
        program_version=__version__,
        taken_at=time_text(now_microseconds()),
    )


def _documents(settings: Settings) -> dict[str, bytes]:
    """Settings without secrets, the policy with its defaults filled in (a policy file itself), and the file it was written in."""
    from schemas.policy_digest import policy_values
    from streams.policies import load_policies

    policies = load_policies(settings.policy)
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    documents = {
        "settings.json": orjson.dumps(settings_rows(settings), option=options),
        "policy.json": orjson.dumps({"versions": [policy_values(since, one) for since, one in policies.versions]}, option=options),
    }
    if settings.policy is not None:
        documents["policy.yaml"] = settings.policy.read_bytes()
    return documents


def _say_plan(plan: "BackupPlan", folder: Path, *, offline: bool) -> None:
    from sinks.backup.topic_archive import kept_topics
    from sinks.projector.database import open_database

    typer.echo(f"would copy into {folder}")
    typer.echo(f"ledger {place_of(plan.ledger_url)}")
    operational = open_database(plan.operational_url, for_writing=False)
    typer.echo(f"operational database {operational.place}")
    operational.close()
    typer.echo("files " + ", ".join(sorted(plan.documents)))
    if not offline:
        typer.echo("positions of the groups " + ", ".join(plan.groups))
    for name in kept_topics() if plan.archive else ():
        typer.echo(f"topic {plan.topic(name)}")


def _report(manifest: "Manifest", folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(orjson.loads(manifest.to_bytes()))
        return
    size = sum(file.size_bytes for file in manifest.files)
    typer.echo(f"backup of {manifest.taken_at} in {folder}: {len(manifest.files)} files, {size} bytes")
    typer.echo(f"ledger: {manifest.ledger.entries} entries, seal {manifest.ledger.seal}")
    if manifest.operational is None:
        message("no operational database was there to copy; the projector makes it from the topics")
    else:
        typer.echo(f"operational database: {manifest.operational.rows} rows")
    typer.echo(f"topics: {'archived' if manifest.topics else 'not archived'}")
    typer.echo(f"digest {manifest.digest}")
