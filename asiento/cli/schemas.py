"""`asiento schemas`: check the contract, hand it out, serve it, register it."""

import asyncio
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message, print_json

app = typer.Typer(no_args_is_help=True, help="The contract: Avro schemas and their lock file.")

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(as_json: JSON = False) -> None:
    """Check every schema, the lock file, and every version against every other; exit 1 on a finding."""
    from schemas.contract_check import check_contract
    from schemas.package_files import avsc_contents, lock_content

    report = check_contract(avsc_contents(), lock_content())
    if as_json:
        print_json(report.to_json())
    else:
        for finding in report.findings:
            message(str(finding))
        message(
            f"frozen versions: {report.frozen}; drafts: {report.draft}; pairs of versions compared: {report.pairs_compared}; "
            f"findings: {len(report.findings)}"
        )
    if report.findings:
        raise CommandError("the schemas are not what the contract allows")


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which files would be written.")] = False,
    as_json: JSON = False,
) -> None:
    """Write the contract for producers: .avsc files and lock file, JSON Schemas and samples of the events, an AsyncAPI document."""
    from schemas.package_files import LOCK_FILE, avsc_contents, lock_content
    from sources.sdk.generate import documents

    files = {**avsc_contents(), LOCK_FILE: lock_content(), **documents(avro_folder=".")}
    if not dry_run:
        try:
            for name, content in files.items():
                path = directory / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        except OSError as problem:
            raise CommandError(f"{directory}: {problem.strerror}; name a directory you may write to") from None
    if as_json:
        print_json({"directory": str(directory), "written": not dry_run, "files": sorted(files)})
    else:
        for name in sorted(files):
            typer.echo(directory / name)


@app.command()
def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Where to listen; 0: a free port, printed.")] = 8081,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    as_json: JSON = False,
) -> None:
    """Serve the schemas of this build, read-only, as a Confluent-compatible registry, until SIGTERM."""
    from asiento.cli.schema_server import routes
    from asiento.runtime.health import HealthChecks, HealthServer
    from asiento.runtime.logging import configure_logging
    from asiento.runtime.metrics import Exporter, Metrics
    from asiento.runtime.settings import load_settings

    configure_logging(load_settings(), "schemas")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    server = HealthServer(Metrics(Exporter.SCHEMA_SERVER), host, port, HealthChecks(), routes())
    try:
        url = f"http://{f'[{host}]' if ':' in host else host}:{server.start()}"
    except OSError as problem:
        raise CommandError(f"{host}:{port}: {problem.strerror or problem}; name another --host or --port") from None
    if as_json:
        print_json({"url": url})
    else:
        typer.echo(url)
    stopping.wait()
    server.stop()


@app.command()
def register(
    url: Annotated[str | None, typer.Option("--registry", help="Where the registry is; unset: ASIENTO_REGISTRY_URL.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which schemas the registry has, and under which ids.")] = False,
    as_json: JSON = False,
) -> None:
    """Register the order events at a Confluent-compatible registry, for producers that write with it; again changes nothing.

    Exit 1 if the registry refuses one, or gives ids that contradict the lock file.
    """
    from asiento.cli.schema_registration import Registration, register_events
    from asiento.runtime.registry_client import RegistryRefused, RegistryUnreachable, access_to
    from asiento.runtime.settings import load_settings

    settings = load_settings()
    where = url or settings.registry_url
    if where is None:
        raise UsageError("no registry is named: give --registry URL, or set ASIENTO_REGISTRY_URL")
    try:
        done: Registration = asyncio.run(register_events(access_to(where, settings), dry_run=dry_run))
    except RegistryUnreachable as problem:
        raise Unreachable(str(problem)) from None
    except RegistryRefused as problem:
        raise CommandError(f"{problem}; what was registered before stays, run the command again when it is mended") from None
    if as_json:
        print_json(done.to_json())
    else:
        for schema in done.schemas:
            typer.echo(f"{'-' if schema.id is None else schema.id}  {schema.subject}  version {schema.version}")
    if done.clashes:
        raise CommandError(done.clashes)
