"""`asiento topics`: the topics catalogue on the broker."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli import acls
from asiento.cli.broker_access import require_access
from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.output import message, print_json
from asiento.cli.run_directory import client_settings
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from asiento.runtime.topic_admin import TopicPlan
    from schemas.topics import TopicSpec

app = typer.Typer(no_args_is_help=True, help="Compare the broker's topics with the catalogue, and create what is missing.")
app.add_typer(acls.app, name="acls")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("plan")
def show_plan(as_json: Json = False) -> None:
    """Show what `apply` would do; changes nothing. Exit 1 if something is refused."""
    _run(client_settings(), dry_run=True, as_json=as_json)


@app.command("apply")
def apply_plan(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    as_json: Json = False,
) -> None:
    """Create missing topics and set configuration that differs. Exit 1, and nothing changed, if something is refused."""
    _run(client_settings(), dry_run=dry_run, as_json=as_json)


def catalogue_of(settings: Settings) -> "Sequence[TopicSpec]":
    """The catalogue for these settings: one source for `topics`, `up` and `doctor`."""
    from schemas.topics import catalogue

    return catalogue(settings.app_id, settings.partitions, settings.replication_factor, settings.min_insync_replicas)


def _run(settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    from asiento.runtime import topic_admin
    from schemas.access_rights import ADMIN

    require_access(settings, ADMIN)
    act = topic_admin.plan if dry_run else topic_admin.apply
    try:
        plan = asyncio.run(act(settings, catalogue_of(settings)))
    except topic_admin.TopicsRefused as error:
        plan = error.plan
    except topic_admin.TopicsError as error:
        raise CommandError(str(error)) from None
    except topic_admin.BrokerUnreachable as error:
        raise Unreachable(str(error)) from None
    if as_json:
        print_json({**asdict(plan), "applied": not (dry_run or plan.refused)})
    else:
        for line in _lines(plan):
            typer.echo(line)
    if plan.refused:
        raise CommandError(f"{len(plan.refused)} differences are refused, nothing was changed")
    done = "would be" if dry_run else "were"
    message(f"{len(plan.create)} topics {done} created, {len(plan.alter)} values {done} set, {len(plan.unchanged)} topics are as wanted")


def _lines(plan: "TopicPlan") -> list[str]:
    return [
        *(
            f"+ {item.topic}  partitions={item.partitions} replication={item.replication_factor} "
            + " ".join(f"{key}={value}" for key, value in sorted(item.config.items()))
            for item in plan.create
        ),
        *(f"~ {item.topic}  {item.key}: {item.current} -> {item.wanted}" for item in plan.alter),
        *(f"! {item.topic}  {item.reason}" for item in plan.refused),
        *(f"= {topic}" for topic in plan.unchanged),
    ]
