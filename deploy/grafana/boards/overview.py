"""The first look: is the money flowing, what is wrong, how bad. Its first row answers in words; all of it fits one screen."""

from typing import Final

from deploy.grafana.boards.board import Board, Row
from deploy.grafana.boards.levels import Level, verdict_levels
from deploy.grafana.boards.panels import COUNT, MONEY, PER_SECOND, SECONDS, SHARE, TIMES, PanelPlan, Query
from deploy.grafana.boards.queries import (
    FRESHNESS_OBJECTIVE,
    OURS,
    burn,
    in_major_units,
    per_second,
    quantile,
    seconds_since,
    share_booked_in_time,
    verdict,
    worst,
)
from deploy.prometheus.alerts.money import MONEY_PATH, UNBOOKED_SECONDS_MAX
from deploy.prometheus.alerts.objectives import FRESH_SECONDS

FLOWING: Final = verdict_levels(
    Level(0, "FLOWING", "green"), Level(FRESH_SECONDS, "SLOW", "orange"), Level(UNBOOKED_SECONDS_MAX, "STANDING STILL", "red")
)
EXPLAINED: Final = verdict_levels(Level(0, "ALL EXPLAINED", "green"), Level(1, "DIFFERENCE", "red"))
IN_TIME: Final = verdict_levels(Level(0, "MISSED", "red"), Level(round(1 - FRESHNESS_OBJECTIVE.budget, 6), "KEPT", "green"))
SEVERE: Final = verdict_levels(Level(0, "NONE OPEN", "green"), Level(1, "OPEN", "red"))
WAITING: Final = verdict_levels(Level(0, "NOTHING WAITS", "green"), Level(1, "SOME WAIT", "yellow"), Level(100, "MANY WAIT", "orange"))
ALL_UP: Final = verdict_levels(Level(0, "ALL UP", "green"), Level(1, "DOWN", "red"))
BUSY: Final = (
    Level(0, "in time", "green"),
    Level(FRESH_SECONDS, "slow", "orange"),
    Level(UNBOOKED_SECONDS_MAX, "too slow", "red"),
)
"""Also of seconds that something waits."""

OLDEST_ENTRY: Final = "max(asiento_unbooked_oldest_seconds)"
OLDEST_RECORD: Final = f'max(asiento_group_lag_seconds{{group=~"{MONEY_PATH}"}})'
UNEXPLAINED: Final = "sum(asiento_tie_out_differences) + sum(asiento_unaccounted_records) + sum(abs(asiento_trial_balance_difference))"
SEVERE_OPEN: Final = 'sum(asiento_discrepancies_open{severity=~"critical|high"})'


def _waiting(kind: str) -> str:
    """How many of a kind wait; 0 where the projector knows of none, nothing where no projector answers."""
    return f'(sum(asiento_open_items{{kind="{kind}"}}) or 0 * sum(asiento_open_items))'


