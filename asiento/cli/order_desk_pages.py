"""What people have to do with an order, as tables and as plain values: discrepancies, refused records, what operators did."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.table import Table

from asiento.cli.order_words import word
from schemas.discrepancies import discrepancy_to_json
from schemas.wording.language import Language
from schemas.wording.messages import code_title, discrepancy_message
from sinks.order_file import OrderFile
from sinks.projector.answers import DiscrepancyLine


def desk_tables(file: OrderFile, language: Language) -> Iterator[Table]:
    """The tables of which there is something to show."""
    if file.discrepancies:
        yield _discrepancies(file, language)
    if file.dead_letters:
        yield _dead_letters(file, language)
    if file.actions:
        yield _actions(file, language)


def desk_to_json(file: OrderFile, language: Language) -> dict[str, Any]:
    """The same as plain values; times RFC 3339."""
    return {
        "discrepancies": [_discrepancy_to_json(line, language) for line in file.discrepancies],
        "dead_letters": [{**asdict(letter), "first_seen_at": json_time(letter.first_seen_at)} for letter in file.dead_letters],
        "actions": [{**asdict(action), "at": json_time(action.at)} for action in file.actions],
    }


def _discrepancy_to_json(line: DiscrepancyLine, language: Language) -> dict[str, Any]:
    stands = {"state": line.state, "resolved_by": line.resolved_by, "assignee": line.assignee}
    return {**discrepancy_to_json(line.value), **stands, "message": discrepancy_message(line.value, language).text}


def _discrepancies(file: OrderFile, language: Language) -> Table:
    table = titled_table(word("discrepancies", language))
    for name in ("since", "why", "where_it_stands", "assignee"):
        table.add_column(word(name, language), overflow="fold", no_wrap=name == "since")
    for line in file.discrepancies:
        by = f" {word(f'by_{line.resolved_by}', language)}" if line.resolved_by else ""
        why = f"{code_title(line.value.code, language)}. {discrepancy_message(line.value, language).text}"
        table.add_row(time_text(line.value.raised_at), why, word(line.state, language) + by, line.assignee or "")
    return table


def _dead_letters(file: OrderFile, language: Language) -> Table:
    table = titled_table(word("dead_letters", language))
    for name in ("record", "why", "since", "replays"):
        table.add_column(word(name, language), overflow="fold")
    for letter in file.dead_letters:
        why = f"{code_title(letter.reason, language)}: {letter.detail}"
        table.add_row(letter.subject, why, time_text(letter.first_seen_at), str(letter.replays))
    return table


def _actions(file: OrderFile, language: Language) -> Table:
    table = titled_table(word("actions", language))
    for name in ("at", "who", "did", "about", "reason"):
        table.add_column(word(name, language), overflow="fold")
    for action in file.actions:
        did = f"{action.kind} {action.assignee or ''}".rstrip()
        table.add_row(time_text(action.at), action.actor, did, f"{action.subject_kind} {action.subject}", action.reason)
    return table


def titled_table(title: str) -> Table:
    """A table as all pages have it."""
    return Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def time_text(microseconds: int) -> str:
    """A moment for people, UTC, to the second."""
    return _moment(microseconds).strftime("%Y-%m-%d %H:%M:%S")


def json_time(microseconds: int | None) -> str | None:
    """A moment as RFC 3339."""
    return None if microseconds is None else _moment(microseconds).isoformat().replace("+00:00", "Z")
