"""`asiento topics`: the topics catalogue on the broker."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli import acls
from asiento.cli.broker_access import require_access
from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message, print_json
from asiento.cli.run_directory import client_settings
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from asiento.runtime.topic_admin import TopicPlan
    from schemas.topics import TopicSpec

app = typer.Typer(no_args_is_help=True, help="Compare the broker's topics with the catalogue, create what is missing; erase raw payloads.")
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


@app.command("erase-raw")
def erase_raw(
    before: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what came before this time (RFC 3339); unset: all that was judged.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Erase raw payloads that the normalizer has judged, before their month is over (docs/privacy.md).

    What it has not judged yet stays: exit 1 then. Refused payloads that are erased cannot be replayed any more.
    """
    from asiento.runtime.record_erasure import ErasureFailed, erase_read_records
    from schemas.access_rights import ADMIN
    from schemas.formats import parse_time
    from schemas.topics import ORDERS_RAW

    settings = client_settings()
    try:
        before_ms = parse_time(before) // 1000 if before is not None else None
    except ValueError as problem:
        raise UsageError(f"--before: {problem}") from None
    require_access(settings, ADMIN)
    try:
        ranges = asyncio.run(erase_read_records(settings, settings.topic(ORDERS_RAW), settings.normalizer_id, before_ms, dry_run=dry_run))
    except ErasureFailed as problem:
        raise Unreachable(str(problem)) from None
    unread = sum(one.unread for one in ranges)
    if as_json:
        print_json({"partitions": [one._asdict() for one in ranges], "unread": unread, "dry_run": dry_run})
    else:
        for one in ranges:
            typer.echo(f"{one.partition}: offsets {one.first} to {one.up_to - 1}" if one.up_to > one.first else f"{one.partition}: nothing")
        message("nothing was erased (--dry-run)" if dry_run else "erased")
    if unread:
        raise CommandError(f"{unread} offsets are not judged yet and stay: let the normalizer run, then do it again")


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
