"""Alerts on the money itself: whether it flows, and whether what is booked is right."""

from typing import Final

from deploy.prometheus.alerts.declaring import Alert, Board, Cause, Recording, Severity

LAG_SECONDS_MAX: Final = 30
FETCH_SECONDS_MAX: Final = 900
UNBOOKED_SECONDS_MAX: Final = 60
PARKED_SECONDS_MAX: Final = 3600
BURST_RECORDS: Final = 50

MONEY_PATH: Final = ".+-(orders|normalizer|ledger|connector-.+)"
"""Consumer groups between an event and its entry in a ledger; each begins with ASIENTO_APP_ID."""

DEAD_LETTERS: Final = Recording(
    name="asiento:dead_letters_open:sum",
    expression='sum(asiento_open_items{kind="dead_letter"}) or 0 * sum(asiento_open_items)',
)
"""Refused records that nobody has looked after; 0 where the projector knows of none."""

NOT_FLOWING: Final = Alert(
    name="AsientoMoneyNotFlowing",
    board=Board.OVERVIEW,
    causes=(
        Cause(
            word="lag",
            severity=Severity.PAGE,
            expression=(
                f'max by (group) (asiento_group_lag_seconds{{group=~"{MONEY_PATH}"}}) > {LAG_SECONDS_MAX}'
                f' or max by (group) (asiento_lag_seconds{{group=~"{MONEY_PATH}"}}) > {LAG_SECONDS_MAX}'
            ),
            hold_seconds=5,
            summary="The oldest record that {{ $labels.group }} has not taken waits for {{ $value | humanizeDuration }}",
            summary_es="El registro más antiguo que {{ $labels.group }} no ha tomado espera desde hace {{ $value | humanizeDuration }}",
            first="Find out whether the process of that group runs, and what the end of its log says.",
            command="asiento doctor",
        ),
        Cause(
            word="unbooked",
            severity=Severity.PAGE,
            expression=f"max by (ledger) (asiento_unbooked_oldest_seconds) > {UNBOOKED_SECONDS_MAX}",
            hold_seconds=10,
            summary="An entry waits to be booked in {{ $labels.ledger }} for {{ $value | humanizeDuration }}",
            summary_es="Un asiento espera contabilizarse en {{ $labels.ledger }} desde hace {{ $value | humanizeDuration }}",
            first="Entries are made but not booked: look at the process of that ledger first, then at its database and disk.",
            command="asiento doctor",
        ),
        Cause(
            word="fetcher",
            severity=Severity.TICKET,
            expression=f'max by (group) (asiento_group_lag_seconds{{group=~".+-fetcher"}}) > {FETCH_SECONDS_MAX}',
            hold_seconds=10,
            summary="What platforms only pointed at has not been fetched for {{ $value | humanizeDuration }}",
            summary_es="Lo que las plataformas solo señalaron no se ha buscado desde hace {{ $value | humanizeDuration }}",
            first="See how the platform answers (asiento_fetches_total by result): credentials, limits, or it is away.",
            command="asiento doctor",
        ),
    ),
)

DIFFERENCE: Final = Alert(
    name="AsientoUnexplainedDifference",
    board=Board.DISCREPANCIES,
    causes=(
        Cause(
            word="tie_out",
            severity=Severity.PAGE,
            expression="sum by (ledger, difference) (asiento_tie_out_differences) > 0",
            hold_seconds=10,
            summary="{{ $labels.ledger }} differs from the stream, entries {{ $labels.difference }}: {{ $value }}",
            summary_es="{{ $labels.ledger }} difiere del flujo, asientos {{ $labels.difference }}: {{ $value }}",
            first="Change nothing in the ledger. List the differences, then prove them with a full comparison.",
            command="asiento verify",
        ),
        Cause(
            word="trial_balance",
            severity=Severity.PAGE,
            expression="max by (ledger, currency) (abs(asiento_trial_balance_difference)) > 0",
            hold_seconds=10,
            summary="Debits and credits of {{ $labels.ledger }} differ by {{ $value }} minor units of {{ $labels.currency }}",
            summary_es="Debe y haber de {{ $labels.ledger }} difieren en {{ $value }} unidades menores de {{ $labels.currency }}",
            first="An entry cannot be unbalanced when it is booked: somebody changed rows. Keep a copy before anything else.",
            command="asiento trial-balance",
        ),
        Cause(
            word="outside",
            severity=Severity.TICKET,
            expression="sum by (connection, difference) (asiento_reconcile_findings) > 0",
            hold_seconds=10,
            summary="Documents in {{ $labels.connection }} are not as they were posted, {{ $labels.difference }}: {{ $value }}",
            summary_es="Hay documentos en {{ $labels.connection }} que no están como se enviaron, {{ $labels.difference }}: {{ $value }}",
            first="Read the ledger back again: each difference comes with the lines that would correct it.",
            command="asiento reconcile {{ $labels.connection }} --dry-run",
        ),
    ),
)

