"""`asiento ledger`: the ledger itself."""

from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.ledger_errors import ledger_errors
from asiento.cli.output import print_json, print_text
from asiento.runtime.settings import load_settings

if TYPE_CHECKING:
    from sinks.postgresql_ledger.schema import MigrationPlan

app = typer.Typer(no_args_is_help=True, help="Look at the ledger itself, make it, bring it up to date.")


@app.command()
def heads(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: the form that `asiento verify --heads` reads.")] = False,
) -> None:
    """Print the heads of the ledger's hash chain, to be kept where nobody who can write the ledger can write (docs/verify.md)."""
    from sinks.ledger_access import reader_at
    from sinks.verify.kept_heads import heads_of

    settings = load_settings()
    with ledger_errors(), reader_at(settings.ledger_location) as reader:
        found = heads_of(reader)
    if found is None:
        raise CommandError(f"{settings.ledger_place}: the ledger has never been started, it has no heads yet")
    if as_json:
        print_json(found.to_json())
        return
    print_text(f"topic {found.stream.topic} (id {found.stream.topic_id}), {found.entry_no} entries, seal {found.seal}")
    for number, head in sorted(found.heads.items()):
        print_text(f"partition {number}: booked to {found.booked_to[number]}, {head.length} entries, head {head.link}")


@app.command()
def migrate(
    *,
    writer: Annotated[
        str | None, typer.Option(metavar="ROLE", help="Role of the sink: it may INSERT and SELECT. Roles that had this before keep it.")
    ] = None,
    reader: Annotated[str | None, typer.Option(metavar="ROLE", help="Role of everybody who reads: it may SELECT.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Make the ledger of ASIENTO_LEDGER_URL, or bring it up to date, as the user that shall own it (docs/postgresql-ledger.md).

    In PostgreSQL the roles must be there already. A ledger in a file has no roles; its sink brings it up to date itself.
    """
    from sinks.ledger_access import is_postgresql

    settings = load_settings()
    with ledger_errors():
        if not is_postgresql(settings.ledger_location):
            raise UsageError(f"{settings.ledger_place}: a ledger in a file has no roles, and its sink brings it up to date itself")
        from sinks.postgresql_ledger import schema

        prepare = schema.plan_migration if dry_run else schema.migrate
        plan = prepare(settings.ledger_location, writer=writer, reader=reader)
    if as_json:
        roles = {"writers": list(plan.writers), "readers": list(plan.readers)}
        print_json({"ledger": settings.ledger_place, "from": plan.present, "to": plan.newest, **roles, "dry_run": dry_run})
        return
    for line in _said(settings.ledger_place, plan, dry_run=dry_run):
        print_text(line)


def _said(place: str, plan: "MigrationPlan", *, dry_run: bool) -> list[str]:
    would = "would be " if dry_run else ""
    if plan.present == plan.newest:
        first = f"{place}: version {plan.newest} already"
    elif plan.present == 0:
        first = f"{place}: {would}made, version {plan.newest}"
    else:
        first = f"{place}: {would}brought from version {plan.present} to {plan.newest}"
    granted = ((plan.writers, "INSERT and SELECT"), (plan.readers, "SELECT"))
    return [first, *(f"{would}granted {rights} to {role}" for roles, rights in granted for role in roles)]
