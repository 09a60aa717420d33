"""`asiento orders`: everything about one order."""

import sys
from typing import Annotated

import typer

from asiento.cli.exits import UsageError
from asiento.cli.output import print_json
from asiento.cli.run_directory import client_settings
from asiento.runtime.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Look at orders.")

COLUMNS_WITHOUT_TERMINAL = 100
"""Width of the tables where there is no terminal to ask."""


@app.callback()
def _group() -> None:
    """Keeps `show` a word of its own while it is the only command."""


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="The order key: tenant:platform:connection:order_id.")],
    events: Annotated[
        str | None, typer.Option("--events", help="File of events as JSON lines, `-` reads stdin: told by the pure core, no system needed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
    lang: Annotated[str, typer.Option(help="Language of headings and reasons: en or es.")] = "en",
) -> None:
    """Everything about an order: events, entries with documents, balances and ledgers, what waits and why, what people did.

    Read from the operational database; where there is none, from the topics. Exit 1 for an unknown key.
    """
    from schemas.wording.language import language_named

    language = language_named(lang)
    if language is None:
        raise UsageError(f"--lang {lang}: en or es")
    from rich.console import Console

    from asiento.cli.order_files import order_of_events, order_of_system
    from asiento.cli.order_pages import order_to_json, pages
    from asiento.runtime.logging import configure_logging
    from streams.policies import load_policies

    settings = load_settings() if events is not None else client_settings()
    configure_logging(settings, "orders-show")
    policies = load_policies(settings.policy)
    file = order_of_events(events, key, policies) if events is not None else order_of_system(settings, key, policies)
    if as_json:
        print_json(order_to_json(file, language))
        return
    console = Console(width=None if sys.stdout.isatty() else COLUMNS_WITHOUT_TERMINAL)
    for page in pages(file, language, policies):
        console.print(page)