UNACCOUNTED: Final = Alert(
    name="AsientoRecordsUnaccounted",
    board=Board.PIPELINE,
    causes=(
        Cause(
            word="unaccounted",
            severity=Severity.PAGE,
            expression="sum by (partition) (asiento_unaccounted_records) > 0",
            hold_seconds=20,
            summary="Records of partition {{ $labels.partition }} were consumed and have no outcome: {{ $value }}",
            summary_es="Hay registros consumidos de la partición {{ $labels.partition }} sin resultado: {{ $value }}",
            first="A promise is broken. Keep logs and topics as they are, and compare offsets with outcomes.",
            command="asiento verify --offsets",
        ),
    ),
)

DEAD: Final = Alert(
    name="AsientoDeadLetters",
    board=Board.DISCREPANCIES,
    causes=(
        Cause(
            word="open",
            severity=Severity.TICKET,
            expression='sum by (code) (asiento_open_items{kind="dead_letter"}) > 0',
            hold_seconds=10,
            summary="Records refused as {{ $labels.code }} that wait for a person: {{ $value }}",
            summary_es="Registros rechazados como {{ $labels.code }} que esperan a una persona: {{ $value }}",
            first="Look at one of them: it says what is wrong with it and how it is mended.",
            command="asiento dlq list --reason {{ $labels.code }}",
        ),
        Cause(
            word="burst",
            severity=Severity.PAGE,
            expression=f"{DEAD_LETTERS.name} - min_over_time({DEAD_LETTERS.name}[5m]) > {BURST_RECORDS}",
            hold_seconds=0,
            summary="Records refused within five minutes: {{ $value }}",
            summary_es="Registros rechazados en cinco minutos: {{ $value }}",
            first="A producer sends what nobody can read. Find out which one, and have it stop before it is mended.",
            command="asiento dlq list",
        ),
    ),
)

DISCREPANCIES: Final = Alert(
    name="AsientoDiscrepancyCritical",
    board=Board.DISCREPANCIES,
    causes=(
        Cause(
            word="critical",
            severity=Severity.PAGE,
            expression='sum by (code) (asiento_discrepancies_open{severity="critical"}) > 0',
            hold_seconds=10,
            summary="Critical discrepancies of code {{ $labels.code }} that are open: {{ $value }}",
            summary_es="Discrepancias críticas abiertas de código {{ $labels.code }}: {{ $value }}",
            first="Look at one of them: it shows both sides, the difference, and what to do.",
            command="asiento discrepancies list --code {{ $labels.code }}",
        ),
        Cause(
            word="high",
            severity=Severity.TICKET,
            expression='sum by (code) (asiento_discrepancies_open{severity="high"}) > 0',
            hold_seconds=30,
            summary="Grave discrepancies of code {{ $labels.code }} that are open: {{ $value }}",
            summary_es="Discrepancias graves abiertas de código {{ $labels.code }}: {{ $value }}",
            first="Look at one of them: it shows both sides, the difference, and what to do. Many heal when a late event arrives.",
            command="asiento discrepancies list --code {{ $labels.code }}",
        ),
    ),
)


def parked(seconds_max: int) -> Alert:
    """Events that wait for others for longer than that; how long is too long depends on the sources."""
    cause = Cause(
        word="parked",
        severity=Severity.TICKET,
        expression=f'max by (code) (asiento_open_items_oldest_seconds{{kind="parked"}}) > {seconds_max}',
        hold_seconds=10,
        summary="An event waits for another one since {{ $value | humanizeDuration }} ({{ $labels.code }})",
        summary_es="Un evento espera a otro desde hace {{ $value | humanizeDuration }} ({{ $labels.code }})",
        first="See what it waits for: mostly an event that its source never sent, or sent under another key.",
        command="asiento events list",
    )
    return Alert(name="AsientoParkedTooLong", board=Board.DISCREPANCIES, causes=(cause,))


ALERTS: Final = (NOT_FLOWING, DIFFERENCE, UNACCOUNTED, DEAD, DISCREPANCIES)
