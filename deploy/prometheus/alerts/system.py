"""Alerts on what carries the money: processes, brokers, ledgers outside, sources, and the checks themselves."""

from typing import Final

from deploy.prometheus.alerts.declaring import Alert, Board, Cause, Severity

EXPECTED_JOBS: Final = ("worker", "ledger", "projector", "sweeper", "lag-exporter", "tie-out")
"""What every installation runs; gateway, normalizer, fetcher and connections run where something is configured for them."""
RESTARTS_OF_A_LOOP: Final = 3
TIE_OUT_SECONDS_MAX: Final = 45
BEHIND_SECONDS_MAX: Final = 60
LAG_EXPORTER_SECONDS_MAX: Final = 30
SWEEP_SECONDS_MAX: Final = 45
PROJECTOR_SECONDS_MAX: Final = 30
SPOOL_SECONDS_MAX: Final = 30
ANSWER_SECONDS_MAX: Final = 1
DISK_SHARE_MIN, DISK_SHARE_LOW = 0.05, 0.3
DISK_HOURS: Final = 24
"""A disk with less than `DISK_SHARE_LOW` left that is full within so many hours at the pace of the last one is told."""
PROJECTOR_GROUP: Final = 'group=~".+-projector"'

_ABSENT = " or ".join(f'absent(up{{job="asiento-{job}"}})' for job in EXPECTED_JOBS)


def _last(metric: str) -> str:
    """What it said last, also when its process has not answered since: Prometheus forgets a series at once, and the alert with it."""
    return f"max_over_time({metric}[1h])"


_DISK = "asiento_disk_free_bytes / asiento_disk_size_bytes"
_DISK_HOUR = "(asiento_disk_free_bytes offset 1h - asiento_disk_free_bytes)"
"""What an hour took. Not a line through less: the first minutes of an installation write more than its days."""
_RESTARTS = 'changes(process_start_time_seconds{job=~"asiento-.+"}[5m])'

GONE: Final = Alert(
    name="AsientoProcessGone",
    board=Board.PIPELINE,
    causes=(
        Cause(
            word="down",
            severity=Severity.PAGE,
            expression='up{job=~"asiento-.+"} == 0',
            hold_seconds=20,
            summary="{{ $labels.instance }} ({{ $labels.job }}) does not answer",
            summary_es="{{ $labels.instance }} ({{ $labels.job }}) no responde",
            first="See whether it runs, is being started again, or stands still; the reason is at the end of its log.",
            command="asiento doctor",
        ),
        Cause(
            word="missing",
            severity=Severity.PAGE,
            expression=_ABSENT,
            hold_seconds=30,
            summary="No process of {{ $labels.job }} is known to Prometheus",
            summary_es="Prometheus no conoce ningún proceso de {{ $labels.job }}",
            first="Every installation has one: start it, or tell Prometheus where it is.",
            command="asiento doctor",
        ),
        Cause(
            word="no_members",
            severity=Severity.PAGE,
            expression='max by (group) (asiento_group_members{group=~".+-orders"}) == 0',
            hold_seconds=20,
            summary="No worker is a member of {{ $labels.group }}: nobody judges events",
            summary_es="Ningún proceso es miembro de {{ $labels.group }}: nadie juzga los eventos",
            first="Workers do not run, or cannot join: their log says why.",
            command="asiento doctor",
        ),
        Cause(
            word="restarted",
            severity=Severity.TICKET,
            expression=f"{_RESTARTS} > 0 <= {RESTARTS_OF_A_LOOP}",
            hold_seconds=0,
            summary="{{ $labels.instance }} ({{ $labels.job }}) was started again, restarts within five minutes: {{ $value }}",
            summary_es="{{ $labels.instance }} ({{ $labels.job }}) se reinició, reinicios en cinco minutos: {{ $value }}",
            first="Nothing is lost. Find the line worker_ended_itself or process_failed in its log: it has the reason.",
            command="asiento doctor",
        ),
        Cause(
            word="crash_loop",
            severity=Severity.PAGE,
            expression=f"{_RESTARTS} > {RESTARTS_OF_A_LOOP}",
            hold_seconds=0,
            summary="{{ $labels.instance }} ({{ $labels.job }}) dies again and again: {{ $value }} times within five minutes",
            summary_es="{{ $labels.instance }} ({{ $labels.job }}) muere una y otra vez: {{ $value }} veces en cinco minutos",
            first="Read the reason at the end of its log; the exit code's table says what to do.",
            command="asiento doctor",
        ),
    ),
)

