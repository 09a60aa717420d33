"""`asiento up`: everything on this machine, in the foreground; with `--demo` a synthetic trading day goes through it."""

from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import UsageError
from asiento.cli.output import message
from asiento.runtime.database_urls import masked
from asiento.runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    from asiento.cli.running_system import RunningSystem

WORKERS_DEFAULT = 2
WORKERS_MAX = 64
DEMO_SEED = 1
DEMO_ORDERS = 2_000
SWEEPER_CLOCK_OF_DEMO = "2026-03-02T00:00:00Z"
"""The day of the demo is long past: by the wall clock all its deadlines would pass while it is played. No day begins before this one."""
INTERRUPTED_EXIT_CODE = 130


def up(
    *,
    workers: Annotated[int, typer.Option(min=1, max=WORKERS_MAX, help="Order workers to run.")] = WORKERS_DEFAULT,
    demo: Annotated[bool, typer.Option("--demo", help="Play a synthetic trading day through the system.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="With --demo: compare with control totals, stop everything, exit 1 on a difference.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="With --demo: seed of the trading day.")] = DEMO_SEED,
    orders: Annotated[int, typer.Option(min=1, help="With --demo: orders of the trading day.")] = DEMO_ORDERS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would run.")] = False,
) -> None:
    """Run broker, topics, workers, ledger and metrics until SIGINT or SIGTERM.

    A local broker is started unless ASIENTO_KAFKA_BOOTSTRAP_SERVERS names one. Data stays in ASIENTO_DATA_DIR for the next time.
    Where ASIENTO_GATEWAY_CONFIG, ASIENTO_FETCHER_SOURCES, ASIENTO_CONNECTIONS or ASIENTO_MAPPERS are set, the gateway, the fetcher and
    the normalizer that they are for run, too.
    """
    if check and not demo:
        raise UsageError("--check compares the trading day of --demo: give both")
    settings = load_settings()
    if dry_run:
        _show(settings, workers, SWEEPER_CLOCK_OF_DEMO if demo else None)
        return
    from asiento.cli.demo import play
    from asiento.cli.running_system import RunningSystem
    from asiento.runtime.logging import configure_logging

    configure_logging(settings, "up")
    exit_code = INTERRUPTED_EXIT_CODE if check else 0
    try:
        with RunningSystem(settings, workers, SWEEPER_CLOCK_OF_DEMO if demo else None) as system:
            _print_addresses(system)
            if demo:
                exit_code = play(system, check=check, seed=seed, orders=orders)
            if not check:
                message("running; stop with Ctrl-C or `asiento down`")
                system.wait()
    except KeyboardInterrupt:
        message("stopped")
    raise typer.Exit(exit_code)


def _show(settings: Settings, workers: int, sweeper_clock: str | None) -> None:
    from asiento.cli.running_system import process_commands

    typer.echo(f"data directory: {settings.data_dir.absolute()}")
    typer.echo(f"broker: {settings.kafka_bootstrap_servers or 'a local one, in the data directory'}")
    for name, words in process_commands(settings, workers, sweeper_clock).items():
        typer.echo(f"{name}: asiento {' '.join(words)}")


def _print_addresses(system: "RunningSystem") -> None:
    typer.echo(f"broker   {system.bootstrap_servers}")
    if system.gateway_address:
        typer.echo(f"gateway  {system.gateway_address}")
    typer.echo(f"ledger   {masked(system.settings.ledger_location)}")
    typer.echo(f"logs     {system.data_dir / 'logs'}")
    for name, url in system.metrics_urls.items():
        typer.echo(f"metrics  {url}  ({name})")
