"""The sections of a report, each with its pictures and their tables."""

from collections.abc import Sequence

from asiento.cli.reporting.canvas import AGE_COLORS, bars
from asiento.cli.reporting.flow_picture import COLORS, flow_picture, group_of, groups, in_order
from asiento.cli.reporting.markup import Markup, element
from asiento.cli.reporting.numbers import age_text, amount_text, lag_text, number_text, step_text, time_text
from asiento.cli.reporting.prometheus import Seen
from asiento.cli.reporting.tables import table
from asiento.cli.reporting.time_pictures import counts_picture, lag_picture
from asiento.cli.reporting.words import say
from schemas.wording.language import Language
from schemas.wording.messages import code_message
from schemas.wording.runbook_blocks import FOLDERS
from sinks.report.figures import Figures, Lag, OpenGroup, OpenItems, Step
from sinks.trial_balance import CurrencyBalances


def flow_section(figures: Figures, language: Language) -> Markup:
    """The flow, and every outcome with its code."""
    flow = figures.flow
    rows = [(group_name(name, language), number_text(number, language)) for name, number in groups(figures.outcomes).items()]
    steps = [
        (say("arrived", language), number_text(flow.arrived, language)),
        *rows,
        (say("entries", language), number_text(flow.committed, language)),
        (f"{say('entries', language)}: {say('booked', language)}", number_text(flow.booked, language)),
        (f"{say('entries', language)}: {say('not_booked', language)}", number_text(flow.committed - flow.booked, language)),
    ]
    return section(
        say("flow", language),
        _note(say("flow_note", language)),
        flow_picture(figures, language) if figures.outcomes else _nothing(language),
        table(say("flow", language), [(say("outcome", language), False), (say("number", language), True)], steps),
    )


def outcomes_section(figures: Figures, language: Language) -> Markup:
    """Outcomes by code as they were judged first, with where those that waited stand now."""
    rows = [
        (
            group_name(one.outcome, language),
            one.code,
            _meaning(one.code, language),
            group_name(group_of(one), language) if one.outcome == "deferred" else "",
            number_text(one.records, language),
        )
        for one in in_order(figures.outcomes)
    ]
    columns = [("outcome", False), ("code", False), ("meaning", False), ("now", False), ("number", True)]
    title = say("outcomes", language)
    picture = [
        (f"{group_name(group_of(one), language)} {one.code}".strip(), (one.records,), number_text(one.records, language))
        for one in in_order(figures.outcomes)
    ]
    return section(
        title,
        bars(title, picture, (COLORS["waits"],), language) if picture else _nothing(language),
        table(title, [(say(name, language), figures_) for name, figures_ in columns], rows),
    )


def time_section(figures: Figures, language: Language) -> Markup:
    """Arrivals, bookings and lag in steps of time."""
    timeline = figures.timeline
    title = say("over_time", language)
    if not timeline.steps:
        return section(title, _nothing(language))
    columns = [(say("from_time", language), False), (say("arrived", language), True), (say("entries", language), True)]
    columns += [(name, True) for name in (say("median", language), "95 %", "99 %", say("longest", language))]
    rows = [(time_text(step.at), *_step_cells(step, language)) for step in timeline.steps]
    whole = (
        say("whole", language),
        number_text(sum(step.arrived for step in timeline.steps), language),
        number_text(sum(step.booked for step in timeline.steps), language),
        *_lag_cells(timeline.lag, language),
    )
    return section(
        title,
        _note(say("over_time_note", language, step=step_text(timeline.step_seconds))),
        element("h3", say("events_and_bookings", language)),
        counts_picture(timeline, language),
        element("h3", say("lag", language)),
        lag_picture(timeline, language) if timeline.lag is not None else _note(say("lag_none", language)),
        table(title, columns, rows, whole),
    )


def money_section(figures: Figures, language: Language) -> Markup:
    """Money in and money booked, each currency by itself: amounts of two currencies are never added up."""
    title = say("money", language)
    names = ("captured", "captured_booked", "difference", "paid_back", "paid_back_booked", "debits_stream", "debits_ledger", "difference")
    columns = [(say("currency", language), False), *((say(name, language), True) for name in names)]
    rows = [
        (
            line.currency,
            *(
                amount_text(amount, line.exponent, language)
                for amount in (
                    line.stream_captured,
                    line.ledger_captured,
                    line.ledger_captured - line.stream_captured,
                    line.stream_paid_back,
                    line.ledger_paid_back,
                    line.stream_debits,
                    line.ledger_debits,
                    line.ledger_debits - line.stream_debits,
                )
            ),
        )
        for line in figures.money
    ]
    pictures = [
        bars(
            f"{title}: {line.currency}",
            [
                (f"{line.currency} {say(name, language)}", (max(amount, 0),), amount_text(amount, line.exponent, language))
                for name, amount in (("captured", line.stream_captured), ("captured_booked", line.ledger_captured))
            ],
            ("#1a6b4f",),
            language,
        )
        for line in figures.money
    ]
    return section(title, _note(say("money_note", language)), *pictures, table(title, columns, rows) if rows else _nothing(language))


