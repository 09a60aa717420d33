"""`asiento up --demo`: plays a synthetic trading day into the running system, waits, shows and compares the books."""

import asyncio
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import orjson

from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.cli.demo_report import order_to_show, print_report
from asiento.cli.demo_stream import Account, DemoStream
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message
from asiento.cli.simulation import Simulation
from asiento.runtime.settings import Settings
from schemas.event_messages import EventMessage, message_from_json
from schemas.partitioning import partition_for
from sinks.ledger import LedgerError
from sinks.ledger_access import DamagedRow, reader_at
from sinks.order_file import OrderFile, read_order_file
from sinks.verify import Report, verify
from sources.synthetic.arrivals import Arrival, json_line
from sources.synthetic.controls import compare, flows_of
from sources.synthetic.day import Day, trading_day

DIFFERENCES_SHOWN_MAX = 50
DEADLINE = "DeadlinePassed"
"""Told by a later `asiento up`, by its own clock: no record of the day, and what waits of it goes on waiting."""

Earlier: TypeAlias = Literal["none", "whole", "part"]
"""How much of this very day the ledger held before it was played."""


class DemoSystem(Protocol):
    """What the demo needs of the running system; `settings` name its broker, a failure of it interrupts the main thread."""

    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DayInLedger:
    """The entries of one day as the ledger holds them: hash per id, balances and flows per currency."""

    hashes: Mapping[str, str]
    trial_balance: Mapping[str, Mapping[str, int]]
    flows: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was seen while the day flowed; `lag` is (events, entries) at the end, `shown` one order of the day."""

    earlier: Earlier
    sent: int
    seconds: float
    lag: tuple[int, int]
    account: Account
    report: Report
    shown: OrderFile


@dataclass(frozen=True, slots=True)
class _AstrayMessage(EventMessage):
    """A message that goes to the partition beside its own."""

    def partition(self, partition_count: int) -> int:
        return (partition_for(self.key, partition_count) + 1) % partition_count


def play(system: DemoSystem, *, check: bool, seed: int, orders: int) -> int:
    """Play the day and report it on stdout; answers the exit code: 1 if `check` and anything differs from the intention.

    A day that the ledger holds already is played again: then every record is a duplicate and the books must not change.
    """
    if system.settings.policy is not None:
        raise UsageError("the demo's control totals are worked out for the default policy: unset ASIENTO_POLICY")
    day = trading_day(seed, orders)
    directory = system.settings.data_dir / "demo"
    write_day(day, directory)
    played = asyncio.run(_flow(system.settings, day))
    booked = read_day(system.settings.ledger_location, day.tenant)
    differences = _differences(day, played, booked, directory / "events.jsonl")
    print_report(system.settings, day, played, booked)
    for line in differences[:DIFFERENCES_SHOWN_MAX]:
        message(f"difference: {line}")
    if differences:
        message(f"asiento: {len(differences)} differences between the intention and the books")
        return CommandError.exit_code if check else 0
    message(f"asiento: the books are what was intended, to the unit; {len(booked.hashes)} entries equal `asiento simulate` one by one")
    return 0


def write_day(day: Day, directory: Path) -> None:
    """Keep the day beside the books.

    `events.jsonl`: what can be written as JSON, in order of arrival, for `asiento simulate`; `apart.jsonl`: the
    records that are no events or go to a wrong partition (key and value base64); `controls.json`: the totals.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "events.jsonl").write_bytes(b"".join(json_line(event) for event in day.events))
    apart = [arrival for arrival in day.arrivals if arrival.event is None or arrival.strays]
    (directory / "apart.jsonl").write_bytes(b"".join(orjson.dumps(_apart(arrival), option=orjson.OPT_APPEND_NEWLINE) for arrival in apart))
    (directory / "controls.json").write_bytes(orjson.dumps(day.controls.to_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_day(ledger_url: str, tenant: str) -> DayInLedger:
    """The entries of the day's own events in the ledger; empty where there is no ledger yet.

    Raises `CommandError` for damaged rows.
    """
    hashes: dict[str, str] = {}
    balances: dict[str, Counter[str]] = {}
    legs: list[dict[str, Any]] = []
    try:
        with reader_at(ledger_url) as ledger:
            for row in ledger.all_rows():
                entry = row.entry()
                if entry.tenant != tenant or entry.event_type == DEADLINE:
                    continue
                hashes[entry.entry_id] = row.content_hash
                accounts = balances.setdefault(entry.currency, Counter())
                for leg in entry.postings:
                    accounts[leg.account] += leg.amount if leg.side == "DEBIT" else -leg.amount
                postings = [{"account": leg.account, "side": leg.side, "amount": leg.amount} for leg in entry.postings]
                legs.append({"currency": entry.currency, "entry_kind": entry.entry_kind, "postings": postings})
    except DamagedRow as error:
        raise CommandError(f"{error}; run `asiento verify`") from None
    except LedgerError:  # no ledger yet
        pass
    return DayInLedger(hashes=hashes, trial_balance=balances, flows=flows_of(legs))


def messages_of(day: Day) -> Iterator[EventMessage]:
    """The records of the day in order of arrival."""
    for arrival in day.arrivals:
        if arrival.event is None:
            yield EventMessage(arrival.key, arrival.raw, ())
            continue
        sent = message_from_json(arrival.event)
        yield _AstrayMessage(sent.key, sent.value, sent.headers) if arrival.strays else sent


async def _flow(settings: Settings, day: Day) -> Played:
    async with DemoStream(settings) as stream:
        await stream.caught_up(_show_progress)
        earlier = _earlier(day, read_day(settings.ledger_location, day.tenant))
        if earlier != "none":
            message(f"the day {day.tenant} is in the books already{' in part' if earlier == 'part' else ''}: playing it again")
        start, started = await stream.mark(), time.monotonic()
        sent = await stream.send(messages_of(day))
        message(f"{sent} records sent")
        await stream.caught_up(_show_progress)
        seconds = time.monotonic() - started
        account = await stream.account(start, await stream.mark())
        lag = await stream.behind()
    return Played(
        earlier=earlier,
        sent=sent,
        seconds=seconds,
        lag=lag,
        account=account,
        report=await verify(settings),
        shown=await read_order_file(settings, order_to_show(day)),
    )


def _earlier(day: Day, booked: DayInLedger) -> Earlier:
    if not booked.hashes:
        return "none"
    return "part" if compare(day.controls, booked.trial_balance, None, booked.flows) else "whole"


def _differences(day: Day, played: Played, booked: DayInLedger, events_file: Path) -> list[str]:
    """Everything that is not as it was meant, in words."""
    counts = played.account.outcomes
    if played.earlier == "part":
        message("an earlier play of this day was cut short: how its records end cannot be said beforehand, only the books are compared")
    found = compare(
        day.controls,
        booked.trial_balance,
        None if played.earlier == "part" else counts,
        booked.flows,
        played_again=played.earlier == "whole",
    )
    if played.sent != len(day.arrivals):
        found.append(f"records sent: intended {len(day.arrivals)}, sent {played.sent}")
    found += [f"record at partition {place[0]} offset {place[1]} has not exactly one outcome" for place in played.account.unaccounted]
    found += [f"verify: {problem.fault}: {problem.text}" for problem in played.report.problems.listed]
    return found + _differences_to_simulation(booked, events_file)


def _differences_to_simulation(booked: DayInLedger, events_file: Path) -> list[str]:
    with events_file.open("rb") as stream:
        rows = Simulation(DEFAULT_POLICIES).run(stream)
        simulated = {row["entry"]["entry_id"]: row["entry"]["content_hash"] for row in rows if "entry" in row}
    ids = sorted(simulated.keys() | booked.hashes.keys())
    return [
        f"entry {entry_id}: simulate says {simulated.get(entry_id, 'nothing')}, the ledger {booked.hashes.get(entry_id, 'nothing')}"
        for entry_id in ids
        if simulated.get(entry_id) != booked.hashes.get(entry_id)
    ]


def _apart(arrival: Arrival) -> dict[str, object]:
    value = arrival.raw if arrival.event is None else message_from_json(arrival.event).value
    return {"astray": arrival.strays, "key": b64encode(arrival.key).decode(), "value": b64encode(value).decode()}


def _show_progress(events: int, entries: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if not events and not entries else ""
        sys.stderr.write(f"\r\x1b[Kto judge {events:>7}   to book {entries:>7}{end}")
        sys.stderr.flush()
