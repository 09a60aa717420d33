"""`asiento events list|show|fix|replay|assign|resolve|reopen`: events that wait, were rejected, or contradict an earlier one."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from asiento.cli import desk_options as options
from asiento.cli.exits import UsageError

if TYPE_CHECKING:
    from asiento.cli.desk_options import Window
    from schemas.wording.language import Language
    from sinks.desk.desk import Desk
    from sinks.desk.events import MendedEvent
    from sinks.projector.answers import Cursor, WaitingEvent

EventId = Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event_id.")]


class OutcomeChoice(StrEnum):
    """The outcomes that a person may have to look at."""

    DEFERRED = "deferred"
    REJECTED = "rejected"
    CONFLICT = "conflict"
    IGNORED = "ignored"


def register(app: typer.Typer) -> None:
    """Add the commands to `asiento events`."""
    app.command("list")(list_events)
    app.command("show")(show)
    app.command("fix")(fix)
    app.command("replay")(replay)
    app.command("assign")(assign)
    app.command("resolve")(resolve)
    app.command("reopen")(reopen)


def list_events(  # noqa: PLR0917 - the words of a command
    outcome: Annotated[list[OutcomeChoice] | None, typer.Option("--outcome", help="Which ones; default: deferred and rejected.")] = None,
    code: Annotated[str | None, typer.Option("--code", help="Only with this code, such as D27.")] = None,
    order: options.Order = None,
    source: options.Source = None,
    assignee: options.Assignee = None,
    older_than: options.OlderThan = None,
    younger_than: options.YoungerThan = None,
    state: options.State = options.StateChoice.OPEN,
    limit: options.Limit = options.PAGE_ITEMS_DEFAULT,
    after: options.After = None,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Events that are not settled, oldest first; those that wait and those that were rejected unless told otherwise.

    Places of pages belong to one outcome: with --after name one --outcome.
    """
    from asiento.cli.desk_session import looking
    from asiento.cli.desk_values import event_item

    language = options.language_of(lang)
    chosen = outcome or [OutcomeChoice.DEFERRED, OutcomeChoice.REJECTED]
    if after is not None and len(chosen) > 1:
        raise UsageError("--after goes on in the list of one outcome: name it with --outcome")
    wanted = {"code": code, "order_key": order, "source": source, "assignee": assignee}
    items: list[dict[str, Any]] = []
    next_places: dict[str, str] = {}
    with looking() as desk:
        window = options.window(older_than, younger_than, after, desk.at)
        for one in dict.fromkeys(chosen):
            found, place = _page(desk, one, wanted=wanted, state=state, window=window, limit=limit)
            items += [event_item(event, one.value, desk.at, language) for event in found]
            if place is not None:
                next_places[one.value] = place
        counts = desk.reader.open_counts()
    items.sort(key=lambda item: (item["since"], item["event_id"]))
    _print_list(items, {"deferred": dict(counts.parked), "rejected": dict(counts.rejected)}, next_places, language, as_json)


def show(event_id: EventId, lang: options.Lang = "en", as_json: options.AsJson = False) -> None:
    """One event: why it is where it is, what it waits for, what to do, where its order stands, what was done about it."""
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_session import looking
    from asiento.cli.desk_values import event_page
    from asiento.cli.printable import print_printable_json
    from sinks.desk.events import EventDesk

    language = options.language_of(lang)
    with looking() as desk:
        page = event_page(EventDesk(desk).show(event_id), desk.at, language)
    if as_json:
        print_printable_json(page)
    else:
        pages.print_lines(pages.event_lines(page, language))


