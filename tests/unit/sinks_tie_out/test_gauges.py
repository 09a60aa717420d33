"""What a round shows: figures of the ledger and the stream, entities together, bounded."""

from prometheus_client import CollectorRegistry

from asiento.runtime.metrics import Exporter, Metrics
from sinks.tie_out.ageing import StandingBalance
from sinks.tie_out.comparison import DifferenceKind, Found
from sinks.tie_out.gauges import ACCOUNTS_SHOWN_MAX, CURRENCIES_SHOWN_MAX, TieOutGauges
from sinks.tie_out.round import MICROSECONDS, Round
from sinks.tie_out.run import Comparison
from sinks.tie_out.stream_side import Backlog
from tests.unit.sinks_tie_out.test_telling import difference

NOON = 1_750_075_200  # 2025-06-16T12:00:00Z


def standing(account: str, balance: int, day: str | None, entity: str = "MX01") -> StandingBalance:
    """A balance in MXN."""
    return StandingBalance(legal_entity=entity, account=account, currency="MXN", balance=balance, oldest_day=day)


def shown(*balances: StandingBalance, found: Found | None = None, unexplained: int = 0, currencies: int = 1) -> CollectorRegistry:
    """The page after one round."""
    metrics = Metrics(Exporter.TIE_OUT)
    money = {f"C{number:02d}": number for number in range(currencies)}
    comparison = Comparison(
        entries=120,
        cells=(),
        found=found or Found(),
        unexplained=[(0, number) for number in range(unexplained)],
        standing=balances,
        trial_balance={"C00": 0},
        captured=money,
        booked=money,
        chain_lengths={0: 70, 1: 50},
        unbooked=Backlog(entries=3, oldest_at=(NOON - 7) * 1_000),
        behind=Backlog(entries=0, oldest_at=None),
    )
    TieOutGauges(metrics).show(Round(comparison=comparison, overdue=(), at=NOON * MICROSECONDS, seconds=1.5))
    return metrics.registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    """One figure of the page."""
    return registry.get_sample_value(f"asiento_{name}", {"ledger": "ledger", **labels})


def test_figures_of_a_round() -> None:
    page = shown()
    assert [value(page, "tie_out_differences", difference=kind.value) for kind in DifferenceKind] == [0, 0, 0, 0]
    assert value(page, "tie_out_entries") == 120
    assert value(page, "tie_out_last_run_timestamp_seconds") == NOON
    assert value(page, "tie_out_duration_seconds") == 1.5
    assert value(page, "tie_out_behind_seconds") == 0
    assert (value(page, "unbooked_entries"), value(page, "unbooked_oldest_seconds")) == (3, 7)
    assert value(page, "chain_length", partition="1") == 50
    assert value(page, "trial_balance_difference", currency="C00") == 0
    assert page.get_sample_value("asiento_money_in", {"currency": "C00"}) == 0


def test_differences_by_kind_and_ranges_that_nothing_explains() -> None:
    found = Found()
    for number, kind in enumerate((DifferenceKind.MISSING, DifferenceKind.MISSING, DifferenceKind.ALTERED)):
        found.note(difference(number, kind=kind))
    page = shown(found=found, unexplained=1)
    counts = {kind.value: value(page, "tie_out_differences", difference=kind.value) for kind in DifferenceKind}
    assert counts == {"missing": 2, "foreign": 0, "doubled": 0, "altered": 2}


def test_balances_of_entities_are_added_up_and_the_oldest_counts() -> None:
    page = shown(standing("suspense:x", -200, "2025-06-13", "ES01"), standing("suspense:x", 500, "2025-06-14"))
    assert value(page, "account_balance", account="suspense:x", currency="MXN") == 300
    assert value(page, "account_oldest_seconds", account="suspense:x", currency="MXN") == 2.5 * 86_400
    today = shown(standing("suspense:x", 500, "2025-06-16"))
    assert value(today, "account_oldest_seconds", account="suspense:x", currency="MXN") == 0


def test_there_are_never_more_series_than_bounded() -> None:
    page = shown(
        *(standing(f"suspense:{number}", 1, None) for number in range(ACCOUNTS_SHOWN_MAX + 50)), currencies=CURRENCIES_SHOWN_MAX + 5
    )
    samples = [sample for family in page.collect() for sample in family.samples]
    assert sum(sample.name == "asiento_account_balance" for sample in samples) == ACCOUNTS_SHOWN_MAX
    assert sum(sample.name == "asiento_money_in" for sample in samples) == CURRENCIES_SHOWN_MAX