BROKER: Final = Alert(
    name="AsientoDiskOrBroker",
    board=Board.PIPELINE,
    causes=(
        Cause(
            word="broker",
            severity=Severity.PAGE,
            expression="max(asiento_broker_up) == 0",
            hold_seconds=10,
            summary="The brokers do not answer: nothing flows",
            summary_es="Los brókeres no responden: nada fluye",
            first="See whether the broker runs and whether its disk is full. What follows from it is not told apart.",
            command="asiento doctor",
        ),
        Cause(
            word="broker_slow",
            severity=Severity.TICKET,
            expression=f"max(asiento_broker_answer_seconds) > {ANSWER_SECONDS_MAX}",
            hold_seconds=20,
            summary="A broker takes {{ $value | humanizeDuration }} for one answer: all of it still flows, late",
            summary_es="Un bróker tarda {{ $value | humanizeDuration }} en una respuesta: todo fluye aún, con retraso",
            first="Look at the load, memory and disk of the broker's machine, and at the network to it. Lag says how late the money is.",
            command="asiento lag-exporter --once",
        ),
        Cause(
            word="broker_restarted",
            severity=Severity.TICKET,
            expression='sum by (process) (increase(asiento_process_restarts_total{process="broker"}[5m])) > 0',
            hold_seconds=0,
            summary="The local broker died and was started again",
            summary_es="El bróker local murió y se reinició",
            first="Nothing is lost. Find the reason in its log, and see that its disk has room.",
            command="asiento doctor",
        ),
        Cause(
            word="disk",
            severity=Severity.TICKET,
            expression=(
                f"min by (instance, place) ({_DISK}) < {DISK_SHARE_MIN} or"
                f" (min by (instance, place) ({_DISK}) < {DISK_SHARE_LOW}"
                f" and min by (instance, place) (asiento_disk_free_bytes - {DISK_HOURS} * {_DISK_HOUR}) < 0)"
            ),
            hold_seconds=45,
            summary="{{ $labels.instance }}: of the disk of {{ $labels.place }} {{ $value | humanizePercentage }} are left",
            summary_es="{{ $labels.instance }}: del disco de {{ $labels.place }} queda {{ $value | humanizePercentage }}",
            first=f"Make room or enlarge it: it is nearly full, or full within {DISK_HOURS} hours at the pace of the last one.",
            command="asiento doctor",
        ),
        Cause(
            word="spool",
            severity=Severity.PAGE,
            expression=f"max by (instance) (asiento_gateway_spool_age_seconds) > {SPOOL_SECONDS_MAX}",
            hold_seconds=10,
            summary="The gateway {{ $labels.instance }} keeps webhooks on its disk since {{ $value | humanizeDuration }}",
            summary_es="La pasarela {{ $labels.instance }} guarda webhooks en su disco desde hace {{ $value | humanizeDuration }}",
            first="It does not reach the brokers. Webhooks are safe as long as its disk has room.",
            command="asiento doctor",
        ),
    ),
)

DELIVERY: Final = Alert(
    name="AsientoLedgerDelivery",
    board=Board.LEDGERS,
    causes=(
        Cause(
            word="credentials",
            severity=Severity.PAGE,
            expression='max by (connection) (asiento_posting_paused{reason="auth"}) == 1',
            hold_seconds=10,
            summary="{{ $labels.connection }} refuses our credentials",
            summary_es="{{ $labels.connection }} rechaza nuestras credenciales",
            first="Put the new key or refresh token into its file; no restart is needed, it is tried again every five minutes.",
            command="asiento postings list {{ $labels.connection }}",
        ),
        Cause(
            word="breaker",
            severity=Severity.TICKET,
            expression="max by (connection) (asiento_posting_breaker_open) == 1",
            hold_seconds=10,
            summary="No call goes to {{ $labels.connection }}, as the last ones all failed",
            summary_es="No sale ninguna llamada a {{ $labels.connection }}: las últimas fallaron todas",
            first="Look at the ledger, the network and base_url; one call asks now and then, and it goes on by itself.",
            command="asiento postings list {{ $labels.connection }}",
        ),
        Cause(
            word="quota",
            severity=Severity.TICKET,
            expression='max by (connection) (asiento_posting_paused{reason="quota"}) == 1',
            hold_seconds=30,
            summary="The calls that {{ $labels.connection }} allows for today are used up",
            summary_es="Se agotaron las llamadas que {{ $labels.connection }} permite hoy",
            first="It goes on at the next UTC day. If it happens each day, post summaries.",
            command="asiento postings list {{ $labels.connection }}",
        ),
        Cause(
            word="parked",
            severity=Severity.TICKET,
            expression='sum by (connection, reason) (asiento_postings_standing{state="parked"}) > 0',
            hold_seconds=10,
            summary="Documents for {{ $labels.connection }} that wait for a person, {{ $labels.reason }}: {{ $value }}",
            summary_es="Documentos para {{ $labels.connection }} que esperan a una persona, {{ $labels.reason }}: {{ $value }}",
            first="The ledger's own words are in the document; mend that, then release all that wait for it.",
            command="asiento postings list {{ $labels.connection }} --parked-for {{ $labels.reason }}",
        ),
        Cause(
            word="uncertain",
            severity=Severity.TICKET,
            expression='sum by (connection) (asiento_postings_standing{state="uncertain"}) > 0',
            hold_seconds=300,
            summary="Documents of which nobody knows whether they stand in {{ $labels.connection }}: {{ $value }}",
            summary_es="Documentos de los que no se sabe si constan en {{ $labels.connection }}: {{ $value }}",
            first="They are looked up by themselves; if that goes on failing, look into the ledger.",
            command="asiento postings list {{ $labels.connection }} --state uncertain",
        ),
    ),
)

