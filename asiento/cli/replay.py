"""`asiento replay`: the events once more through the core, into a shadow ledger, compared with the books."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.accounting.money import CURRENCY_EXPONENTS, grouped_units_text
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import print_json, print_text
from asiento.cli.run_directory import client_settings
from asiento.cli.stream_reads import read_errors
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from asiento.cli.replaying.folding import SchemaDecider
    from asiento.cli.replaying.report import ReplayReport
    from asiento.cli.replaying.run import ReplayPlan

LINES_SHOWN_MAX = 50


def replay_command(
    *,
    into: Annotated[str, typer.Option("--into", metavar="URL", help="The shadow ledger, a new file: sqlite:///PATH.")],
    from_time: Annotated[str | None, typer.Option("--from", metavar="TIME", help="First time of the records, RFC 3339.")] = None,
    to_time: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Records of this time and later are left out.")] = None,
    offsets: Annotated[
        list[str] | None, typer.Option("--offsets", metavar="PARTITION:START-END", help="Instead of times; END lies behind; repeatable.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="Another policy file: what would have changed. Unset: the one in force.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which records would be replayed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Fold the events topic again and compare every entry and outcome of the range with ledger and decisions; exit 1 where any differs.

    Reads only; the shadow ledger is the one file it writes. Time is that of the records on the topic; whole chunks of the workers are
    taken. docs/replay.md.
    """
    from asiento.cli.replaying.ranges import Wanted
    from asiento.cli.replaying.run import ReplayPlan
    from asiento.runtime.logging import configure_logging
    from asiento.runtime.service_process import now_microseconds
    from asiento.runtime.yaml_files import RefusedFile
    from streams.policies import load_policies

    settings = client_settings()
    configure_logging(settings, "replay")
    try:
        policies = load_policies(policy or settings.policy)
    except RefusedFile as refused:
        raise CommandError(f"the policy cannot be used\n{refused}") from None
    plan = ReplayPlan(
        wanted=Wanted.parse(from_time, to_time, offsets or ()),
        ledger_url=settings.ledger_location,
        shadow=_shadow(into, settings),
        policies=policies,
        topic=settings.topic,
        clock=now_microseconds,
        decider=_decider(settings),
    )
    with read_errors(settings):
        if dry_run:
            for number, (start, end) in sorted(asyncio.run(_ranges(settings, plan)).items()):
                print_text(f"partition {number}: would replay offsets {start} to {end - 1}")
            return
        report = asyncio.run(_replay(settings, plan))
    if as_json:
        print_json(report.to_json())
    else:
        _print(report)
    if not report.same:
        raise CommandError(
            f"the replay differs from the books: {report.only_here} entries only here, {report.only_there} only there, "
            f"{report.differing} differing; {report.differing_outcomes} records ended otherwise"
        )


def _shadow(url: str, settings: Settings) -> Path:
    from sinks.ledger import LedgerError
    from sinks.sqlite_ledger.files import ledger_path

    if url == settings.ledger_location:
        raise UsageError("--into names the ledger itself: name a new file")
    try:
        return ledger_path(url)
    except LedgerError:
        raise UsageError(f"--into {url}: sqlite:///PATH is expected") from None


def _decider(settings: Settings) -> "SchemaDecider | None":
    from asiento.runtime.metrics import Metrics
    from asiento.runtime.registry_client import RegistryClient, registry_access
    from streams.schema_ids import SchemaIds

    access = registry_access(settings)
    return None if access is None else SchemaIds(RegistryClient(access), settings, Metrics())


async def _replay(settings: Settings, plan: "ReplayPlan") -> "ReplayReport":
    from asiento.cli.replaying.ranges import ReplayBroker
    from asiento.cli.replaying.run import replay

    async with ReplayBroker.of(settings) as log:
        return await replay(log, plan)


async def _ranges(settings: Settings, plan: "ReplayPlan") -> dict[int, tuple[int, int]]:
    from contextlib import closing

    from asiento.cli.replaying.notes import Notes
    from asiento.cli.replaying.ranges import ReplayBroker
    from asiento.cli.replaying.run import decided_ranges

    async with ReplayBroker.of(settings) as log:
        with closing(Notes()) as notes:
            return dict(await decided_ranges(log, plan, notes))


def _print(report: "ReplayReport") -> None:
    for number, (start, end) in sorted(report.ranges.items()):
        print_text(f"partition {number}: offsets {start} to {end - 1}")
    print_text(
        f"{report.records} records; {report.here} entries replayed, {report.there} in the books ({report.pending} of them not booked yet), "
        f"{report.equal} equal to the byte"
    )
    shown: list[str] = []
    for kind in ("only_here", "only_there"):
        where = kind.replace("_", " ")
        shown += [f"{where}: {row['entry_id']} {row['entry_kind']} of {row['order_key']}" for row in report.listed.get(kind, ())]
    for row in report.listed.get("differing", ()):
        said = "; ".join(f"{name}: {values['here']} instead of {values['there']}" for name, values in row["fields"].items())
        shown.append(f"differs: {row['entry_id']} of {row['order_key']}: {said}")
    for row in report.listed.get("outcomes", ()):
        here, there = (" ".join(filter(None, (row[side], row[f"{side}_code"]))) or "nothing" for side in ("here", "there"))
        shown.append(f"ended otherwise: partition {row['partition']} offset {row['offset']}: {here} instead of {there}")
    _print_some(shown)
    totals = report.differing_totals()
    _print_some([_total(row["currency"], row["account"], row["here"], row["there"]) for row in totals])
    if report.same:
        print_text("the books are what the replay says")


def _total(currency: str, account: str, here: int, there: int) -> str:
    exponent = CURRENCY_EXPONENTS.get(currency, 2)
    amounts = [grouped_units_text(amount, exponent) for amount in (here, there, here - there)]
    return f"{currency} {account}: {amounts[0]} instead of {amounts[1]} ({amounts[2]})"


def _print_some(lines: Sequence[str]) -> None:
    for line in lines[:LINES_SHOWN_MAX]:
        print_text(line)
    if len(lines) > LINES_SHOWN_MAX:
        print_text(f"and {len(lines) - LINES_SHOWN_MAX} more; --json has more of them")
