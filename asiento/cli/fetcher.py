"""`asiento fetcher`: the process that fetches what payloads only point at, and asking it by hand."""

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message

app = typer.Typer(no_args_is_help=True, help="Fetch what payloads only point at.")


@app.command()
def run() -> None:
    """Answer fetch requests with raw records until SIGTERM, which ends it with exit code 0 within 20 s.

    ASIENTO_FETCHER_SOURCES names the file that says where and how (docs/fetcher.md). Nothing of a request is lost: what has no answer
    is fetched again by the next start.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the process takes the signal over: nothing has begun
    from aiokafka.errors import KafkaError

    from asiento.cli.broker_access import broker_trouble, start_process
    from asiento.runtime.logging import configure_logging
    from asiento.runtime.memory_limit import limit_memory
    from asiento.runtime.settings import SettingsError, load_settings
    from schemas.access_rights import FETCHER
    from sources.fetcher.config import load_fetched_sources
    from sources.fetcher.process import run_fetcher

    settings = load_settings()
    if settings.fetcher_sources is None:
        raise SettingsError("no source is named: set ASIENTO_FETCHER_SOURCES to the file that says where to fetch (docs/fetcher.md)")
    configure_logging(settings, "fetcher")
    limit_memory(settings)
    sources = load_fetched_sources(settings.fetcher_sources)
    start_process(settings, FETCHER)
    try:
        asyncio.run(run_fetcher(settings, sources))
    except KafkaError as problem:
        raise broker_trouble(settings, FETCHER, problem) from None


@app.command()
def check(path: Annotated[Path, typer.Argument(metavar="FILE", help="The file that ASIENTO_FETCHER_SOURCES is to name.")]) -> None:
    """Check a file of sources without fetching anything; secret files are looked for, not shown."""
    from sources.fetcher.config import load_fetched_sources

    sources = load_fetched_sources(path)
    missing = [str(source.secret_file) for source in sources.values() if source.secret_file and not source.secret_file.is_file()]
    for (tenant, name), source in sources.items():
        typer.echo(f"{tenant} {name}: {source.base_url}, {source.requests_per_minute} requests a minute, {', '.join(sorted(source.paths))}")
    if missing:
        raise CommandError(f"secret files that do not exist: {', '.join(missing)}")


@app.command()
def ask(
    *,
    tenant: Annotated[str, typer.Option(help="Tenant of the source.")],
    source: Annotated[str, typer.Option(help="Platform and connection, for example shopify:main.")],
    topic: Annotated[str, typer.Option(help="Topic under which the answer is to be read, for example orders/updated.")],
    resource: Annotated[str, typer.Argument(metavar="KIND/ID", help="The object, for example orders/450789469.")],
    key: Annotated[str | None, typer.Option(help="Id that the object is kept under; unset: the id in KIND/ID.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be asked for.")] = False,
) -> None:
    """Ask for an object once more, after a fetch failed for good or a webhook never came."""
    kind, _, identity = resource.partition("/")
    if not kind or not identity or source.count(":") != 1 or ":" in tenant:
        raise UsageError("a tenant, a source like shopify:main and an object like orders/450789469 are expected")
    record_key = f"{tenant}:{source}:{key or identity}"
    if dry_run:
        message(f"would ask for {resource} under the key {record_key}")
        return
    from asiento.cli.broker_access import require_access
    from asiento.cli.run_directory import client_settings
    from schemas.access_rights import FETCHER
    from schemas.raw_records import FetchRequest
    from sources.fetcher.asking import ask_for

    settings = client_settings()
    require_access(settings, FETCHER)
    request = FetchRequest(
        request_id=str(uuid4()), source_topic=topic, resource=resource, reason="asked by hand", depth=1, asked_at=time.time_ns() // 1000
    )
    asyncio.run(ask_for(settings, record_key.encode(), request))
    message(f"asked for {resource}; the answer will be read as {topic} under the key {record_key}")
