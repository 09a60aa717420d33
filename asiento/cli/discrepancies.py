"""`asiento discrepancies`: what a person should know, explained, looked after, resolved by a word or by money."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from asiento.cli import desk_options as options
from asiento.cli.exits import UsageError

if TYPE_CHECKING:
    from schemas.operator_actions import OperatorAction
    from schemas.wording.language import Language
    from sinks.desk.desk import Desk
    from sinks.desk.discrepancies import MoneyPlan
    from sinks.desk.journals import Money
    from sinks.projector.answers import ActionLine, Cursor

app = typer.Typer(no_args_is_help=True, help="Discrepancies: list, show, assign, resolve, approve.")

DiscrepancyId = Annotated[str, typer.Argument(metavar="DISCREPANCY_ID", help="The discrepancy_id, as `discrepancies list` names it.")]
ProposalName = Annotated[str, typer.Argument(metavar="PROPOSAL", help="action_id of the proposal, or the discrepancy_id it is about.")]
Post = Annotated[
    list[str] | None,
    typer.Option(
        "--post", metavar="SIDE:ACCOUNT:AMOUNT", help="A leg of the entry: DEBIT or CREDIT, account, minor units; as often as needed."
    ),
]
Journal = Annotated[str | None, typer.Option("--journal", metavar="FILE", help='File with {"postings": [...]} as JSON; - is stdin.')]
WriteOff = Annotated[
    int | None, typer.Option("--write-off", metavar="AMOUNT", min=1, help="Write off so much of what the customer owes, in minor units.")
]
SmallDifference = Annotated[
    int | None,
    typer.Option("--small-difference", metavar="AMOUNT", min=1, help="Book so much of what is owed as rounding, in minor units."),
]
Day = Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to book it on; default: today.")]


@app.command("list")
def list_discrepancies(  # noqa: PLR0917 - the words of a command
    code: Annotated[str | None, typer.Option("--code", help="Only with this code, such as D10.")] = None,
    severity: Annotated[str | None, typer.Option("--severity", help="Only low, medium, high or critical ones.")] = None,
    order: options.Order = None,
    source: options.Source = None,
    assignee: options.Assignee = None,
    older_than: options.OlderThan = None,
    younger_than: options.YoungerThan = None,
    state: options.State = options.StateChoice.OPEN,
    proposals: Annotated[bool, typer.Option("--proposals", help="Proposals that wait for a second person instead.")] = False,
    limit: options.Limit = options.PAGE_ITEMS_DEFAULT,
    after: options.After = None,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Discrepancies, oldest first, each in one sentence, and how many are open for each code."""
    from asiento.cli.desk_session import looking
    from asiento.cli.desk_values import discrepancy_item
    from sinks.desk.queues import cursor_text, page_of, source_of

    language = options.language_of(lang)
    with looking() as desk:
        window = options.window(older_than, younger_than, after, desk.at)
        if proposals:
            _print_proposals(desk, limit, window.after, order=order, language=language, as_json=as_json)
            return
        page = page_of(
            lambda cursor, count: desk.reader.discrepancies(
                state=options.stored_state(state),
                code=code,
                severity=severity,
                order_key=order,
                assignee=assignee,
                limit=count,
                after=cursor,
            ),
            lambda line: source in (None, source_of(line.value.order_key)),
            limit=limit,
            after=window.after,
            until=window.until,
        )
        counts = desk.reader.open_counts()
        items = [discrepancy_item(line, desk.at, language) for line in page.items]
    next_place = cursor_text(page.next) if page.next is not None else None
    _print_list(items, {**counts.discrepancies}, counts.proposals, next_place=next_place, language=language, as_json=as_json)


@app.command()
def show(discrepancy_id: DiscrepancyId, lang: options.Lang = "en", as_json: options.AsJson = False) -> None:
    """One discrepancy: both sides and the difference, what it means, what to do, the events and entries behind it, proposals."""
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_session import looking
    from asiento.cli.desk_values import discrepancy_page
    from asiento.cli.printable import print_printable_json
    from sinks.desk.discrepancies import DiscrepancyDesk

    language = options.language_of(lang)
    with looking() as desk:
        page = discrepancy_page(DiscrepancyDesk(desk).show(discrepancy_id), desk.at, language)
    if as_json:
        print_printable_json(page)
    else:
        pages.print_lines(pages.discrepancy_lines(page, language))


