"""`asiento dlq`: records that never reached the accounting, listed, shown, mended and sent again."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from asiento.cli import desk_options as options
from asiento.cli.exits import CommandError, UsageError

if TYPE_CHECKING:
    from sinks.desk.dead_letters import ReplayPlan
    from sinks.desk.desk import Desk
    from sinks.projector.answers import DeadLetterLine

app = typer.Typer(no_args_is_help=True, help="Refused records: list, show, mend, send again.")

Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="topic/partition/offset of the refused record, as `dlq list` names it.")]
RefusedAs = Annotated[str | None, typer.Option("--refused-as", metavar="REASON", help="Only those refused for this reason.")]


@app.command("list")
def list_letters(  # noqa: PLR0917 - the words of a command
    refused_as: Annotated[
        str | None, typer.Option("--reason", "--refused-as", metavar="REASON", help="Only those refused for this reason.")
    ] = None,
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
    """Refused records, oldest first, and how many are open for each reason."""
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_session import looking
    from asiento.cli.desk_values import letter_item
    from asiento.cli.desk_words import say
    from asiento.cli.printable import print_printable_json
    from sinks.desk.queues import cursor_text, page_of, source_of

    language = options.language_of(lang)
    _require_reason(refused_as)
    with looking() as desk:
        window = options.window(older_than, younger_than, after, desk.at)
        page = page_of(
            lambda cursor, count: desk.reader.dead_letters(
                state=options.stored_state(state), reason=refused_as, order_key=order, assignee=assignee, limit=count, after=cursor
            ),
            lambda line: source in (None, source_of(line.order_key)),
            limit=limit,
            after=window.after,
            until=window.until,
        )
        counts = dict(desk.reader.open_counts().dead_letters)
        items = [letter_item(line, desk.at, language) for line in page.items]
    next_place = cursor_text(page.next) if page.next is not None else None
    if as_json:
        print_printable_json({"counts": counts, "items": items, "next": next_place})
        return
    pages.print_counts(counts, language)
    lines = [
        (
            (
                item["subject"],
                item["reason"],
                item["order_key"] or "-",
                pages.age_of(item),
                pages.who(item, language),
                pages.state_of(item, language),
            ),
            f"{item['meaning']} ({item['detail']})",
        )
        for item in items
    ]
    pages.print_items(say("dead_letters", language), lines, language, next_place)


@app.command()
def show(
    subject: Subject,
    dump_bytes: Annotated[int, typer.Option("--bytes", min=0, max=1_048_576, help="Most bytes of the value that are dumped.")] = 512,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """One refused record: what can be read of it, why it was refused, how to mend it, what would become of it now."""
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_session import looking
    from asiento.cli.desk_values import letter_page
    from asiento.cli.printable import print_printable_json
    from sinks.desk.dead_letters import DeadLetterDesk

    language = options.language_of(lang)
    with looking() as desk:
        page = letter_page(DeadLetterDesk(desk).show(subject), desk.at, language, dump_bytes)
    if as_json:
        print_printable_json(page)
    else:
        pages.print_lines(pages.letter_lines(page, language))


@app.command()
def fix(  # noqa: PLR0917 - the words of a command
    subject: Subject,
    reason: options.Why,
    event: options.EventFile = None,
    changes: options.Settings = None,
    again: Annotated[bool, typer.Option("--again", help="Although it was sent again already.")] = False,
    anyway: options.Anyway = False,
    by: options.By = None,
    dry_run: options.DryRun = False,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Send a mended event for a refused record, after showing what changes and what the core would make of it.

    Without --set and --event the event goes as it can be read, framed and keyed anew: right where only the key or what follows
    the event is wrong.
    """
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_session import acting, read_event_file
    from asiento.cli.desk_values import done_values, mended_letter
    from asiento.cli.desk_words import say
    from asiento.cli.printable import print_printable_json
    from sinks.desk.dead_letters import DeadLetterDesk

    language = options.language_of(lang)
    whole = read_event_file(event)
    with acting(options.actor_of(by), dry_run=dry_run) as desk:
        letters = DeadLetterDesk(desk)
        mended = letters.mended(subject, event=whole, settings=changes or ())
        shown: dict[str, Any] = mended_letter(mended, language)
        if not as_json:
            pages.print_lines(pages.change_lines(shown["changes"], language))
            pages.print_lines(pages.prediction_lines(shown["prediction"], say("prediction", language), language))
        action = None if dry_run else letters.send_mended(mended, reason, again=again, anyway=anyway)
    if as_json:
        print_printable_json({**shown, "dry_run": dry_run, "action": done_values(action) if action is not None else None})
    else:
        pages.print_lines([say("dry_run" if dry_run else "sent", language)])


