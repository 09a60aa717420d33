"""Where records wait and why: lag from inside and outside, throughput, transactions, rebalances, what comes in, the machine."""

from typing import Final

from deploy.grafana.boards.board import Board, Row, Variable
from deploy.grafana.boards.levels import Level, verdict_levels
from deploy.grafana.boards.overview import BUSY
from deploy.grafana.boards.panels import BYTES, CORES, COUNT, PER_SECOND, SECONDS, SHARE, PanelPlan, Query
from deploy.grafana.boards.queries import OURS, in_each_point, or_none, per_second, quantile, seconds_since, verdict
from deploy.prometheus.alerts.objectives import FRESH_SECONDS

LAG: Final = 'group=~"$group", topic=~"$topic"'
SHARED: Final = 'group=~"$group", group=~".+-(orders|normalizer|fetcher)"'
"""Groups whose members share the partitions; a sink takes all of them by itself, and is a member of nothing."""
MINE: Final = 'instance=~"$instance"'
NONE_GOOD: Final = (Level(0, "none", "green"), Level(1, "look", "orange"))
YES: Final = verdict_levels(Level(0, "NO", "red"), Level(1, "YES", "green"))

LAG_PANELS: Final = (
    PanelPlan(
        form="lines",
        width=8,
        title="Behind, in seconds, from outside",
        unit=SECONDS,
        queries=(
            Query(expr=f"max by (group, topic) (asiento_group_lag_seconds{{{LAG}}})", legend="{{group}} {{topic}}"),
            Query(expr=f"vector({FRESH_SECONDS})", legend="limit"),
        ),
        shows="Age of the oldest record that a group has not committed, asked from the broker by the lag exporter.",
        good="below the limit, 0 when all is quiet.",
        act="the group that grows names the process that stands still or is too slow.",
        runbook="asiento-money-not-flowing",
        command="asiento doctor",
        levels=BUSY,
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Behind, in records, from outside",
        unit=COUNT,
        queries=(Query(expr=f"sum by (group, topic) (asiento_group_lag_records{{{LAG}}})", legend="{{group}} {{topic}}"),),
        shows="Records that a group has not committed, over all partitions.",
        good="falls after each peak.",
        act="grows steadily: more comes in than the group can do; see the processor time below.",
        runbook="asiento-money-not-flowing",
    ),
    PanelPlan(
        form="table",
        width=8,
        title="Partitions that are behind most",
        unit=COUNT,
        queries=(
            Query(expr=f"topk(15, sum by (group, topic, partition) (asiento_group_lag_records{{{LAG}}}))", legend="records"),
            Query(expr=f"max by (group, topic, partition) (asiento_group_lag_seconds{{{LAG}}})", legend="seconds", unit=SECONDS),
        ),
        shows="The same by partition.",
        good="all near 0.",
        act="one partition alone is behind: it waits for a schema id, a worker died there, or one order has most of the events.",
        runbook="asiento-money-not-flowing",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Behind, in seconds, as processes see it",
        unit=SECONDS,
        queries=(Query(expr=f"max by (group, topic) (asiento_lag_seconds{{{LAG}}})", legend="{{group}} {{topic}}"),),
        shows="The same measured inside the processes, which know what they have fetched; a dead process says nothing.",
        good="agrees with the view from outside.",
        act="missing here and growing outside: the process is dead. Small here and growing outside: it works and cannot commit.",
        runbook="asiento-money-not-flowing",
        levels=BUSY,
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Behind, in records, as processes see it",
        unit=COUNT,
        queries=(Query(expr=f"sum by (group, topic) (asiento_lag_records{{{LAG}}})", legend="{{group}} {{topic}}"),),
        shows="Records up to the end of the partitions that processes own.",
        good="agrees with the view from outside.",
        act="as in the panel beside.",
        runbook="asiento-money-not-flowing",
    ),
    PanelPlan(
        form="words",
        width=8,
        title="Is somebody at work?",
        unit=COUNT,
        queries=(
            Query(expr=f"max by (group) (asiento_group_members{{{SHARED}}})", legend="members of {{group}}"),
            Query(expr=verdict("min(asiento_broker_up)"), legend="broker answers", words=YES),
            Query(expr=seconds_since("asiento_lag_last_run_timestamp_seconds"), legend="asked before", unit=SECONDS),
        ),
        shows="Members of the groups that share partitions, as the broker counts them; sinks and the projector are members of none.",
        good="as many order workers as were started; one normalizer, one fetcher where there are sources.",
        act="0 members: the process is gone, or cannot reach the broker.",
        runbook="asiento-process-gone",
        command="asiento doctor",
    ),
)
THROUGHPUT: Final = (
    PanelPlan(
        form="stack",
        width=6,
        title="Records judged, by outcome",
        unit=PER_SECOND,
        queries=(
            Query(expr=per_second("asiento_records_consumed_total", "outcome", MINE), legend="{{outcome}}"),
            Query(expr=per_second("asiento_healed_events_total", "outcome", MINE), legend="healed: {{outcome}}"),
        ),
        shows="What workers made of records, and of parked events that were judged again.",
        good="posted is most of it; duplicates come in bursts when a producer sends again.",
        act="dead letters or rejected ones that grow: a producer changed something.",
        runbook="asiento-dead-letters",
        command="asiento dlq list",
    ),
    PanelPlan(
        form="stack",
        width=6,
        title="Entries made, by kind",
        unit=PER_SECOND,
        queries=(Query(expr=or_none(f"{per_second('asiento_entries_emitted_total', 'entry_kind', MINE)} > 0"), legend="{{entry_kind}}"),),
        shows="Journal entries that were committed to Kafka.",
        good="follows the events.",
        act="events without entries: see their outcomes.",
        runbook="asiento-money-not-flowing",
        command="asiento orders show KEY",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Time to the entry, and to the books",
        unit=SECONDS,
        queries=(
            *[
                Query(expr=quantile(f"0.{share}", "asiento_entry_age_seconds", MINE), legend=f"made: {share} of 100 within")
                for share in (50, 99)
            ],
            Query(expr=quantile("0.99", "asiento_booked_age_seconds"), legend="booked: 99 of 100 within"),
        ),
        shows="From the arrival of an event in Kafka until its entry is committed there, and from there until the entry is booked.",
        good="well below the objective; most of the time is the ledger's.",
        act="entries late: workers. Only bookings late: the ledger.",
        runbook="asiento-freshness-burn-fast",
        levels=BUSY,
    ),
    PanelPlan(
        form="stack",
        width=6,
        title="Records projected, by topic",
        unit=PER_SECOND,
        queries=(Query(expr=per_second("asiento_projected_records_total", "topic"), legend="{{topic}}"),),
        shows="Records that the projector wrote into the operational database.",
        good="follows what workers do.",
        act="nothing while events flow: boards and queries tell old news; no money is held up.",
        runbook="asiento-checks-stale",
        command="asiento operational status",
    ),
)
TRANSACTIONS: Final = (
    PanelPlan(
        form="lines",
        width=6,
        title="Transactions, by result",
        unit=PER_SECOND,
        queries=(
            Query(expr=per_second("asiento_transactions_total", "result", MINE), legend="Kafka: {{result}}"),
            Query(expr=per_second("asiento_ledger_transactions_total", "result"), legend="ledger: {{result}}"),
            Query(expr=per_second("asiento_operational_transactions_total", "result"), legend="operational: {{result}}"),
        ),
        shows="Commits of workers, of the ledger and of the projector.",
        good="committed only.",
        act="aborted or failed ones: the broker or a database refuses; the process ends and is started again.",
        runbook="asiento-disk-or-broker",
        command="asiento doctor",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="How fast brokers answer",
        unit=SECONDS,
        queries=(
            *[
                Query(expr=quantile(f"0.{share}", "asiento_transaction_seconds", MINE), legend=f"transaction: {share} of 100 below")
                for share in (50, 99)
            ],
            Query(expr="max(asiento_broker_answer_seconds)", legend="slowest answer to the lag exporter"),
        ),
        shows="A worker's transaction from begin to commit; and the slowest answer that a broker gave when it was asked for lags.",
        good="tens of milliseconds.",
        act="seconds: the broker's machine, its disk or the network is slow.",
        runbook="asiento-disk-or-broker",
        command="asiento lag-exporter --once",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Records in one transaction",
        unit=COUNT,
        queries=tuple(
            Query(expr=quantile(f"0.{share}", "asiento_chunk_records", MINE), legend=f"{share} of 100 below") for share in (50, 99)
        ),
        shows="Size of the chunks that workers commit.",
        good="a few when it is quiet, hundreds under load: that is what keeps up.",
        act="always 1 under load: a partition goes record by record after deaths of its worker (below).",
        runbook="asiento-money-not-flowing",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Chunks given back",
        unit=COUNT,
        queries=(
            Query(
                expr=or_none(in_each_point("asiento_chunks_refused_total", "reason", MINE)),
                legend="{{reason}}",
            ),
        ),
        shows="Chunks that did not start at the expected offset and were fetched again.",
        good="0; a few around a rebalance.",
        act="a steady flow: two workers with one instance id, or a log that lost records.",
        runbook="asiento-disk-or-broker",
    ),
)
TROUBLE: Final = (
    PanelPlan(
        form="lines",
        width=6,
        title="Assignments and recovery",
        unit=COUNT,
        queries=(
            Query(expr=in_each_point("asiento_rebalances_total", "instance", MINE), legend="assignments of {{instance}}"),
            Query(expr=f"max by (instance) (asiento_recovery_seconds{{{MINE}}})", legend="recovery of {{instance}}", unit=SECONDS),
        ),
        shows="Assignments received, and how long the last recovery of the order states took.",
        good="at starts and deploys only; recovery within 30 s.",
        act="assignments again and again: a worker is slow to answer, dies, or two have one instance id.",
        runbook="asiento-process-gone",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Deaths and restarts",
        unit=COUNT,
        queries=(
            Query(expr=or_none(in_each_point("asiento_process_restarts_total", "process")), legend="restarts {{process}}"),
            Query(expr=or_none(in_each_point("asiento_unexplained_deaths_total", "at", MINE)), legend="unexplained deaths {{at}}"),
            Query(expr=f"sum(asiento_partitions_isolated{{{MINE}}})", legend="partitions record by record"),
        ),
        shows="Processes that the supervisor started again, deaths that nothing explains, partitions that are handled with care.",
        good="0.",
        act="one process again and again: the end of its log says why. A record that kills is set aside by itself, as a dead letter.",
        runbook="asiento-process-gone",
        command="asiento dlq list",
        levels=NONE_GOOD,
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Schema registry",
        unit=COUNT,
        queries=(
            Query(expr=or_none(in_each_point("asiento_registry_requests_total", "result", MINE)), legend="asked: {{result}}"),
            Query(expr=or_none(in_each_point("asiento_schema_ids_total", "result", MINE)), legend="ids: {{result}}"),
            Query(expr=f"sum(asiento_partitions_waiting{{{MINE}}})", legend="partitions that wait"),
        ),
        shows="Questions about schema ids beyond the lock file, and partitions that wait for the answer.",
        good="0 partitions wait. Without a registry all of it is 0.",
        act="partitions that wait and `unreachable`: the registry is away; they go on by themselves when it is back.",
        runbook="asiento-money-not-flowing",
        command="asiento schemas check",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Sweeper",
        unit=COUNT,
        queries=(
            Query(expr=or_none(in_each_point("asiento_deadlines_told_total", "kind")), legend="told: {{kind}}"),
            Query(expr="sum(asiento_deadlines_unanswered)", legend="told and not judged"),
            Query(expr=seconds_since("asiento_last_sweep_timestamp_seconds"), legend="swept before", unit=SECONDS),
        ),
        shows="Deadlines that passed and were told, those that no worker has judged yet, time since the last sweep.",
        good="swept less than a minute ago; nothing unanswered for long.",
        act="swept long ago: the sweeper is stuck; parked events and unpaid orders are not told.",
        runbook="asiento-checks-stale",
        command="asiento deadlines list",
    ),
)
COMES_IN: Final = (
    PanelPlan(
        form="stack",
        width=6,
        title="Gateway: requests, by result",
        unit=PER_SECOND,
        queries=(
            Query(expr=or_none(f"{per_second('asiento_gateway_requests_total', 'source, result')} > 0"), legend="{{source}} {{result}}"),
        ),
        shows="Webhooks and events that were answered.",
        good="stored and repeated.",
        act="spooled: the broker is away, nothing is lost. Other words are refusals: the page of the gateway has each.",
        runbook="asiento-webhook-silent",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Gateway: silence of sources",
        unit=SECONDS,
        queries=(
            Query(expr="max by (tenant, source) (asiento_webhook_silence_seconds)", legend="silence of {{tenant}} {{source}}"),
            Query(expr="max by (tenant, source) (asiento_webhook_expected_seconds)", legend="usual for {{tenant}} {{source}}"),
        ),
        shows="Time since a source sent something that was proven, and the longest silence that is usual for it.",
        good="below what is usual.",
        act="platforms end subscriptions without a word: look there whether the webhook still exists, then fetch what was missed.",
        runbook="asiento-webhook-silent",
        command="asiento fetcher ask",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Gateway: spool and proofs",
        unit=COUNT,
        queries=(
            Query(expr="sum(asiento_gateway_spool_records)", legend="records in the spool"),
            Query(expr="sum(asiento_gateway_spool_bytes)", legend="bytes in the spool", unit=BYTES),
            Query(expr="max(asiento_gateway_spool_age_seconds)", legend="oldest in the spool", unit=SECONDS),
            Query(expr="min(asiento_gateway_broker_there)", legend="broker there (1 yes, 0 no)"),
            Query(
                expr=or_none(f"{in_each_point('asiento_gateway_signature_failures_total', 'source, reason')} > 0"),
                legend="not proven: {{source}} {{reason}}",
            ),
        ),
        shows="What waits on the gateway's disk while the broker is away, and requests that did not prove who sent them.",
        good="spool empty, broker there, no failed proof.",
        act="failed proofs of one source: its secret was changed on one side only. A spool that grows: the broker.",
        runbook="asiento-disk-or-broker",
        command="asiento doctor",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Gateway and fetcher: time of a request",
        unit=SECONDS,
        queries=(
            Query(expr=quantile("0.99", "asiento_gateway_stored_seconds"), legend="stored in Kafka: 99 of 100 below"),
            Query(expr=quantile("0.99", "asiento_fetch_seconds"), legend="answer of a platform: 99 of 100 below"),
        ),
        shows="From taking a record until the brokers confirm it, and how long platforms take to answer.",
        good="stored within 0.1 s; platforms within seconds.",
        act="slow brokers slow the platforms' webhooks; slow platforms only delay what was fetched.",
        runbook="asiento-disk-or-broker",
    ),
    PanelPlan(
        form="stack",
        width=8,
        title="Normalizer: payloads, by outcome",
        unit=PER_SECOND,
        queries=(Query(expr=per_second("asiento_raw_records_total", "platform, outcome"), legend="{{platform}} {{outcome}}"),),
        shows="What became of raw payloads.",
        good="events, unchanged, nothing; some wait for others of their order.",
        act="refused: dead letters, their reason says what the payload has or lacks.",
        runbook="asiento-dead-letters",
        command="asiento dlq list",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Normalizer: notices and privacy requests",
        unit=COUNT,
        queries=(
            Query(expr=or_none(in_each_point("asiento_payload_notices_total", "platform")), legend="notices {{platform}}"),
            Query(
                expr=or_none(in_each_point("asiento_privacy_requests_total", "platform, kind")),
                legend="privacy {{platform}} {{kind}}",
            ),
        ),
        shows="Figures of payloads that disagree although the main ones tie; what platforms asked about personal data.",
        good="few notices; each privacy request is answered in time.",
        act="privacy requests have legal terms: docs/privacy.md says what to do.",
        runbook="asiento-dead-letters",
    ),
    PanelPlan(
        form="lines",
        width=8,
        title="Fetcher: asked and answered",
        unit=COUNT,
        queries=(
            Query(expr=in_each_point("asiento_fetches_total", "platform, result"), legend="{{platform}} {{result}}"),
            Query(expr="sum(increase(asiento_fetches_requested_total[$__rate_interval]))", legend="asked for"),
        ),
        shows="Objects that payloads only pointed at, and the answers of platforms.",
        good="fetched, about as many as were asked for.",
        act="`again`: the platform is down or limits us. `not_configured`: the file of sources lacks something.",
        runbook="asiento-webhook-silent",
        command="asiento fetcher check SOURCES.yaml",
    ),
)
MACHINE: Final = (
    PanelPlan(
        form="lines",
        width=6,
        title="Processor time",
        unit=CORES,
        queries=(
            Query(
                expr=f"sum by (job, instance) (rate(process_cpu_seconds_total{{{OURS}, {MINE}}}[$__rate_interval]))",
                legend="{{job}} {{instance}}",
            ),
        ),
        shows="Cores that each process uses.",
        good="below 1: a process uses one core.",
        act="a worker at 1 core that is behind: start more workers, up to the number of partitions.",
        runbook="asiento-money-not-flowing",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Memory",
        unit=BYTES,
        queries=(Query(expr=f"max by (job, instance) (process_resident_memory_bytes{{{OURS}, {MINE}}})", legend="{{job}} {{instance}}"),),
        shows="Resident memory of each process.",
        good="steady; a worker holds about 2 kB for each order of its partitions.",
        act="grows without more orders: restart the process (nothing is lost) and report it.",
        runbook="asiento-process-gone",
    ),
    PanelPlan(
        form="lines",
        width=6,
        title="Files, tasks and disks",
        unit=SHARE,
        queries=(
            Query(
                expr=f"max by (job, instance) (process_open_fds{{{OURS}, {MINE}}} / process_max_fds{{{OURS}, {MINE}}})",
                legend="files {{job}} {{instance}}",
            ),
            Query(expr=f"max by (job, instance) (asiento_asyncio_tasks{{{MINE}}})", legend="tasks {{job}} {{instance}}", unit=COUNT),
            Query(
                expr=f"1 - min by (instance, place) (asiento_disk_free_bytes{{{MINE}}} / asiento_disk_size_bytes{{{MINE}}})",
                legend="disk of {{place}} {{instance}}",
            ),
        ),
        shows="Share of the files a process may open; tasks of its main loop; share of the disks of what it keeps that is used.",
        good="all steady; disks below 70 %.",
        act="either grows for hours: restart the process (nothing is lost) and report it.",
        runbook="asiento-process-gone",
    ),
    PanelPlan(
        form="table",
        width=6,
        title="Versions and series",
        unit=COUNT,
        queries=(
            Query(expr=f"max by (job, instance, version) (asiento_build_info{{{MINE}}})", legend="runs"),
            Query(expr=f"max by (job, instance) (scrape_samples_scraped{{{OURS}, {MINE}}})", legend="series"),
        ),
        shows="The version each process runs, and how many series it exports.",
        good="one version everywhere; below 2 000 series.",
        act="two versions for long: a deploy was not finished.",
        runbook="asiento-process-gone",
        command="asiento doctor",
    ),
)

PIPELINE: Final = Board(
    name="pipeline",
    title="Asiento: pipeline",
    question="Where do records wait, and why?",
    rows=(
        Row(title="Is it flowing?", height=8, panels=LAG_PANELS[:3]),
        Row(height=8, panels=LAG_PANELS[3:]),
        Row(title="What flows", height=8, panels=THROUGHPUT),
        Row(title="How it is committed", height=8, panels=TRANSACTIONS),
        Row(title="Rebalances, crash loops, registry, deadlines", height=8, panels=TROUBLE),
        Row(title="What comes in", height=8, panels=COMES_IN[:4]),
        Row(height=8, panels=COMES_IN[4:]),
        Row(title="Processes", height=8, panels=MACHINE),
    ),
    variables=(
        Variable(name="group", label="Group", metric="asiento_group_lag_records"),
        Variable(name="topic", label="Topic", metric="asiento_group_lag_records"),
        Variable(name="instance", label="Process", metric="asiento_build_info"),
    ),
)