FLOW: Final = PanelPlan(
    form="words",
    width=4,
    title="Is the money flowing?",
    unit=SECONDS,
    queries=(
        Query(expr=verdict(worst(entry=OLDEST_ENTRY, record=OLDEST_RECORD)), legend="money", words=FLOWING),
        Query(expr=OLDEST_ENTRY, legend="oldest entry not booked"),
        Query(expr=OLDEST_RECORD, legend="oldest record not taken"),
    ),
    shows="Age of the oldest entry that a ledger has not booked, and of the oldest record on its way there that nobody has taken.",
    good=f"FLOWING: nothing waits for {FRESH_SECONDS} s.",
    act="see on Pipeline which group stands still, on Ledgers which ledger.",
    runbook="asiento-money-not-flowing",
    command="asiento doctor",
)
DIFFERENCE: Final = PanelPlan(
    form="words",
    width=4,
    title="Is anything unexplained?",
    unit=COUNT,
    queries=(
        Query(expr=verdict(UNEXPLAINED), legend="books", words=EXPLAINED),
        Query(expr="sum(asiento_tie_out_differences)", legend="entries that differ"),
        Query(expr="sum(asiento_unaccounted_records)", legend="records unaccounted"),
        Query(expr=seconds_since("asiento_tie_out_last_run_timestamp_seconds"), legend="compared before", unit=SECONDS),
    ),
    shows="Ledger against stream, each source record's one outcome, debit against credit: added up, all of it must be 0.",
    good="ALL EXPLAINED, compared less than a minute ago.",
    act="a difference never heals by waiting: find it now, on Ledgers by ledger and kind.",
    runbook="asiento-unexplained-difference",
    command="asiento verify",
)
OBJECTIVE: Final = PanelPlan(
    form="words",
    width=4,
    title=f"Booked within {FRESH_SECONDS} s?",
    unit=SHARE,
    queries=(
        Query(
            expr=f"{share_booked_in_time('$__range')} or vector(1)", legend=f"objective of {FRESHNESS_OBJECTIVE.percent:g} %", words=IN_TIME
        ),
        Query(expr=f"{share_booked_in_time('$__range')} or vector(1)", legend="in time, of what is shown"),
        Query(expr=burn("1h"), legend="budget burns, last hour", unit=TIMES),
        Query(expr=burn("6h"), legend="budget burns, last 6 hours", unit=TIMES),
    ),
    shows="Share of entries that were booked in time; how many times faster than planned the rest is used up.",
    good="KEPT, and burning below 1x. Where nothing was booked nothing was late.",
    act="above 14.4x for an hour the budget of a month is gone in two days: treat it as money that does not flow.",
    runbook="asiento-freshness-burn-fast",
)
SEVERE_DISCREPANCIES: Final = PanelPlan(
    form="words",
    width=4,
    title="Critical and high discrepancies?",
    unit=COUNT,
    queries=(
        Query(expr=verdict(SEVERE_OPEN), legend="critical or high", words=SEVERE),
        Query(expr='sum(asiento_discrepancies_open{severity="critical"})', legend="critical"),
        Query(expr='sum(asiento_discrepancies_open{severity="high"})', legend="high"),
        Query(expr='max(asiento_discrepancies_oldest_seconds{severity=~"critical|high"})', legend="oldest", unit=SECONDS),
    ),
    shows="Discrepancies that are open, of the two severities that must not stay.",
    good="NONE OPEN.",
    act="critical: now; high: today. Discrepancies shows them by code, each code has its runbook.",
    runbook="asiento-discrepancy-critical",
    command="asiento discrepancies list",
)
WAITS: Final = PanelPlan(
    form="words",
    width=4,
    title="What waits for somebody?",
    unit=COUNT,
    queries=(
        Query(expr=verdict(f"{_waiting('parked')} + {_waiting('dead_letter')} + {_waiting('rejected')}"), legend="events", words=WAITING),
        Query(expr=_waiting("parked"), legend="parked"),
        Query(expr=_waiting("dead_letter"), legend="dead letters"),
        Query(expr=_waiting("rejected"), legend="rejected"),
    ),
    shows="Events that are not in the books: parked ones wait for another event, dead letters and rejected ones for a person.",
    good="few, and none that grow.",
    act="dead letters of one reason that grow are a producer's defect; parked ones get old when an event is lost.",
    runbook="asiento-dead-letters",
    command="asiento dlq list",
)
PROCESSES: Final = PanelPlan(
    form="words",
    width=4,
    title="Do all processes run?",
    unit=COUNT,
    queries=(
        Query(expr=verdict(f"sum(up{{{OURS}}} == bool 0)"), legend="processes", words=ALL_UP),
        Query(expr=f"sum(up{{{OURS}}})", legend="up"),
        Query(expr="min(asiento_broker_up)", legend="broker", words=verdict_levels(Level(0, "DOWN", "red"), Level(1, "UP", "green"))),
        Query(expr=seconds_since("asiento_lag_last_run_timestamp_seconds"), legend="broker asked before", unit=SECONDS),
    ),
    shows="Processes that answer Prometheus, and the broker as the lag exporter sees it.",
    good="ALL UP; the broker was asked less than 30 s ago.",
    act="the supervisor starts again what dies: what stays down says why at the end of its log.",
    runbook="asiento-process-gone",
    command="asiento doctor",
)
MONEY_TABLE: Final = PanelPlan(
    form="table",
    width=8,
    title="Money in against money booked",
    unit=MONEY,
    queries=(
        Query(expr=f"sum by (currency) ({in_major_units('asiento_money_in')})", legend="in"),
        Query(expr=f"sum by (currency) ({in_major_units('asiento_money_booked')})", legend="booked"),
        Query(
            expr=f"sum by (currency) ({in_major_units('asiento_money_in')}) - sum by (currency) ({in_major_units('asiento_money_booked')})",
            legend="not booked yet",
        ),
    ),
    shows="Captured money by the entries on the stream, and by those that stand in the ledger; each currency in its own units.",
    good="the last column is 0, or on its way there.",
    act="where it stays the same for minutes, entries are lost or stuck: see Ledgers.",
    runbook="asiento-unexplained-difference",
    command="asiento trial-balance",
)
MONEY_LINES: Final = PanelPlan(
    form="lines",
    width=8,
    title="Money not booked yet",
    unit=MONEY,
    queries=(
        Query(
            expr=f"sum by (currency) ({in_major_units('asiento_money_in')}) - sum by (currency) ({in_major_units('asiento_money_booked')})",
            legend="{{currency}}",
        ),
    ),
    shows="Captured money on the stream less that in the ledger, each currency in its own units.",
    good="comes back to 0 after each peak.",
    act="a line that stays above 0 is money that does not reach the books.",
    runbook="asiento-money-not-flowing",
)
FRESHNESS: Final = PanelPlan(
    form="lines",
    width=8,
    title="Time to the books",
    unit=SECONDS,
    queries=(
        Query(expr=quantile("0.99", "asiento_entry_age_seconds"), legend="made: 99 of 100 within"),
        *[Query(expr=quantile(f"0.{share}", "asiento_booked_age_seconds"), legend=f"booked: {share} of 100 within") for share in (50, 99)],
        Query(expr=f"vector({FRESH_SECONDS})", legend="objective"),
    ),
    shows="From the arrival of an event in Kafka until its entry is made, and from there until the entry is booked.",
    good="99 of 100 below the objective. Gaps: nothing was booked.",
    act="Pipeline shows whether workers or ledger are slow.",
    runbook="asiento-freshness-burn-fast",
    levels=BUSY,
)
JUDGED: Final = PanelPlan(
    form="stack",
    width=8,
    title="Events judged",
    unit=PER_SECOND,
    queries=(Query(expr=per_second("asiento_records_consumed_total", "outcome"), legend="{{outcome}}"),),
    shows="Records that workers judged, by outcome.",
    good="mostly posted, as many as producers send.",
    act="nothing at all: no events, or no workers. Much rejected or deferred: ask the producer what changed.",
    runbook="asiento-money-not-flowing",
    command="asiento events tail",
)
BEHIND: Final = PanelPlan(
    form="lines",
    width=8,
    title="Who is behind",
    unit=SECONDS,
    queries=(
        Query(expr="max by (group) (asiento_group_lag_seconds)", legend="{{group}}"),
        Query(expr=f"vector({FRESH_SECONDS})", legend="limit"),
    ),
    shows="Age of the oldest record that each group has not committed, asked from the broker: true also when the group is dead.",
    good="below the limit, back to 0 when all is quiet.",
    act="the group that grows names the process: Pipeline has its partitions.",
    runbook="asiento-money-not-flowing",
    levels=BUSY,
)
WORST: Final = PanelPlan(
    form="table",
    width=8,
    title="What is open",
    unit=COUNT,
    queries=(
        Query(expr="topk(12, sum by (code, severity) (asiento_discrepancies_open) > 0)", legend="open"),
        Query(
            expr="max by (code, severity) (asiento_discrepancies_oldest_seconds)"
            " and sum by (code, severity) (asiento_discrepancies_open) > 0",
            legend="oldest",
            unit=SECONDS,
        ),
    ),
    shows="Open discrepancies by code and severity.",
    good="no row, or few that are young.",
    act="the runbook of the code says what it means and what to do.",
    runbook="asiento-discrepancy-critical",
    command="asiento discrepancies list",
)

OVERVIEW: Final = Board(
    name="overview",
    title="Asiento: overview",
    question="Is the money flowing, what is wrong, and how bad is it?",
    rows=(
        Row(height=7, panels=(FLOW, DIFFERENCE, OBJECTIVE, SEVERE_DISCREPANCIES, WAITS, PROCESSES)),
        Row(height=8, panels=(MONEY_TABLE, MONEY_LINES, FRESHNESS)),
        Row(height=8, panels=(JUDGED, BEHIND, WORST)),
    ),
)
