"""`asiento trial-balance`: what each account of the ledger holds."""

import sys
from datetime import date
from typing import TYPE_CHECKING

import typer

from asiento.accounting.money import grouped_units_text
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.ledger_errors import ledger_errors
from asiento.cli.output import message, print_json
from asiento.runtime.settings import load_settings

if TYPE_CHECKING:
    from rich.table import Table

    from sinks.trial_balance import CurrencyBalances

COLUMNS_WITHOUT_TERMINAL = 100
"""Width of the tables where there is no terminal to ask."""


def trial_balance_command(
    as_of: str | None = typer.Option(None, metavar="DATE", help="Up to and including this posting date (YYYY-MM-DD)."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object: currency -> account -> signed minor units."),
) -> None:
    """Debits and credits per account and currency, from the ledger; exit 1 if a currency does not add up to 0."""
    from sinks.trial_balance import currency_balances

    _require_date(as_of)
    with ledger_errors():
        found = currency_balances(load_settings().ledger_location, as_of)
    if as_json:
        print_json({item.currency: dict(item.accounts) for item in found})
    else:
        from rich.console import Console

        console = Console(width=None if sys.stdout.isatty() else COLUMNS_WITHOUT_TERMINAL)
        for item in found:
            console.print(balance_table(item, as_of))
        if not found:
            message("the ledger has no entries" + (f" up to {as_of}" if as_of else ""))
    odd = [item.currency for item in found if not item.balanced]
    if odd:
        raise CommandError(
            f"debits and credits differ in {', '.join(odd)}: somebody went around the ledger's checks; `asiento verify` says where"
        )


def _require_date(text: str | None) -> None:
    try:
        if text is not None and date.fromisoformat(text).isoformat() != text:
            raise ValueError(text)
    except ValueError:
        raise UsageError(f"--as-of {text}: a date like 2026-01-31 is expected") from None


def balance_table(item: "CurrencyBalances", as_of: str | None = None) -> "Table":
    """One currency's trial balance for people: account, debit, credit, both columns added up."""
    from rich import box
    from rich.table import Table

    title = f"Trial balance {item.currency}" + (f" as of {as_of}" if as_of else "")
    table = Table(title=title, title_justify="left", box=box.SIMPLE, show_footer=True)
    table.add_column("account", footer="total")
    table.add_column("debit", footer=grouped_units_text(item.debits, item.exponent), justify="right")
    table.add_column("credit", footer=grouped_units_text(item.credits, item.exponent), justify="right")
    for account, amount in item.accounts.items():
        debit = grouped_units_text(amount, item.exponent) if amount > 0 else ""
        credit = grouped_units_text(-amount, item.exponent) if amount < 0 else ""
        table.add_row(account, debit or ("" if credit else "0"), credit)
    return table