@app.command()
def assign(  # noqa: PLR0917 - the words of a command
    discrepancy_id: DiscrepancyId,
    to: options.To,
    reason: options.Why,
    by: options.By = None,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Say who looks after a discrepancy."""
    with _acting(by, dry_run) as desk:
        options.finish(desk, _desk(desk).assign(discrepancy_id, to, reason), dry_run=dry_run, as_json=as_json)


@app.command()
def resolve(  # noqa: PLR0917 - the words of a command
    discrepancy_id: DiscrepancyId,
    reason: options.Why,
    post: Post = None,
    journal: Journal = None,
    write_off: WriteOff = None,
    small_difference: SmallDifference = None,
    day: Day = None,
    by: options.By = None,
    dry_run: options.DryRun = False,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Close a discrepancy: with a reason, or with an entry that puts it right. Above the limit of one person it becomes a proposal."""
    money = _money(post, journal, write_off, small_difference)
    if money is None and day is not None:
        raise UsageError("--date belongs to an entry: give --post, --journal, --write-off or --small-difference")
    with _acting(by, dry_run) as desk:
        if money is None:
            options.finish(desk, *_desk(desk).resolve(discrepancy_id, reason), dry_run=dry_run, as_json=as_json)
            return
        plan = _desk(desk).money(discrepancy_id, money, reason, day)
        _book(desk, plan, reason, propose=plan.needs_second_person, dry_run=dry_run, lang=lang, as_json=as_json)


@app.command()
def propose(  # noqa: PLR0917 - the words of a command
    discrepancy_id: DiscrepancyId,
    reason: options.Why,
    post: Post = None,
    journal: Journal = None,
    write_off: WriteOff = None,
    small_difference: SmallDifference = None,
    day: Day = None,
    by: options.By = None,
    dry_run: options.DryRun = False,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Propose an entry that puts a discrepancy right, whatever its amount; another person approves it."""
    money = _money(post, journal, write_off, small_difference)
    if money is None:
        raise UsageError("say what to book: --post, --journal, --write-off or --small-difference")
    with _acting(by, dry_run) as desk:
        plan = _desk(desk).money(discrepancy_id, money, reason, day)
        _book(desk, plan, reason, propose=True, dry_run=dry_run, lang=lang, as_json=as_json)


@app.command()
def approve(  # noqa: PLR0917 - the words of a command
    proposal: ProposalName,
    reason: options.Why,
    by: options.By = None,
    dry_run: options.DryRun = False,
    lang: options.Lang = "en",
    as_json: options.AsJson = False,
) -> None:
    """Book what another person proposed. Who proposed it cannot."""
    language = options.language_of(lang)
    with _acting(by, dry_run) as desk:
        found, plan = _desk(desk).approval(proposal)
        _print_plan(plan, language, as_json)
        action = None if dry_run else _desk(desk).approve(found, plan, reason)
        _print_done(plan, action, language, as_json, dry_run)


@app.command()
def refuse(
    proposal: ProposalName, reason: options.Why, by: options.By = None, dry_run: options.DryRun = False, as_json: options.AsJson = False
) -> None:
    """Refuse a proposal, or take one's own back; the discrepancy stays open."""
    with _acting(by, dry_run) as desk:
        options.finish(desk, _desk(desk).refuse(proposal, reason), dry_run=dry_run, as_json=as_json)


@app.command()
def reopen(
    discrepancy_id: DiscrepancyId,
    reason: options.Why,
    by: options.By = None,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Open a discrepancy that an operator resolved."""
    with _acting(by, dry_run) as desk:
        options.finish(desk, _desk(desk).reopen(discrepancy_id, reason), dry_run=dry_run, as_json=as_json)


def _desk(desk: "Desk") -> Any:
    from sinks.desk.discrepancies import DiscrepancyDesk

    return DiscrepancyDesk(desk)


def _acting(by: str | None, dry_run: bool) -> Any:
    from asiento.cli.desk_session import acting

    return acting(options.actor_of(by), dry_run=dry_run)


def _money(post: list[str] | None, journal: str | None, write_off: int | None, small_difference: int | None) -> "Money | None":
    """What the words of a command want to book; None where they name nothing."""
    from asiento.cli.desk_session import desk_errors, read_event_file
    from sinks.desk.journals import Money, money_of_file, money_of_posts

    given = [name for name, value in (("post", post), ("journal", journal), ("w", write_off), ("s", small_difference)) if value]
    if not given:
        return None
    if len(given) > 1:
        raise UsageError("one of --post, --journal, --write-off and --small-difference")
    if write_off or small_difference:
        return Money(adjustment="WRITE_OFF" if write_off else "SMALL_DIFFERENCE", amount=write_off or small_difference or 0)
    with desk_errors():
        return money_of_posts(post) if post else money_of_file(read_event_file(journal))


def _book(desk: "Desk", plan: "MoneyPlan", reason: str, *, propose: bool, dry_run: bool, lang: str, as_json: bool) -> None:
    """Show what would be booked; book it, or propose it."""
    from asiento.cli.desk_pages import print_lines
    from asiento.cli.desk_words import say

    language = options.language_of(lang)
    _print_plan(plan, language, as_json)
    send = _desk(desk).propose if propose else _desk(desk).book
    action = None if dry_run else send(plan, reason)
    _print_done(plan, action, language, as_json, dry_run)
    if propose and action is not None and not as_json:
        print_lines([say("proposed", language, action_id=action.action_id)])


def _print_plan(plan: "MoneyPlan", language: "Language", as_json: bool) -> None:
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_values import prediction_values
    from asiento.cli.desk_words import say
    from sinks.desk.journals import shown_amount

    if as_json:
        return
    amount, limit = shown_amount(plan.moved + plan.moved_before, plan.currency), shown_amount(plan.limit, plan.currency)
    pages.print_lines([say("second" if plan.needs_second_person else "alone", language, amount=amount, limit=limit)])
    pages.print_lines(pages.prediction_lines(prediction_values(plan.prediction, language), say("prediction", language), language))


def _print_done(plan: "MoneyPlan", action: "OperatorAction | None", language: "Language", as_json: bool, dry_run: bool) -> None:
    from asiento.cli.desk_pages import print_lines
    from asiento.cli.desk_values import done_values, money_values
    from asiento.cli.desk_words import say
    from asiento.cli.printable import print_printable_json

    if as_json:
        done = done_values(action) if action is not None else None
        print_printable_json({**money_values(plan, language), "dry_run": dry_run, "action": done})
    else:
        print_lines([say("dry_run" if dry_run else "sent", language)])


def _print_list(
    items: list[dict[str, Any]], counts: dict[str, int], proposals: int, *, next_place: str | None, language: "Language", as_json: bool
) -> None:
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_words import amount_text, say
    from asiento.cli.printable import print_printable_json

    if as_json:
        print_printable_json({"counts": counts, "proposals": proposals, "items": items, "next": next_place})
        return
    pages.print_counts(counts, language)
    pages.print_runbooks(items, language)
    lines = [
        (
            (
                item["discrepancy_id"],
                item["code"],
                item["severity"],
                item["order_key"],
                amount_text(item["residual"], item.get("currency"), item["exponent"]),
                pages.age_of(item),
                pages.who(item, language),
                pages.state_of(item, language),
            ),
            item["happened"],
        )
        for item in items
    ]
    pages.print_items(say("discrepancies", language), lines, language, next_place)


def _print_proposals(desk: "Desk", limit: int, after: "Cursor | None", *, order: str | None, language: "Language", as_json: bool) -> None:
    """Proposals that wait, judged by what counts: an approval of one's own does not close one."""
    from asiento.cli import desk_pages as pages
    from asiento.cli.desk_values import proposal_values
    from asiento.cli.desk_words import say
    from asiento.cli.printable import print_printable_json
    from sinks.desk.approvals import proposals_of
    from sinks.desk.queues import cursor_text, page_of

    def waits(action: "ActionLine") -> bool:
        about = desk.reader.actions(subject_kind=action.subject_kind, subject=action.subject, limit=None)
        return any(one.action.action_id == action.action_id and one.state == "open" for one in proposals_of(about))

    page = page_of(
        lambda cursor, count: desk.reader.actions(kind="PROPOSE", order_key=order, limit=count, after=cursor),
        waits,
        limit=limit,
        after=after,
    )
    next_place = cursor_text(page.next) if page.next is not None else None
    items = [proposal_values(one) for action in page.items for one in proposals_of([action])]
    if as_json:
        print_printable_json({"items": items, "next": next_place})
        return
    lines = [((one["action_id"], one["subject"], one["order_key"] or "-"), f"{one['actor']}: {one['reason']}") for one in items]
    pages.print_items(say("proposals", language), lines, language, next_place)
