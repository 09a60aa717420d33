"""`asiento deadlines`: what the sweeper will tell, and when."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import CommandError
from asiento.cli.output import message, print_json
from asiento.cli.run_directory import client_settings
from asiento.cli.sweeper import moment

if TYPE_CHECKING:
    from rich.table import Table

    from streams.sweeper.listing import Standing

app = typer.Typer(no_args_is_help=True, help="Look at deadlines.")

COLUMNS_WITHOUT_TERMINAL = 140
"""Width of the table where there is no terminal to ask."""


@app.callback()
def _group() -> None:
    """Keeps `list` a word of its own while it is the only command."""


@app.command("list")
def list_deadlines(
    before: Annotated[str | None, typer.Option(metavar="TIME", help="Only those that are due before this time (RFC 3339).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list: due_at, order_key, kind, about_event_id.")] = False,
) -> None:
    """The deadlines that stand, earliest first. One that is due and still here has not been judged yet. Changes nothing."""
    from aiokafka.errors import KafkaError

    from asiento.accounting.policy import UnknownPolicyVersion
    from asiento.cli.broker_access import broker_trouble
    from asiento.runtime.logging import configure_logging
    from schemas.access_rights import SWEEPER
    from schemas.order_state import UnknownStateFormat
    from streams.policies import load_policies
    from streams.sweeper.listing import read_standing
    from streams.topic_checks import TopicsUnfit

    end = moment(before, "--before") if before is not None else None
    settings = client_settings()
    configure_logging(settings, "deadlines-list")
    try:
        standing = asyncio.run(read_standing(settings, load_policies(settings.policy)))
    except (TopicsUnfit, UnknownStateFormat, UnknownPolicyVersion) as problem:
        raise CommandError(str(problem)) from None
    except KafkaError as problem:
        raise broker_trouble(settings, SWEEPER, problem) from None
    shown = [one for one in standing if end is None or one.due_at < end]
    if as_json:
        from schemas.formats import time_text

        print_json([{**one._asdict(), "due_at": time_text(one.due_at), "about_event_id": one.about_event_id or None} for one in shown])
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else COLUMNS_WITHOUT_TERMINAL).print(deadline_table(shown))
    message(f"{len(shown)} deadlines stand" + (f", due before {before}" if before else ""))


def deadline_table(standing: "list[Standing]") -> "Table":
    """Deadlines for people: when, which kind, of which order, about which event."""
    from rich import box
    from rich.table import Table

    from schemas.formats import time_text

    table = Table(box=box.SIMPLE)
    for name in ("due at", "kind", "order", "about event"):
        table.add_column(name, overflow="fold")
    for one in standing:
        table.add_row(time_text(one.due_at), one.kind, one.order_key, one.about_event_id)
    return table