def fix(  # noqa: PLR0917 - the words of a command
    event_id: EventId,
    reason: options.Why,
    event: options.EventFile = None,
    changes: options.Settings = None,
    void: Annotated[bool, typer.Option("--void", help="Take a posted event back, with nothing in its place.")] = False,
    anyway: options.Anyway = False,
    by: options.By = None,
    dry_run: options.DryRun = False,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Send what puts an event right, after showing what changes and what the core would make of it.

    A rejected one goes again under its ids; a posted one is corrected (EventCorrected) where its type allows it; one that
    contradicts an earlier one replaces that, as it is or changed; beside a waiting one goes another with ids of its own.
    """
    from asiento.cli.desk_session import read_event_file

    whole = read_event_file(event)
    _send(
        lambda desk: _desk(desk).mended(event_id, event=whole, settings=changes or (), void=void),
        reason=reason,
        by=by,
        anyway=anyway,
        dry_run=dry_run,
        lang=lang,
        as_json=as_json,
    )


def replay(  # noqa: PLR0917 - the words of a command
    event_id: EventId,
    reason: options.Why,
    anyway: options.Anyway = False,
    by: options.By = None,
    dry_run: options.DryRun = False,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Have a rejected event judged again as it is, after its order or the policy changed."""
    _send(lambda desk: _desk(desk).again(event_id), reason=reason, by=by, anyway=anyway, dry_run=dry_run, lang=lang, as_json=as_json)


def assign(  # noqa: PLR0917 - the words of a command
    event_id: EventId,
    to: options.To,
    reason: options.Why,
    by: options.By = None,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Say who looks after an event."""
    _note("ASSIGN", event_id, reason, by, dry_run=dry_run, as_json=as_json, assignee=to)


def resolve(
    event_id: EventId, reason: options.Why, by: options.By = None, dry_run: options.DryRun = False, as_json: options.AsJson = False
) -> None:
    """Close a rejected event that needs no other."""
    _note("RESOLVE", event_id, reason, by, dry_run=dry_run, as_json=as_json)


def reopen(
    event_id: EventId, reason: options.Why, by: options.By = None, dry_run: options.DryRun = False, as_json: options.AsJson = False
) -> None:
    """Open a rejected event again."""
    _note("REOPEN", event_id, reason, by, dry_run=dry_run, as_json=as_json)


def _desk(desk: "Desk") -> Any:
    from sinks.desk.events import EventDesk

    return EventDesk(desk)


def _page(
    desk: "Desk", outcome: OutcomeChoice, *, wanted: dict[str, Any], state: options.StateChoice, window: "Window", limit: int
) -> "tuple[tuple[WaitingEvent, ...], str | None]":
    """One page of one outcome, and where it goes on."""
    from sinks.desk.queues import cursor_text, page_of

    stored = options.stored_state(state)

    def fetch(cursor: "Cursor | None", count: int) -> "tuple[WaitingEvent, ...]":
        if outcome is OutcomeChoice.DEFERRED:
            return () if stored == "RESOLVED" else desk.reader.parked(**wanted, limit=count, after=cursor)
        if outcome is OutcomeChoice.REJECTED:
            return desk.reader.rejected(**wanted, state=stored, limit=count, after=cursor)
        return desk.reader.judged(outcome.value, **wanted, state=stored, limit=count, after=cursor)

    page = page_of(fetch, lambda _: True, limit=limit, after=window.after, until=window.until)
    return page.items, cursor_text(page.next) if page.next is not None else None


def _print_list(
    items: list[dict[str, Any]], counts: dict[str, dict[str, int]], next_places: dict[str, str], language: "Language", as_json: bool
) -> None:
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_words import say
    from asiento.cli.printable import print_printable_json
    from schemas.wording.texts_of_outcomes import OUTCOMES

    if as_json:
        print_printable_json({"counts": counts, "items": items, "next": next_places})
        return
    for outcome, by_code in counts.items():
        pages.print_counts({f"{OUTCOMES[outcome].of(language)} {code}": number for code, number in by_code.items()}, language)
    lines = [
        (
            (
                item["event_id"],
                f"{OUTCOMES[item['outcome']].of(language)} {item['code'] or ''}".strip(),
                item["order_key"] or "-",
                pages.age_of(item),
                pages.who(item, language),
                pages.state_of(item, language),
            ),
            f"{item['type'] or '?'} {item['business_key'] or ''}: {item['meaning'] or ''}",
        )
        for item in items
    ]
    places = " ".join(f"{place} --outcome {outcome}" for outcome, place in next_places.items()) or None
    pages.print_items(say("events", language), lines, language, places)


def _send(
    make: "Callable[[Desk], MendedEvent]",
    *,
    reason: str,
    by: str | None,
    anyway: bool,
    dry_run: bool,
    lang: str,
    as_json: bool,
) -> None:
    """Show what would go out and what would become of it, then send it."""
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_session import acting
    from asiento.cli.desk_values import done_values, mended_event
    from asiento.cli.desk_words import say
    from asiento.cli.printable import print_printable_json

    language = options.language_of(lang)
    with acting(options.actor_of(by), dry_run=dry_run) as desk:
        mended = make(desk)
        shown = mended_event(mended, language)
        if not as_json:
            pages.print_lines([f"{say('way', language)} {say(mended.way, language)}: {shown['type']} {shown['event_id']}"])
            pages.print_lines(pages.change_lines(shown["changes"], language))
            pages.print_lines(pages.prediction_lines(shown["prediction"], say("prediction", language), language))
        action = None if dry_run else _desk(desk).send(mended, reason, anyway=anyway)
    if as_json:
        print_printable_json({**shown, "dry_run": dry_run, "action": done_values(action) if action is not None else None})
    else:
        pages.print_lines([say("dry_run" if dry_run else "sent", language)])


def _note(
    kind: Literal["ASSIGN", "RESOLVE", "REOPEN"], event_id: str, reason: str, by: str | None, *, dry_run: bool, as_json: bool, **more: Any
) -> None:
    from asiento.cli.desk_session import acting

    with acting(options.actor_of(by), dry_run=dry_run) as desk:
        options.finish(desk, *_desk(desk).note(kind, event_id, reason, **more), dry_run=dry_run, as_json=as_json)
