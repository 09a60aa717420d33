"""`asiento topics acls`: the rights that each component needs on the broker, shown and granted."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message, print_json, print_text
from asiento.cli.run_directory import client_settings
from asiento.runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    from asiento.runtime.acl_admin import Acl

app = typer.Typer(invoke_without_command=True, help="The rights that each component needs on the broker.")

Principals = Annotated[
    list[str] | None,
    typer.Option("--principal", metavar="COMPONENT=User:NAME", help="Whose rights, again and again; else all, as User:APP_ID-COMPONENT."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.callback()
def acls(context: typer.Context, principal: Principals = None, as_json: Json = False) -> None:
    """Print the access rules of each component as kafka-acls.sh takes them; asks no broker."""
    if context.invoked_subcommand is not None:
        if principal or as_json:
            raise UsageError(f"put the options behind `{context.invoked_subcommand}`")
        return
    rows = wanted_acls(load_settings(), principal or [])
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    for line in command_lines(rows):
        print_text(line)


@app.command()
def apply(
    *,
    principal: Principals = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is missing.")] = False,
    as_json: Json = False,
) -> None:
    """Add the access rules that are missing on the broker; takes none away. It takes a user with Alter on the cluster."""
    from aiokafka.errors import KafkaError

    from asiento.cli.broker_access import broker_trouble
    from asiento.runtime.acl_admin import AclsRefused, apply_acls, plan_acls

    settings = client_settings()
    rows = wanted_acls(settings, principal or [])
    try:
        plan = asyncio.run((plan_acls if dry_run else apply_acls)(settings, rows))
    except AclsRefused as refused:
        raise CommandError(str(refused)) from None
    except (KafkaError, OSError) as error:
        raise broker_trouble(settings, "", error) from None
    if as_json:
        print_json({"create": [row._asdict() for row in plan.create], "unchanged": len(plan.unchanged), "applied": not dry_run})
    else:
        for line in command_lines(plan.create):
            print_text(line)
    message(f"{len(plan.create)} access rules {'would be' if dry_run else 'were'} added, {len(plan.unchanged)} were there")


def wanted_acls(settings: Settings, principals: list[str]) -> "list[Acl]":
    """The rules of these `COMPONENT=User:NAME` pairs, of all components where there are none. Raises `UsageError`."""
    from asiento.runtime.acl_admin import Acl
    from schemas.access_rights import COMPONENTS, rights_of

    users = [_pair(text) for text in principals] or [(component, f"User:{settings.app_id}-{component}") for component in COMPONENTS]
    return [
        Acl(user, right.resource, right.name, right.pattern, operation)
        for component, user in users
        for right in rights_of(settings.app_id, settings.topic_prefix)
        if right.component == component
        for operation in right.operations
    ]


def _pair(text: str) -> tuple[str, str]:
    from schemas.access_rights import COMPONENTS

    component, _, user = text.partition("=")
    if component not in COMPONENTS:
        raise UsageError(f"--principal {text}: the components are {', '.join(COMPONENTS)}")
    if not user.startswith("User:") or user == "User:" or not user.isprintable() or any(mark in user for mark in "'\"`$\\"):
        raise UsageError(f"--principal {text}: a user as Kafka spells it is expected, like {component}=User:orders")
    return component, user


def command_lines(rows: "list[Acl] | tuple[Acl, ...]") -> list[str]:
    """One kafka-acls.sh call per user and resource."""
    grouped: dict[tuple[str, str, str, str], list[str]] = {}
    for row in rows:
        grouped.setdefault((row.principal, row.resource, row.name, row.pattern), []).append(row.operation)
    return [
        f"kafka-acls.sh --bootstrap-server HOST:PORT --command-config ADMIN.properties --add --allow-principal '{principal}' "
        + " ".join(f"--operation {_spelled(operation)}" for operation in operations)
        + (" --cluster" if resource == "cluster" else f" --{resource.replace('_', '-')} '{name}'")
        + (" --resource-pattern-type prefixed" if pattern == "prefixed" else "")
        for (principal, resource, name, pattern), operations in grouped.items()
    ]


def _spelled(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))
