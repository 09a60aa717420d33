"""`asiento explain`: why an event was booked so, or not, and why an entry is what it is."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import print_json, print_text
from asiento.cli.run_directory import client_settings

if TYPE_CHECKING:
    from asiento.accounting.policy import PolicyBook
    from asiento.cli.explained_orders import Found

NEAREST_MAX = 3
_WHERE_IDS_COME_FROM = (
    "event ids are `event_id` of the events, entry ids `entry_id` of what `asiento simulate`, `asiento orders show --json` and "
    "`asiento entries export` write"
)


def explain_command(  # noqa: PLR0917 - the words of a command
    id_: Annotated[str, typer.Argument(metavar="ID", help="An event_id or an entry_id.")],
    events: Annotated[
        str | None, typer.Option("--events", help="File of events as JSON lines; `-` reads stdin. Without it a running system is asked.")
    ] = None,
    order: Annotated[str | None, typer.Option("--order", help="The order key, where a running system is asked.")] = None,
    policy: Annotated[Path | None, typer.Option(help="YAML file with the accounting policy; default: that of the settings.")] = None,
    lang: Annotated[str, typer.Option(help="Language of the explanation: en or es.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """Why a cent stands where it stands: an event with all that it booked, or one entry.

    Shows the outcome with its reason, the rule behind each entry, every figure with its arithmetic, the customer's account
    before and after with the totals behind it, and discrepancies with what to do. Exit 1 for an id that is not known.
    """
    from asiento.cli.explain_pages import text_lines
    from asiento.cli.order_files import found_of_events
    from asiento.runtime.settings import load_settings
    from schemas.wording.language import language_named
    from streams.policies import load_policies

    language = language_named(lang)
    if language is None:
        raise UsageError(f"--lang {lang}: en or es")
    if (events is None) == (order is None):
        raise UsageError(
            "name the source: --events FILE for a file, --order KEY (tenant:platform:connection:order_id) for a running system"
        )
    policies = load_policies(policy or load_settings().policy)
    found = found_of_events(events, policies) if events is not None else _in_system(order or "", policies)
    if found.decided is not None and id_ in found.decided.unjudged:
        raise CommandError(f"event {id_} is on the topic, but no worker has judged it yet: ask again")
    value = found.explain(id_, language)
    if value is None and found.decided is not None and id_ in found.decided.entries:
        raise CommandError(f"entry {id_} was booked, but these events make no such entry under this policy: ask with the policy of then")
    if value is None:
        raise CommandError(_unknown(id_, found.ids()))
    if as_json:
        print_json(value)
        return
    for line in text_lines(value, language):
        print_text(line)


def _in_system(order: str, policies: "PolicyBook") -> "Found":
    from asiento.cli.explained_orders import found_in_file
    from asiento.cli.order_files import order_of_system
    from asiento.runtime.logging import configure_logging

    settings = client_settings()
    configure_logging(settings, "explain")
    return found_in_file(order_of_system(settings, order, policies), policies)


def _unknown(id_: str, known: Iterable[str]) -> str:
    ids = sorted(set(known))
    nearest = [one for one in ids if one.startswith(id_)][:NEAREST_MAX] or get_close_matches(id_, ids, NEAREST_MAX)
    hint = f"; the nearest are {', '.join(nearest)}" if nearest else ""
    return f"no event and no entry has the id {id_}{hint} ({_WHERE_IDS_COME_FROM})"
