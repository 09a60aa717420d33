"""`asiento orders`: everything about one order."""

import asyncio
import sys
from typing import Annotated

import typer

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import print_json
from asiento.cli.run_directory import client_settings
from asiento.cli.stream_reads import read_errors

app = typer.Typer(no_args_is_help=True, help="Look at orders.")

COLUMNS_WITHOUT_TERMINAL = 100
"""Width of the tables where there is no terminal to ask."""


@app.callback()
def _group() -> None:
    """Keeps `show` a word of its own while it is the only command."""


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="The order key: tenant:platform:connection:order_id.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
    lang: Annotated[str, typer.Option(help="Language of headings and reasons: en or es.")] = "en",
) -> None:
    """Events, entries with documents and balances, what waits and why, where the order stands; exit 1 for an unknown key."""
    from schemas.wording.language import language_named

    language = language_named(lang)
    if language is None:
        raise UsageError(f"--lang {lang}: en or es")
    from rich.console import Console

    from asiento.cli.order_pages import order_to_json, pages
    from asiento.runtime.logging import configure_logging
    from sinks.order_file import read_order_file
    from streams.policies import load_policies

    settings = client_settings()
    configure_logging(settings, "orders-show")
    with read_errors(settings):
        file = asyncio.run(read_order_file(settings, key))
    if not file.known:
        raise CommandError(f"nothing is known of order {key}: no event stands under this key (it is tenant:platform:connection:order_id)")
    if as_json:
        print_json(order_to_json(file, language))
        return
    console = Console(width=None if sys.stdout.isatty() else COLUMNS_WITHOUT_TERMINAL)
    for page in pages(file, language, load_policies(settings.policy)):
        console.print(page)
