"""`asiento ledger`: the embedded ledger itself."""

from typing import Annotated

import typer

from asiento.cli.exits import CommandError
from asiento.cli.output import print_json, print_text
from asiento.runtime.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Look at the embedded ledger itself.")


@app.callback()
def _group() -> None:
    """Keeps `heads` a word of its own while it is the only command."""


@app.command()
def heads(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: the form that `asiento verify --heads` reads.")] = False,
) -> None:
    """Print the heads of the ledger's hash chain, to be kept where nobody who can write the ledger can write (docs/verify.md)."""
    from sinks.ledger import LedgerError
    from sinks.ledger_access import reader_at
    from sinks.verify.kept_heads import heads_of

    location = load_settings().ledger_location
    try:
        with reader_at(location) as reader:
            found = heads_of(reader)
    except LedgerError as error:
        raise CommandError(str(error)) from error
    if found is None:
        raise CommandError(f"{location}: the ledger has never been started, it has no heads yet")
    if as_json:
        print_json(found.to_json())
        return
    print_text(f"topic {found.stream.topic} (id {found.stream.topic_id}), {found.entry_no} entries, seal {found.seal}")
    for number, head in sorted(found.heads.items()):
        print_text(f"partition {number}: booked to {found.booked_to[number]}, {head.length} entries, head {head.link}")
