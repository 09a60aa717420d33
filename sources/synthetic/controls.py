"""Control totals of a day, from what was intended, and their comparison with a ledger. Exact, no tolerance."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sources.synthetic.arithmetic import decimal_text
from sources.synthetic.arrivals import Arrival
from sources.synthetic.intents import OrderIntent
from sources.synthetic.settlement import Settlement, settle

TAX_ACCOUNTS = ("tax_payable", "facilitator_tax_clearing")
CUSTOMER_ACCOUNTS = ("accounts_receivable", "contract_liability", "refunds_payable")
LIABILITY_ACCOUNTS = (
    "contract_liability",
    "refunds_payable",
    "gift_card_liability",
    "store_credit_liability",
    "tips_payable",
    *TAX_ACCOUNTS,
)
KNOWN_AGAIN = ("posted", "deferred")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyControls:
    """One currency in minor units: `figures` never negative, named in words; `balances` per account, debit positive."""

    exponent: int
    figures: dict[str, int]
    balances: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What the books of a day must show.

    `counts`: records by final outcome, all of the topic; `counts_of_file`: only those that can be written as JSON
    lines; `counts_when_played_again`: the same records once more on the same books, which then must not change.
    """

    tenant: str
    seed: int
    orders: int
    currencies: dict[str, CurrencyControls]
    counts: dict[str, int]
    counts_of_file: dict[str, int]
    counts_when_played_again: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """The controls as a JSON object; each currency also states its receivable and liabilities by name."""
        content = asdict(self)
        for currency in content["currencies"].values():
            currency["standing"] = standing(currency["balances"])
        return content


def controls_of(tenant: str, seed: int, orders: int, booked: Iterable[OrderIntent], arrivals: Iterable[Arrival]) -> Controls:
    """Add up the intentions of all orders that must be in the books, and count how all arrivals must end."""
    exponents: dict[str, int] = {}
    figures: dict[str, Counter[str]] = {}
    balances: dict[str, Counter[str]] = {}
    for order in booked:
        currency = order.shop.currency
        exponents[currency] = order.shop.exponent
        settlement = settle(order)
        figures.setdefault(currency, Counter()).update(_figures(settlement))
        balances.setdefault(currency, Counter()).update(settlement.balances())
    arrived = list(arrivals)
    counts: Counter[str] = Counter(arrival.becomes for arrival in arrived)
    of_file: Counter[str] = Counter(arrival.becomes for arrival in arrived if arrival.event is not None and not arrival.strays)
    again: Counter[str] = Counter("duplicate" if arrival.becomes in KNOWN_AGAIN else arrival.becomes for arrival in arrived)
    return Controls(
        tenant=tenant,
        seed=seed,
        orders=orders,
        currencies={
            currency: CurrencyControls(
                exponent=exponents[currency], figures=_filled(figures[currency]), balances=_filled(balances[currency])
            )
            for currency in sorted(exponents)
        },
        counts=dict(counts),
        counts_of_file=dict(of_file),
        counts_when_played_again=dict(again),
    )


def standing(balances: Mapping[str, int]) -> dict[str, int]:
    """What customers owe and what is owed to them and for them, each as a positive amount, from balances per account."""
    owed_to_others = {name: -amount for name, amount in balances.items() if name.split(":")[0] in LIABILITY_ACCOUNTS}
    return _filled({"accounts_receivable": balances.get("accounts_receivable", 0), **owed_to_others})


def flows_of(entries: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """The same figures as in the controls, read off journal entries (JSON objects), per currency."""
    flows: dict[str, Counter[str]] = {}
    for entry in entries:
        movement = flows.setdefault(entry["currency"], Counter())
        for posting in entry["postings"]:
            if posting["account"] not in CUSTOMER_ACCOUNTS:
                amount = posting["amount"] if posting["side"] == "DEBIT" else -posting["amount"]
                movement.update(_figure(entry["entry_kind"], posting["account"], amount))
    return {currency: _filled(movement) for currency, movement in flows.items()}


def compare(
    controls: Controls,
    trial_balance: Mapping[str, Mapping[str, int]],
    outcome_counts: Mapping[str, int] | None,
    flows: Mapping[str, Mapping[str, int]],
    *,
    played_again: bool = False,
) -> list[str]:
    """Every difference between the intention and the books, in words; empty when they agree.

    `trial_balance` is {currency: {account: minor units, debit positive}}, `flows` comes from `flows_of`;
    `outcome_counts` None: the records are not compared.
    """
    differences: list[str] = []
    for currency in sorted({*controls.currencies, *trial_balance, *flows}):
        meant = controls.currencies.get(currency)
        exponent = meant.exponent if meant else 2
        for what, intended, found in (
            ("balance of", meant.balances if meant else {}, trial_balance.get(currency, {})),
            ("", meant.figures if meant else {}, flows.get(currency, {})),
        ):
            differences += _amounts_that_differ(currency, exponent, what, intended, found)
    if outcome_counts is None:
        return differences
    expected = controls.counts_when_played_again if played_again else controls.counts
    for outcome in sorted({*expected, *outcome_counts}):
        if expected.get(outcome, 0) != outcome_counts.get(outcome, 0):
            differences.append(f"records {outcome}: intended {expected.get(outcome, 0)}, found {outcome_counts.get(outcome, 0)}")
    return differences


def _amounts_that_differ(currency: str, exponent: int, what: str, intended: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    differences: list[str] = []
    for name in sorted({*intended, *found}):
        meant, shown = intended.get(name, 0), found.get(name, 0)
        if meant != shown:
            texts = [decimal_text(amount, exponent) for amount in (meant, shown, shown - meant)]
            label = f"{what} {name}".strip()
            differences.append(f"{currency} {label}: intended {texts[0]}, the books show {texts[1]} (difference {texts[2]})")
    return differences


def _figures(settlement: Settlement) -> Counter[str]:
    figures: Counter[str] = Counter()
    for kind, accounts in settlement.movements.items():
        for account, amount in accounts.items():
            figures.update(_figure(kind, account, amount))
    return figures


def _figure(kind: str, account: str, amount: int) -> dict[str, int]:
    """The figure that a movement belongs to; {} where another leg of its entry says the same."""
    role = account.partition(":")[0]
    if kind in ("invoice", "credit_note"):
        done, sign = ("invoiced", -1) if kind == "invoice" else ("credited", 1)
        return {f"{done} tax, {account}" if role in TAX_ACCOUNTS else f"{done} net": sign * amount}
    if kind == "capture":
        return {"captured": amount}
    if kind == "refund":
        return {"refunded": -amount}
    if kind == "fee" and role == "psp_fees":
        return {"fees": amount}
    return {"cost": amount} if kind == "cost" and role == "cogs" else {}


def _filled(amounts: Mapping[str, int]) -> dict[str, int]:
    return {name: amounts[name] for name in sorted(amounts) if amounts[name]}