def open_section(name: str, items: OpenItems, as_of: int, language: Language, *, runbooks: bool) -> Markup:
    """What is open of one kind, by code and age, and the oldest ones by name."""
    title = f"{say(name, language)}: {number_text(items.number, language)}"
    if not items.groups:
        return section(title, _nothing(language))
    ages = [say(f"age_{place}", language) for place in range(len(AGE_COLORS))]
    picture = [(_group_name(group), group.by_age, number_text(group.number, language)) for group in items.groups]
    graded = any(group.severity for group in items.groups)
    words = ["reason" if name == "dead_letters" else "code", *(["severity"] if graded else []), "meaning"]
    head = [(say(word, language), False) for word in words]
    head += [
        *((age, True) for age in ages),
        (say("number", language), True),
        (say("oldest", language), False),
        (say("age", language), True),
    ]
    rows = [
        (
            group.code,
            *((group.severity,) if graded else ()),
            _meaning(group.code, language),
            *(number_text(number, language) for number in group.by_age),
            number_text(group.number, language),
            time_text(group.oldest),
            age_text(as_of - group.oldest),
        )
        for group in items.groups
    ]
    listed = [(one.item_id, one.code, time_text(one.since), age_text(as_of - one.since), one.order_key) for one in items.oldest]
    oldest = [(say(word, language), False) for word in ("id", "code", "oldest", "age", "order")]
    return section(
        title,
        _note(say("runbooks", language, page=f"{FOLDERS[language]}/")) if runbooks else Markup(""),
        bars(title, picture, AGE_COLORS, language, ages),
        table(title, head, rows),
        table(say("the_oldest", language), oldest, listed),
    )


def balance_section(balances: Sequence[CurrencyBalances], language: Language) -> Markup:
    """The trial balance of each currency."""
    return section(say("trial_balance", language), *([_balance(item, language) for item in balances] or [_nothing(language)]))


def outside_section(figures: Figures, language: Language) -> Markup:
    """Documents for ledgers outside by where they stand."""
    title = say("outside", language)
    if not figures.documents:
        return section(title, _nothing(language))
    names = [f"{one.connection} {one.state} {one.reason}".strip() for one in figures.documents]
    picture = [(name, (one.number,), number_text(one.number, language)) for name, one in zip(names, figures.documents, strict=True)]
    columns = [("connection", False), ("document_state", False), ("reason", False), ("number", True), ("oldest", False), ("age", True)]
    rows = [
        (
            one.connection,
            one.state,
            one.reason,
            number_text(one.number, language),
            time_text(one.oldest),
            age_text(figures.as_of - one.oldest),
        )
        for one in figures.documents
    ]
    return section(
        title,
        bars(title, picture, ("#4292c6",), language),
        table(title, [(say(word, language), figures_) for word, figures_ in columns], rows),
    )


def prometheus_section(seen: Seen, as_of: int, language: Language) -> Markup:
    """What Prometheus knew at the time of the report; its numbers as it wrote them."""
    title = say("prometheus", language)
    jobs = [("job", False), ("up", True), ("known", True)]
    lags = [("group", False), ("lag_records", True), ("lag_seconds", True)]
    return section(
        title,
        _note(say("prometheus_note", language, at=time_text(as_of), url=seen.url)),
        table(title, [(say(word, language), figures) for word, figures in jobs], seen.jobs) if seen.jobs else _nothing(language),
        table(title, [(say(word, language), figures) for word, figures in lags], seen.lags) if seen.lags else _nothing(language),
        table(title, [(say("job", language), False), (say("restarts", language), True)], seen.restarts) if seen.restarts else Markup(""),
    )


def section(title: str, *content: str) -> Markup:
    """A section with its heading."""
    return element("section", element("h2", title), *content)


def group_name(name: str, language: Language) -> str:
    """What a group of outcomes is called."""
    return say(name, language) if name in COLORS else name


def _balance(item: CurrencyBalances, language: Language) -> Markup:
    def shown(amount: int) -> str:
        return amount_text(amount, item.exponent, language)

    rows = [
        (account, shown(amount) if amount >= 0 else "", shown(-amount) if amount < 0 else "") for account, amount in item.accounts.items()
    ]
    columns = [(say("account", language), False), (say("debit", language), True), (say("credit", language), True)]
    return table(item.currency, columns, rows, (say("total", language), shown(item.debits), shown(item.credits)))


def _step_cells(step: Step, language: Language) -> tuple[str, ...]:
    return number_text(step.arrived, language), number_text(step.booked, language), *_lag_cells(step.lag, language)


def _lag_cells(lag: Lag | None, language: Language) -> tuple[str, ...]:
    return ("", "", "", "") if lag is None else tuple(lag_text(one, language) for one in (lag.p50, lag.p95, lag.p99, lag.longest))


def _group_name(group: OpenGroup) -> str:
    return f"{group.code} {group.severity}".strip()


def _meaning(code: str, language: Language) -> str:
    if not code:
        return ""
    title = code_message(code, {}, None, language).title
    return "" if title == code else title


def _note(words: str) -> Markup:
    return element("p", words, class_="note")


def _nothing(language: Language) -> Markup:
    return _note(say("nothing", language))
