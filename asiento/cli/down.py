"""`asiento down`: ends a running `asiento up`, and whatever a killed one left behind."""

from typing import Annotated

import typer

from asiento.cli.exits import CommandError
from asiento.cli.output import message
from asiento.runtime.settings import load_settings


def down(dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be stopped.")] = False) -> None:
    """Stop what runs on ASIENTO_DATA_DIR; the data stays. Exit 1 if something would not end."""
    from asiento.cli.run_directory import RunDirectory
    from asiento.cli.running_system import end_all

    directory = RunDirectory(load_settings().data_dir.absolute())
    running = directory.running()
    if dry_run:
        for process in running:
            typer.echo(f"{process.name} {process.pid}")
        return
    if not running:
        message(f"nothing runs on {directory.data_dir}")
        return
    end_all(running)
    left = [f"{process.name} (pid {process.pid})" for process in running if process.is_alive()]
    if left:
        raise CommandError(f"still running after SIGKILL: {', '.join(left)}")
