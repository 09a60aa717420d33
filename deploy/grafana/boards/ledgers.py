"""Does the money arrive, and does what stands there agree: the embedded ledger and each connection to a ledger outside."""

from typing import Final

from deploy.grafana.boards.board import Board, Row, Variable
from deploy.grafana.boards.levels import Level
from deploy.grafana.boards.overview import EXPLAINED
from deploy.grafana.boards.panels import COUNT, MONEY, PER_SECOND, SECONDS, PanelPlan, Query
from deploy.grafana.boards.queries import in_each_point, in_major_units, or_none, per_second, seconds_since, verdict
from deploy.prometheus.alerts.objectives import WAIT_SECONDS_MAX
from deploy.prometheus.alerts.system import BEHIND_SECONDS_MAX

LEDGER: Final = 'ledger=~"$ledger"'
CONNECTION: Final = 'connection=~"$connection"'
COMPARED: Final = (Level(0, "up to date", "green"), Level(BEHIND_SECONDS_MAX, "stale", "red"))
DELIVERED: Final = (Level(0, "in time", "green"), Level(900, "slow", "orange"), Level(WAIT_SECONDS_MAX, "too old", "red"))
BREAKER: Final = (Level(0, "calls go out", "green"), Level(1, "breaker open", "red"))
PAUSED: Final = (Level(0, "no", "green"), Level(1, "paused", "orange"))

