"""What does not add up and who must look: discrepancies, parked events, dead letters, deadlines, records without an outcome."""

from typing import Final

from deploy.grafana.boards.board import Board, Row, Variable
from deploy.grafana.boards.levels import Level
from deploy.grafana.boards.overview import SEVERE, SEVERE_OPEN
from deploy.grafana.boards.panels import COUNT, SECONDS, PanelPlan, Query
from deploy.grafana.boards.queries import in_each_point, or_none, verdict
from deploy.prometheus.alerts.money import PARKED_SECONDS_MAX

CHOSEN: Final = 'code=~"$code", severity=~"$severity"'
CODE: Final = 'code=~"$code"'
ACCOUNTED: Final = (Level(0, "all accounted for", "green"), Level(1, "records lost", "red"))
PARKED_AGE: Final = (Level(0, "usual", "green"), Level(PARKED_SECONDS_MAX, "too old", "red"))

OPEN: Final = (
    PanelPlan(
        form="words",
        width=6,
        title="How grave is it?",
        unit=COUNT,
        queries=(
            Query(expr=verdict(SEVERE_OPEN), legend="critical or high", words=SEVERE),
            Query(expr="sort_desc(sum by (severity) (asiento_discrepancies_open))", legend="{{severity}}"),
        ),
        shows="Open discrepancies by severity.",
        good="NONE OPEN.",
        act="critical: now; high: today; medium and low: this week.",
        runbook="asiento-discrepancy-critical",
        command="asiento discrepancies list",
    ),
    PanelPlan(
        form="table",
        width=10,
        title="Open, by code",
        unit=COUNT,
        queries=(
            Query(expr=f"sum by (code, severity) (asiento_discrepancies_open{{{CHOSEN}}}) > 0", legend="open"),
            Query(
                expr=f"max by (code, severity) (asiento_discrepancies_oldest_seconds{{{CHOSEN}}})"
                f" and sum by (code, severity) (asiento_discrepancies_open{{{CHOSEN}}}) > 0",
                legend="oldest",
                unit=SECONDS,
            ),
        ),
        shows="Open discrepancies by code and severity, and the age of the oldest.",
        good="no row.",
        act="the runbook of the code (docs/runbooks/discrepancies) says what it means, what mends it and how you know.",
        runbook="asiento-discrepancy-critical",
        command="asiento discrepancies show ID",
    ),
    PanelPlan(
        form="stack",
        width=8,
        title="Open, over time",
        unit=COUNT,
        queries=(Query(expr=f"sum by (code) (asiento_discrepancies_open{{{CHOSEN}}}) > 0", legend="{{code}}"),),
        shows="Open discrepancies by code, over time.",
        good="falls: most heal by themselves.",
        act="a code that only grows has one cause: mend that one.",
        runbook="asiento-discrepancy-critical",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Raised and resolved",
        unit=COUNT,
        queries=(Query(expr=in_each_point("asiento_discrepancies_total", "code, state", CODE), legend="{{code}} {{state}}"),),
        shows="Discrepancies that were raised, and those that were resolved.",
        good="as many resolved as raised.",
        act="a burst of one code: a producer or a connector changed; look at one of its orders.",
        runbook="asiento-discrepancy-critical",
        command="asiento explain ENTRY_ID --order KEY",
    ),
    PanelPlan(
        form="bars",
        width=8,
        title="What waits for a person",
        unit=COUNT,
        queries=(Query(expr="sort_desc(sum by (kind) (asiento_open_items))", legend="{{kind}}"),),
        shows="Parked and rejected events, discrepancies, dead letters and proposals that are open, from the operational database.",
        good="few, and each has somebody who looks after it.",
        act="take the oldest first.",
        runbook="asiento-parked-too-long",
        command="asiento operational status",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="The oldest of each kind",
        unit=SECONDS,
        queries=(
            Query(expr="max by (kind) (asiento_open_items_oldest_seconds)", legend="{{kind}}"),
            Query(expr=f"vector({PARKED_SECONDS_MAX})", legend="limit of parked events"),
        ),
        shows="Age of the oldest item of each kind.",
        good="parked ones below an hour, the others below a day.",
        act="old items are forgotten ones: assign them.",
        runbook="asiento-parked-too-long",
        command="asiento discrepancies list",
        levels=PARKED_AGE,
    ),
)
WAITING: Final = (
    PanelPlan(
        form="table",
        width=8,
        title="Parked, by code",
        unit=COUNT,
        queries=(
            Query(expr='sum by (code) (asiento_open_items{kind="parked"}) > 0', legend="parked"),
            Query(
                expr='max by (code) (asiento_open_items_oldest_seconds{kind="parked"})'
                ' and sum by (code) (asiento_open_items{kind="parked"}) > 0',
                legend="oldest",
                unit=SECONDS,
            ),
        ),
        shows="Events that are held in the state of their order until another event heals them, by what they wait for.",
        good="young ones; they heal when the missing event comes.",
        act="old ones: the event they wait for was lost. Ask the producer for it; at the deadline it becomes a discrepancy.",
        runbook="asiento-parked-too-long",
        command="asiento orders show KEY",
    ),
    PanelPlan(
        form="bars",
        width=8,
        title="Parked, by partition",
        unit=COUNT,
        queries=(Query(expr="sum by (partition) (asiento_parked_events)", legend="partition {{partition}}"),),
        shows="The same as workers hold it, by partition.",
        good="spread evenly.",
        act="one partition has most: one order, or one producer, is out of step.",
        runbook="asiento-parked-too-long",
    ),
    PanelPlan(
        form="table",
        width=8,
        title="Dead letters, by reason",
        unit=COUNT,
        queries=(
            Query(expr='sum by (code) (asiento_open_items{kind="dead_letter"}) > 0', legend="open"),
            Query(
                expr='max by (code) (asiento_open_items_oldest_seconds{kind="dead_letter"})'
                ' and sum by (code) (asiento_open_items{kind="dead_letter"}) > 0',
                legend="oldest",
                unit=SECONDS,
            ),
        ),
        shows="Records that could not be read as events, with their reason; the original bytes are kept.",
        good="no row.",
        act="one reason that grows: a producer's defect. Have it mended, then replay.",
        runbook="asiento-dead-letters",
        command="asiento dlq show ID",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Dead letters that arrive",
        unit=COUNT,
        queries=(Query(expr=in_each_point("asiento_dead_letters_total", "reason"), legend="{{reason}}"),),
        shows="Records that were set aside.",
        good="0.",
        act="a burst: stop the producer that sends them, if you can; nothing is lost.",
        runbook="asiento-dead-letters",
        command="asiento dlq list",
    ),
    PanelPlan(
        form="bars",
        width=8,
        title="Every record has one outcome",
        unit=COUNT,
        queries=(
            Query(expr="sort_desc(sum by (outcome) (asiento_accounted_records))", legend="{{outcome}}"),
            Query(expr="sum(asiento_unaccounted_records)", legend="unaccounted", words=ACCOUNTED),
        ),
        shows="Source records by outcome, from the operational database, and those that have none.",
        good="unaccounted is 0.",
        act="a record without an outcome is money that may be lost: find its partition and offset now.",
        runbook="asiento-records-unaccounted",
        command="asiento verify",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Deadlines",
        unit=COUNT,
        queries=(
            Query(expr="sum(asiento_deadlines_standing)", legend="orders with a deadline ahead"),
            Query(expr="sum(asiento_deadlines_unanswered)", legend="told and not judged"),
            Query(expr=or_none(in_each_point("asiento_deadlines_told_total", "kind")), legend="passed: {{kind}}"),
        ),
        shows="Orders that wait for a payment, a shipment, a refund or a healing event, and deadlines that passed.",
        good="unanswered is 0 after seconds.",
        act="many UNPAID or UNSHIPPED at once: a payment provider or warehouse stopped telling.",
        runbook="asiento-parked-too-long",
        command="asiento deadlines list",
    ),
)

DISCREPANCIES: Final = Board(
    name="discrepancies",
    title="Asiento: discrepancies",
    question="What does not add up, since when, and who must look?",
    rows=(
        Row(title="Discrepancies", height=9, panels=OPEN[:3]),
        Row(height=8, panels=OPEN[3:]),
        Row(title="Events that are not in the books", height=8, panels=WAITING[:3]),
        Row(height=8, panels=WAITING[3:]),
    ),
    variables=(
        Variable(name="severity", label="Severity", metric="asiento_discrepancies_open"),
        Variable(name="code", label="Code", metric="asiento_discrepancies_open"),
    ),
)