@app.command()
def replay(  # noqa: PLR0917 - the words of a command
    reason: options.Why,
    subjects: Annotated[list[str] | None, typer.Argument(metavar="SUBJECT...", help="Refused records to send again as they are.")] = None,
    refused_as: RefusedAs = None,
    source: options.Source = None,
    limit: options.Limit = options.PAGE_ITEMS_DEFAULT,
    again: Annotated[bool, typer.Option("--again", help="Also those that were sent again already.")] = False,
    anyway: options.Anyway = False,
    by: options.By = None,
    dry_run: options.DryRun = False,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Send refused records again as they came, to their topic and the partition of their key. Exit 1 where one cannot go as it is.

    Event ids are kept: what was booked meanwhile is a duplicate, and booked once. Raw payloads go to the normalizer, which judges
    them anew and tells each fact once.
    """
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_session import acting
    from asiento.cli.desk_values import replay_values
    from asiento.cli.desk_words import say
    from asiento.cli.printable import print_printable_json
    from sinks.desk.dead_letters import DeadLetterDesk

    language = options.language_of(lang)
    _require_reason(refused_as)
    if bool(subjects) == (refused_as is not None):
        raise UsageError("say which: SUBJECT..., or --refused-as REASON for all that are open with it")
    if source is not None and refused_as is None:
        raise UsageError("--source narrows --refused-as: give both")
    with acting(options.actor_of(by), dry_run=dry_run) as desk:
        letters = DeadLetterDesk(desk)
        chosen = _chosen(desk, letters.line, subjects or [], (refused_as, source), limit)
        plans = letters.replay_plans(chosen, reason, again=again, anyway=anyway)
        sent = 0 if dry_run else letters.send_replays(plans)
    items = [replay_values(plan, language) for plan in plans]
    if as_json:
        print_printable_json({"items": items, "sent": sent, "dry_run": dry_run})
    else:
        for item in items:
            pages.print_lines([f"{item['subject']}{': ' + item['hindrance'] if item['hindrance'] else ''}"])
            if item["prediction"] is not None:
                pages.print_lines(f"  {line}" for line in pages.prediction_lines(item["prediction"], say("prediction", language), language))
            if item["raw"] is not None:
                pages.print_lines(f"  {line}" for line in pages.raw_outlook_lines(item["raw"], language))
        skipped = sum(plan.hindrance is not None for plan in plans)
        pages.print_lines([say("dry_run", language) if dry_run else say("sent_count", language, sent=sent, skipped=skipped)])
    _require_all(plans)


@app.command()
def assign(  # noqa: PLR0917 - the words of a command
    subject: Subject,
    to: options.To,
    reason: options.Why,
    by: options.By = None,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Say who looks after a refused record."""
    _note("ASSIGN", subject, reason, by, dry_run=dry_run, as_json=as_json, assignee=to)


@app.command()
def resolve(
    subject: Subject, reason: options.Why, by: options.By = None, dry_run: options.DryRun = False, as_json: options.AsJson = False
) -> None:
    """Close a refused record that needs no event: a test, or a fact that came another way."""
    _note("RESOLVE", subject, reason, by, dry_run=dry_run, as_json=as_json)


@app.command()
def reopen(
    subject: Subject, reason: options.Why, by: options.By = None, dry_run: options.DryRun = False, as_json: options.AsJson = False
) -> None:
    """Open a refused record again."""
    _note("REOPEN", subject, reason, by, dry_run=dry_run, as_json=as_json)


def _note(
    kind: Literal["ASSIGN", "RESOLVE", "REOPEN"], subject: str, reason: str, by: str | None, *, dry_run: bool, as_json: bool, **more: Any
) -> None:
    from asiento.cli.desk_session import acting
    from sinks.desk.dead_letters import DeadLetterDesk

    with acting(options.actor_of(by), dry_run=dry_run) as desk:
        action = DeadLetterDesk(desk).note(kind, subject, reason, **more)
        options.finish(desk, action, dry_run=dry_run, as_json=as_json)


def _chosen(
    desk: "Desk", line: Any, subjects: list[str], wanted: tuple[str | None, str | None], limit: int
) -> "tuple[DeadLetterLine, ...]":
    from sinks.desk.queues import page_of, source_of

    refused_as, source = wanted
    if refused_as is not None:
        page = page_of(
            lambda cursor, count: desk.reader.dead_letters(reason=refused_as, limit=count, after=cursor),
            lambda line: source in (None, source_of(line.order_key)),
            limit=limit,
            after=None,
        )
        return page.items
    return tuple(line(subject) for subject in dict.fromkeys(subjects))


def _require_reason(reason: str | None) -> None:
    from schemas.refusal import REASONS

    if reason is not None and reason not in REASONS:
        raise UsageError(f"{reason} is no reason of a refusal: {', '.join(REASONS)}")


def _require_all(plans: "tuple[ReplayPlan, ...]") -> None:
    """Records that were sent again already are what was asked for; others that cannot go are not."""
    left = [plan.subject for plan in plans if plan.hindrance is not None and not plan.done_before]
    if left:
        raise CommandError(f"{len(left)} of {len(plans)} records cannot be sent again as they are; each says why")
