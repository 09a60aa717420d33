"""Where the file of an order comes from: a file of events, the operational database, or, where there is none, the topics."""

import asyncio
from dataclasses import replace

from asiento.accounting.decision import Deferred, Discrepancy
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import PolicyBook, UnknownPolicyVersion
from asiento.accounting.retelling import Story, Told, retell
from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.explained_orders import Found, found_in_lines
from asiento.cli.explanation import named_outcome
from asiento.cli.json_lines import open_input, read_lines
from asiento.cli.ledger_errors import ledger_errors
from asiento.cli.stream_reads import read_errors
from asiento.runtime.settings import Settings
from schemas.events import JSON_BYTES_MAX
from schemas.refusal import Refusal
from sinks.order_file import EventLine, OrderFile, ParkedLine, entry_lines, read_order_file
from sinks.projected_order import read_projected_order
from sinks.projector.answers import DiscrepancyLine
from sinks.projector.errors import OperationalError, OperationalMissing, OperationalUnavailable

MILLISECOND = 1_000


def order_of_system(settings: Settings, order_key: str, policies: PolicyBook) -> OrderFile:
    """The file of an order of a running system; raises `CommandError` for an unknown key, `Unreachable`."""
    try:
        with read_errors(settings):
            with ledger_errors():
                file = read_projected_order(settings, order_key)
            file = replace(file, state=_retold_state(file, policies))
    except OperationalMissing:
        with read_errors(settings):
            file = asyncio.run(read_order_file(settings, order_key))
    except OperationalUnavailable as error:
        raise Unreachable(str(error)) from error
    except OperationalError as error:
        raise CommandError(str(error)) from error
    if not file.known:
        where = " in the operational database, which may be behind" if file.source == "database" else ""
        raise CommandError(
            f"nothing is known of order {order_key}{where}: no event stands under this key (it is tenant:platform:connection:order_id)"
        )
    return file


def order_of_events(events: str, order_key: str, policies: PolicyBook) -> OrderFile:
    """The file of an order as the pure core tells a file of events (`-`: stdin); raises `CommandError`, `UsageError`."""
    found = found_of_events(events, policies)
    if order_key not in found.orders:
        raise CommandError(f"{events}: no event of order {order_key} (a key is tenant:platform:connection:order_id)")
    story = retell(found.orders[order_key], policies)
    entries = [entry for told in story.told if told.posted is not None for entry in told.posted.entries]
    waiting = [told for told in story.told if isinstance(told.outcome, Deferred)]
    return OrderFile(
        order_key=order_key,
        partition=None,
        events=tuple(_told_line(told) for told in story.told),
        entries=entry_lines(sorted(entries, key=lambda entry: entry.entry_seq), {}),
        state=story.state,
        parked=tuple(ParkedLine(told.event, named_outcome(told.outcome)[1] or "") for told in waiting),
        source="file",
        discrepancies=_discrepancies(story),
    )


def found_of_events(events: str, policies: PolicyBook) -> Found:
    """All orders of a file of events."""
    with open_input(events) as stream:
        return found_in_lines((line for _, line in read_lines(stream, JSON_BYTES_MAX)), policies)


def _retold_state(file: OrderFile, policies: PolicyBook) -> OrderState | None:
    """Where the order stands, told again from its judged events; None where this policy does not tell what was booked."""
    judged = [line.event for line in file.events if line.outcome is not None and not isinstance(line.event, Refusal)]
    try:
        story = retell(judged, policies)
    except UnknownPolicyVersion:
        return None
    told = [entry for one in story.told if one.posted is not None for entry in one.posted.entries]
    booked = {line.entry.entry_id: line.entry for line in file.entries}
    return story.state if {entry.entry_id: entry for entry in told} == booked else None


def _told_line(told: Told) -> EventLine:
    outcome, code = named_outcome(told.outcome)
    return EventLine(
        offset=told.number,
        record_at=told.event.received_at // MILLISECOND,
        event=told.event,
        outcome=outcome,
        code=code,
        entry_ids=tuple(entry.entry_id for entry in told.posted.entries) if told.posted is not None else (),
        healed=len(told.outcomes) > 1,
    )


def _discrepancies(story: Story) -> tuple[DiscrepancyLine, ...]:
    newest: dict[str, tuple[Discrepancy, int]] = {}
    for told in story.told:
        for one in told.found:
            known = newest.get(one.discrepancy_id)
            if known is None or one.state == "RESOLVED":
                newest[one.discrepancy_id] = (one, told.number)
    return tuple(
        DiscrepancyLine(
            value=value,
            partition=0,
            offset=number,
            assignee=None,
            state=value.state,
            resolved_by="stream" if value.state == "RESOLVED" else None,
        )
        for value, number in newest.values()
    )
