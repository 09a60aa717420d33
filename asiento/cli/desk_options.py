"""The words that the commands of the desk share."""

import getpass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from asiento.cli.exits import UsageError
from schemas.wording.language import Language, language_named

if TYPE_CHECKING:
    from schemas.operator_actions import OperatorAction
    from sinks.desk.desk import Desk
    from sinks.projector.answers import Cursor
    from sinks.projector.answers import State as Stored

PAGE_ITEMS_DEFAULT: Final = 50
PAGE_ITEMS_MAX: Final = 10_000


class StateChoice(StrEnum):
    """Which ones are listed."""

    OPEN = "open"
    RESOLVED = "resolved"
    ALL = "all"


By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who acts; default: the user of this machine.", show_default=False)]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands in the audit trail for ever.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent and what would become of it; send nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Lang = Annotated[str, typer.Option("--lang", help="Language of the explanations: en or es.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=PAGE_ITEMS_MAX, help="Most items of a page.")]
After = Annotated[str | None, typer.Option("--after", metavar="PLACE", help="Go on behind the page that named this place as `next`.")]
Order = Annotated[str | None, typer.Option("--order", metavar="KEY", help="Only of this order: tenant:platform:connection:order_id.")]
Source = Annotated[str | None, typer.Option("--source", metavar="PLATFORM:CONNECTION", help="Only of this source.")]
Assignee = Annotated[str | None, typer.Option("--assignee", metavar="NAME", help="Only what this person looks after.")]
OlderThan = Annotated[str | None, typer.Option("--older-than", metavar="AGE", help="Only what is older: 36h, 3d, 2w.")]
YoungerThan = Annotated[str | None, typer.Option("--younger-than", metavar="AGE", help="Only what is younger: 36h, 3d, 2w.")]
State = Annotated[StateChoice, typer.Option("--state", help="Which ones.")]
To = Annotated[str, typer.Option("--to", metavar="NAME", help="Who looks after it from now on.")]
EventFile = Annotated[str | None, typer.Option("--event", metavar="FILE", help="File with the whole event as JSON; - is stdin.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a field, as in lines[0].gross=1250; PATH= takes it away.")
]
Anyway = Annotated[bool, typer.Option("--anyway", help="Send it although it would be refused.")]


def language_of(lang: str) -> Language:
    """The language of that name; raises `UsageError`."""
    found = language_named(lang)
    if found is None:
        raise UsageError(f"--lang {lang}: en or es")
    return found


def actor_of(by: str | None) -> str:
    """The name given, else that of the user of this machine; raises `UsageError` where there is neither."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("this machine does not name its user: say who acts with --by NAME") from None


class Window(NamedTuple):
    """Which part of a list by age: behind `after`, nothing younger than `until` (UTC microseconds)."""

    after: "Cursor | None"
    until: int | None


def window(older_than: str | None, younger_than: str | None, after: str | None, now: int) -> Window:
    """The part of a list that ages and a page's place ask for; raises `DeskRefused` for words that are neither."""
    from sinks.desk.queues import age_microseconds, cursor_from
    from sinks.projector.answers import Cursor

    until = now - age_microseconds(older_than) if older_than is not None else None
    starts = [cursor_from(after)] if after is not None else []
    if younger_than is not None:
        starts.append(Cursor(max(now - age_microseconds(younger_than), 0), ""))
    return Window(max(starts, default=None), until)


def stored_state(state: StateChoice) -> "Stored | None":
    """The state as the database spells it; None for all."""
    match state:
        case StateChoice.OPEN:
            return "OPEN"
        case StateChoice.RESOLVED:
            return "RESOLVED"
        case StateChoice.ALL:
            return None


def finish(desk: "Desk", *actions: "OperatorAction", dry_run: bool, as_json: bool) -> None:
    """Send actions without an event, and say so."""
    from asiento.cli.output import message
    from asiento.cli.printable import print_printable_json
    from schemas.operator_actions import action_to_json
    from sinks.desk.outgoing import Bundle

    if not dry_run:
        desk.send([Bundle(actions=actions)])
    if as_json:
        print_printable_json({"actions": [action_to_json(action) for action in actions], "dry_run": dry_run})
        return
    for action in actions:
        about = f"{action.kind.lower()} {action.subject_kind.lower().replace('_', ' ')} {action.subject}"
        message(f"{about}: nothing was sent (--dry-run)" if dry_run else f"{about}: sent as action {action.action_id}")
