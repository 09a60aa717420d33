"""What the corpus tests of shops share: payloads through the door, figures in major units, and no figure left uncompared."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from schemas.events import event_from_json
from sources.platforms.catalogue import adapter_of
from sources.platforms.connection import connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Nothing, Problem
from tests.contract.corpus import CORPUS

Entry: TypeAlias = dict[str, Any]
Answer: TypeAlias = Judged | Nothing | Problem
EMITTING = {"post", "post_and_report_discrepancy", "test_do_not_post"}
PROBLEMS = {"hold_discrepancy", "refetch", "reject_malformed"}
WORDS = {"conclusion", "reason", "discrepancies", "currency_note"}
"""What `expect` holds beside figures."""
UNITS = {"GOODS", "SERVICE", "GIFT_CARD"}


def answers_of(entry: Entry, **connection: Any) -> Sequence[Answer]:
    """The answers to one file under the topic that the manifest names; it arrives on 1 January 2026."""
    adapter = adapter_of(entry["platform"])
    assert adapter is not None
    context = Context(
        tenant="acme",
        source=f"{entry['platform']}:main",
        connection=connection_from_mapping(connection),
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return normalize(adapter, (CORPUS / entry["file"]).read_bytes(), entry["arrives_as"]["topic"], context)


def events_of(answers: Sequence[Answer]) -> list[EventTwin]:
    """All events of the answers; each keeps to the contract."""
    events = [event for answer in answers if isinstance(answer, Judged) for event in answer.events]
    for event in events:
        event_from_json(event)
    return events


def notices_of(answers: Sequence[Answer]) -> list[str]:
    """All sentences for people."""
    return [notice for answer in answers if isinstance(answer, Judged) for notice in answer.notices]


def check_conclusion(entry: Entry, answers: Sequence[Answer]) -> None:
    """Events, nothing, or a problem of the code that is expected; a discrepancy is stated with its three figures."""
    expect, events = entry["expect"], events_of(answers)
    problems = [answer for answer in answers if isinstance(answer, Problem)]
    conclusion = expect["conclusion"]
    if conclusion in EMITTING:
        assert problems == []
        assert events
        assert {event["test_mode"] for event in events} == {conclusion == "test_do_not_post"}
    elif conclusion == "post_nothing":
        assert (problems, events) == ([], [])
    else:
        assert conclusion in PROBLEMS
        assert events == []
        assert [problem.code for problem in problems] == [conclusion]
        assert problems[0].message
    said = notices_of(answers) + [problem.message for problem in problems]
    for discrepancy in expect.get("discrepancies", []):
        figures = [discrepancy.split(f"{word} ")[1].split(",")[0] for word in ("stated", "computed", "difference")]
        assert any(all(figure in sentence for figure in figures) for sentence in said), (discrepancy, said)


def check_figures(entry: Entry, found: dict[str, Any]) -> None:
    """Every figure of `expect` was looked for, and is what was found; decimals are compared as numbers."""
    expect = {name: value for name, value in entry["expect"].items() if name not in WORDS}
    assert expect.keys() - found.keys() == set(), "a figure without a comparison"
    for name, value in expect.items():
        figure = found[name]
        assert figure == (Decimal(value) if isinstance(figure, Decimal) else value), name


def major(event: EventTwin, amount: int) -> Decimal:
    """Minor units as a decimal amount."""
    return Decimal(amount).scaleb(-event["currency_exponent"])


def total_of(events: Sequence[EventTwin], name: str) -> Decimal:
    """The amounts of all events of one type."""
    return sum((major(event, event["amount"]) for event in events if event["type"] == name), Decimal(0))


def taxes_of(lines: Sequence[dict[str, Any]]) -> int:
    """All taxes of lines, minor units."""
    total: int = sum(tax["amount"] for line in lines for tax in line["taxes"])
    return total


def net_of(lines: Sequence[dict[str, Any]]) -> int:
    """What lines cost without tax, minor units."""
    included: int = sum(tax["amount"] for line in lines for tax in line["taxes"] if tax["included"])
    value: int = sum(line["gross"] - line["discount"] - line.get("order_discount", 0) for line in lines)
    return value - included
