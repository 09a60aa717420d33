"""The `asiento` command: puts the command groups together and turns our errors into exit codes."""

import sys

import typer

from asiento import __version__
from asiento.runtime.settings import SettingsError

EXIT_DIFFERENCE = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3

app = typer.Typer(name="asiento", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help="Order events in, exact books out.")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"asiento {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version and stop.")) -> None:
    del version


def main() -> None:
    """Entry point: a settings error is exit 2 with one plain message on stderr."""
    try:
        app()
    except SettingsError as error:
        typer.echo(f"asiento: {error}", err=True)
        sys.exit(EXIT_USAGE)


if __name__ == "__main__":
    main()