SILENT: Final = Alert(
    name="AsientoWebhookSilent",
    board=Board.PIPELINE,
    causes=(
        Cause(
            word="silent",
            severity=Severity.TICKET,
            expression=(
                "min by (tenant, source) (asiento_webhook_silence_seconds)"
                " > on (tenant, source) (max by (tenant, source) (asiento_webhook_expected_seconds) > 0)"
            ),
            hold_seconds=15,
            summary="{{ $labels.source }} of {{ $labels.tenant }} sent nothing for {{ $value | humanizeDuration }}, longer than is usual",
            summary_es="{{ $labels.source }} de {{ $labels.tenant }} calla desde hace {{ $value | humanizeDuration }}: más de lo usual",
            first="Look in the platform's settings whether the subscription still stands: platforms end it without a word.",
            command="asiento doctor",
        ),
    ),
)

STALE: Final = Alert(
    name="AsientoChecksStale",
    board=Board.DISCREPANCIES,
    causes=(
        Cause(
            word="tie_out",
            severity=Severity.TICKET,
            expression=(
                f"time() - max by (ledger) ({_last('asiento_tie_out_last_run_timestamp_seconds')}) > {TIE_OUT_SECONDS_MAX}"
                f" or max by (ledger) (asiento_tie_out_behind_seconds) > {BEHIND_SECONDS_MAX}"
            ),
            hold_seconds=5,
            summary="{{ $labels.ledger }} has not been compared with the stream for {{ $value | humanizeDuration }}",
            summary_es="{{ $labels.ledger }} no se compara con el flujo desde hace {{ $value | humanizeDuration }}",
            first="The books may be right, nobody looks. See the end of the log of tie-out.",
            command="asiento doctor",
        ),
        Cause(
            word="lag_exporter",
            severity=Severity.TICKET,
            expression=f"time() - max({_last('asiento_lag_last_run_timestamp_seconds')}) > {LAG_EXPORTER_SECONDS_MAX}",
            hold_seconds=5,
            summary="Lag has not been measured from outside for {{ $value | humanizeDuration }}",
            summary_es="El retraso no se mide desde fuera desde hace {{ $value | humanizeDuration }}",
            first="See the end of the log of lag-exporter; processes still tell their own lag.",
            command="asiento doctor",
        ),
        Cause(
            word="projector",
            severity=Severity.TICKET,
            expression=(
                f"max by (group) (asiento_group_lag_seconds{{{PROJECTOR_GROUP}}}) > {PROJECTOR_SECONDS_MAX}"
                f" or max by (group) (asiento_lag_seconds{{{PROJECTOR_GROUP}}}) > {PROJECTOR_SECONDS_MAX}"
            ),
            hold_seconds=10,
            summary="The operational database is {{ $value | humanizeDuration }} behind: discrepancies and counts are old",
            summary_es="La base operativa lleva {{ $value | humanizeDuration }} de retraso: discrepancias y cuentas son viejas",
            first="See how far it is, and what the end of the projector's log says.",
            command="asiento operational status",
        ),
        Cause(
            word="sweeper",
            severity=Severity.TICKET,
            expression=f"time() - max({_last('asiento_last_sweep_timestamp_seconds')}) > {SWEEP_SECONDS_MAX}",
            hold_seconds=5,
            summary="Deadlines have not been looked at for {{ $value | humanizeDuration }}",
            summary_es="Los plazos no se revisan desde hace {{ $value | humanizeDuration }}",
            first="Time-outs come late, nothing is lost. See the end of the log of the sweeper.",
            command="asiento deadlines list",
        ),
    ),
)

ALERTS: Final = (GONE, BROKER, DELIVERY, SILENT, STALE)
