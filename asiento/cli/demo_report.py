"""What `asiento up --demo` shows at the end: the flow, one order's life, the books, what was refused, the lag."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console

from asiento.accounting.money import grouped_units_text
from asiento.cli.order_pages import pages
from asiento.cli.orders import COLUMNS_WITHOUT_TERMINAL
from asiento.cli.trial_balance import balance_table
from asiento.runtime.settings import Settings
from sinks.trial_balance import currency_balances
from sources.synthetic.controls import standing
from sources.synthetic.day import Day
from sources.synthetic.intents import Dispatch, OrderIntent, Refund
from streams.policies import load_policies

if TYPE_CHECKING:
    from asiento.cli.demo import DayInLedger, Played


def print_report(settings: Settings, day: Day, played: "Played", booked: "DayInLedger") -> None:
    """Everything a person wants to see of a played day, on stdout."""
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, emoji=False, width=COLUMNS_WITHOUT_TERMINAL)
    console.rule(f"one order: asiento orders show {played.shown.order_key}", align="left")
    for page in pages(played.shown, "en", load_policies(settings.policy)):
        console.print(page)
    console.rule("trial balance", align="left")
    for item in currency_balances(settings.ledger_location):
        console.print(balance_table(item))
    console.rule(f"the day {day.tenant}", align="left")
    for line in summary(day, played, booked):
        console.print(line, soft_wrap=True, markup=False)


def order_to_show(day: Day) -> str:
    """The key of an order that left in parts and came back in part; else of any with a refund, else of the longest life."""
    order = max(day.booked, key=_interest)
    return f"{day.tenant}:{order.shop.source}:{order.order_id}"


def summary(day: Day, played: "Played", booked: "DayInLedger") -> list[str]:
    """The closing lines: figures per currency, discrepancies, dead letters, lag, and that every record is accounted for."""
    lines = []
    for currency, controls in day.controls.currencies.items():
        shown = {**booked.flows.get(currency, {}), **standing(booked.trial_balance.get(currency, {}))}
        lines.append(
            f"{currency}  " + ", ".join(f"{name} {grouped_units_text(amount, controls.exponent)}" for name, amount in shown.items())
        )
    account = played.account
    lines += [
        f"flowed: {played.sent} records in {played.seconds:.1f} s: {_counted(account.outcomes)}",
        f"discrepancies open: {_counted(account.discrepancies)}",
        f"dead letters: {_counted(account.dead_letters)}",
        f"lag: workers {played.lag[0]} records, ledger {played.lag[1]} records",
        played.report.summary(),
    ]
    return lines


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {counts[name]}" for name in sorted(counts) if counts[name]) or "none"


def _interest(order: OrderIntent) -> tuple[bool, bool, int]:
    """The more a life has to show, the higher: in parts and back in part, any refund, many steps."""
    shipments = [step for step in order.steps if isinstance(step, Dispatch)]
    refunds = [step for step in order.steps if isinstance(step, Refund)]
    left = sum(units for shipment in shipments for _, units in shipment.units)
    back = sum(given.quantity for refund in refunds for given in refund.given_back if given.shipped)
    return len(shipments) > 1 and 0 < back < left and any(refund.payouts for refund in refunds), bool(refunds), len(order.steps)