TIE_OUT: Final = (
    PanelPlan(
        form="words",
        width=6,
        title="Does it tie out?",
        unit=COUNT,
        queries=(
            Query(
                expr=verdict(f"sum(asiento_tie_out_differences{{{LEDGER}}}) + sum(abs(asiento_trial_balance_difference{{{LEDGER}}}))"),
                legend="books",
                words=EXPLAINED,
            ),
            Query(expr=f"sum by (difference) (asiento_tie_out_differences{{{LEDGER}}})", legend="{{difference}}"),
            Query(expr=f"max(abs(asiento_trial_balance_difference{{{LEDGER}}}))", legend="debit less credit, minor units"),
        ),
        shows="Entries that are missing in the ledger, foreign to the stream, doubled or altered; debit against credit by currency.",
        good="ALL EXPLAINED; every figure 0.",
        act="find the entry, then its order. Never mend a row in the ledger's database by hand.",
        runbook="asiento-unexplained-difference",
        command="asiento verify",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="How far is it compared?",
        unit=SECONDS,
        queries=(
            Query(expr=f"max by (ledger) (asiento_tie_out_behind_seconds{{{LEDGER}}})", legend="behind: {{ledger}}"),
            Query(
                expr=seconds_since("asiento_tie_out_last_run_timestamp_seconds", "ledger", LEDGER),
                legend="compared before: {{ledger}}",
            ),
            Query(expr=f"max by (ledger) (asiento_tie_out_duration_seconds{{{LEDGER}}})", legend="took: {{ledger}}"),
            Query(expr=f"sum by (ledger) (asiento_tie_out_entries{{{LEDGER}}})", legend="entries compared: {{ledger}}", unit=COUNT),
        ),
        shows="Age of the oldest entry that was not compared, time since the last comparison, how long it took and of how many entries.",
        good="below a minute.",
        act="older: the tie-out stands still or cannot read the ledger; until then nobody knows whether the books agree.",
        runbook="asiento-checks-stale",
        command="asiento doctor",
        levels=COMPARED,
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Not booked yet",
        unit=COUNT,
        queries=(
            Query(expr=f"sum by (ledger) (asiento_unbooked_entries{{{LEDGER}}})", legend="entries: {{ledger}}"),
            Query(expr=f"max by (ledger) (asiento_unbooked_oldest_seconds{{{LEDGER}}})", legend="oldest: {{ledger}}", unit=SECONDS),
        ),
        shows="Entries on the stream that the ledger has not booked, and the age of the oldest.",
        good="near 0; the embedded ledger books within a second.",
        act="grows: the ledger's process or database stands still; for a ledger outside see its connection below.",
        runbook="asiento-money-not-flowing",
    ),
    PanelPlan(
        form="bars",
        width=6,
        title="Length of the chain",
        unit=COUNT,
        queries=(Query(expr=f"max by (ledger, partition) (asiento_chain_length{{{LEDGER}}})", legend="{{ledger}} {{partition}}"),),
        shows="Entries in the hash chain of each partition.",
        good="never gets shorter.",
        act="shorter than before: rows were removed at the end. Stop, and compare with a seal that was kept elsewhere.",
        runbook="asiento-unexplained-difference",
        command="asiento verify",
    ),
)
BOOKING: Final = (
    PanelPlan(
        form="stack",
        width=8,
        title="Embedded ledger: entries, by result",
        unit=PER_SECOND,
        queries=(Query(expr=per_second("asiento_entries_booked_total", "ledger, result"), legend="{{ledger}} {{result}}"),),
        shows="Entries that were offered to the embedded ledger.",
        good="booked; repeats after a restart.",
        act="conflicts: another content stands there under the same id. That is a defect or a forgery: find it now.",
        runbook="asiento-unexplained-difference",
        command="asiento verify",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Acks",
        unit=PER_SECOND,
        queries=(
            Query(expr=per_second("asiento_acks_published_total", "ledger, status"), legend="{{ledger}} {{status}}"),
            Query(expr=or_none(per_second("asiento_acks_failed_total", "ledger")), legend="failed {{ledger}}"),
        ),
        shows="What ledgers said about entries, as it was told on the acks topic.",
        good="follows what is booked; nothing failed.",
        act="failed attempts: the broker; acks are kept and told later, no money is held up.",
        runbook="asiento-disk-or-broker",
    ),
    PanelPlan(
        form="table",
        width=8,
        title="Balances that must come to rest",
        unit=MONEY,
        queries=(
            Query(expr=f"sum by (ledger, account, currency) ({in_major_units('asiento_account_balance', LEDGER)})", legend="balance"),
            Query(expr=f"max by (ledger, account, currency) (asiento_account_oldest_seconds{{{LEDGER}}})", legend="oldest", unit=SECONDS),
        ),
        shows="Receivables, liabilities, clearing and suspense accounts: balance (debit positive) and age of its oldest part.",
        good="each comes back to 0 in the time its business takes; suspense is 0.",
        act="an old part: its order waits for a payment, a shipment, a refund or a payout. Suspense: somebody must decide.",
        runbook="asiento-parked-too-long",
        command="asiento trial-balance",
    ),
)
CONNECTIONS: Final = (
    PanelPlan(
        form="lines",
        width=8,
        title="Connections: oldest document to be posted",
        unit=SECONDS,
        queries=(
            Query(expr=f"max by (connection) (asiento_posting_oldest_seconds{{{CONNECTION}}})", legend="{{connection}}"),
            Query(expr=f"vector({WAIT_SECONDS_MAX})", legend="limit"),
        ),
        shows="Age of the oldest document that still goes to a ledger outside by itself.",
        good="minutes.",
        act="hours: see whether the connection pauses, its breaker is open, or a document waits for an earlier one.",
        runbook="asiento-ledger-delivery",
        command="asiento postings list CONNECTION",
        levels=DELIVERED,
    ),
    PanelPlan(
        form="table",
        width=8,
        title="Connections: what does not stand there",
        unit=COUNT,
        queries=(
            Query(
                expr=f"sum by (connection, state, reason) (asiento_postings_standing{{{CONNECTION}}})"
                f" or on(connection) 0 * max by (connection) (asiento_posting_oldest_seconds{{{CONNECTION}}})",
                legend="documents",
            ),
        ),
        shows="Documents by state and reason; a row of 0 without a state: all stand there.",
        good="planned ones only, and few.",
        act="parked and uncertain ones wait for a person; the reason says what for.",
        runbook="asiento-ledger-delivery",
        command="asiento postings list CONNECTION",
    ),
    PanelPlan(
        form="states",
        width=8,
        title="Connections: do calls go out?",
        unit=COUNT,
        queries=(
            Query(expr=f"max by (connection) (asiento_posting_breaker_open{{{CONNECTION}}})", legend="{{connection}}", words=BREAKER),
            Query(
                expr=f"max by (connection, reason) (asiento_posting_paused{{{CONNECTION}}})",
                legend="{{connection}} paused: {{reason}}",
                words=PAUSED,
            ),
        ),
        shows="Whether the breaker is open as the last calls all failed, and whether the connection pauses.",
        good="calls go out, no pause.",
        act="auth: put the new key into its file, no restart. quota and throttled go on by themselves. Breaker: the ledger or the network.",
        runbook="asiento-ledger-delivery",
        command="asiento postings list CONNECTION",
    ),
    PanelPlan(
        form="stack",
        width=8,
        title="Connections: calls, by result",
        unit=PER_SECOND,
        queries=(
            Query(
                expr=per_second("asiento_posting_calls_total", "connection, call, result", CONNECTION),
                legend="{{connection}} {{call}} {{result}}",
            ),
        ),
        shows="Calls to ledgers outside, what they were for and how they ended.",
        good="answered.",
        act="uncertain: looked up by themselves. auth_refused, quota_spent, throttled: see the pause.",
        runbook="asiento-ledger-delivery",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Connections: documents, and duplicates prevented",
        unit=COUNT,
        queries=(
            Query(
                expr=in_each_point("asiento_postings_total", "connection, state, reason", CONNECTION),
                legend="{{connection}} {{state}} {{reason}}",
            ),
            Query(
                expr=or_none(in_each_point("asiento_posting_duplicates_prevented_total", "connection", CONNECTION)),
                legend="stood there already {{connection}}",
            ),
            Query(expr=f"min by (connection) (asiento_posting_quota_remaining{{{CONNECTION}}})", legend="calls left today {{connection}}"),
        ),
        shows="Documents that came to stand or to wait, those that were found and not sent twice, calls that the day's quota leaves.",
        good="posted; calls left until midnight UTC.",
        act="the quota ends each day: book summaries (posting: summary).",
        runbook="asiento-ledger-delivery",
    ),
    PanelPlan(
        form="table",
        width=8,
        title="Connections: read back",
        unit=COUNT,
        queries=(
            Query(expr=f"sum by (connection, difference) (asiento_reconcile_findings{{{CONNECTION}}})", legend="differences"),
            Query(
                expr=f"max by (connection) (time() - asiento_reconcile_last_run_timestamp_seconds{{{CONNECTION}}})",
                legend="read before",
                unit=SECONDS,
            ),
        ),
        shows="Differences between a ledger outside and what was posted there, as it was read back last.",
        good="0, read within a day.",
        act="each difference names the account and amount; edited and foreign ones are the accountant's to explain.",
        runbook="asiento-unexplained-difference",
        command="asiento reconcile CONNECTION --from DATE --to DATE",
    ),
)

LEDGERS: Final = Board(
    name="ledgers",
    title="Asiento: ledgers",
    question="Does every entry arrive in its ledger, and does what stands there agree?",
    rows=(
        Row(title="Ledger against stream", height=8, panels=TIE_OUT),
        Row(height=9, panels=BOOKING),
        Row(title="Ledgers outside", height=8, panels=CONNECTIONS[:3]),
        Row(height=8, panels=CONNECTIONS[3:]),
    ),
    variables=(
        Variable(name="ledger", label="Ledger", metric="asiento_unbooked_entries"),
        Variable(name="connection", label="Connection", metric="asiento_posting_breaker_open"),
    ),
)
