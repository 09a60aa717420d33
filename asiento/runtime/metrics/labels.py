"""The closed sets that labels come from. A label that could say anything would be a series for anything."""

from typing import Final

from asiento.runtime.metrics.declaring import Label

# Named by the settings or the shape of an installation.
GROUP: Final = Label(meaning="consumer group: one of each kind of process, named by `ASIENTO_APP_ID`, and one of each ledger connection")
TOPIC: Final = Label(meaning="topic of the catalogue as the broker knows it, `ASIENTO_TOPIC_PREFIX` included; the changelog of its table")
CATALOGUE_TOPIC: Final = Label(meaning="topic by its name in the catalogue")
PARTITION: Final = Label(meaning="partition, from 0 to `ASIENTO_PARTITIONS` - 1")
DISK_PLACE: Final = Label(
    meaning="what lies on the disk: a ledger, operational database or database of postings in a file, the gateway's spool, the data"
    " directory of `asiento up` with its broker",
    values=("ledger", "operational", "postings", "spool", "data"),
)
PROCESS: Final = Label(meaning="a child of `asiento up`, by its name there")
EXPORTER: Final = Label(meaning="kind of process", source="asiento.runtime.metrics.declaring:LASTING")
VERSION: Final = Label(meaning="version of the program")
LEDGER: Final = Label(meaning="`ledger` for the embedded one, else the name of the connection")
LEDGER_KIND: Final = Label(meaning="kind of the embedded ledger's database", values=("sqlite", "postgresql"))
LEDGER_OR_KIND: Final = Label(meaning="kind of the embedded ledger's database, or the name of the connection")
CONNECTION: Final = Label(meaning="ledger connection of `ASIENTO_LEDGER_CONNECTIONS`, by its name")
PLATFORM: Final = Label(meaning="platform that has a mapper, by its name; of a mapper of one's own, what its file says")
TENANT: Final = Label(meaning="tenant of the gateway's configuration; empty for requests to no source")
SOURCE: Final = Label(meaning="source of the gateway's configuration; empty for requests to no source")

CURRENCY: Final = Label(meaning="ISO 4217 code of a currency that entries have; at most 30 are shown")
RESTING_ACCOUNT: Final = Label(
    meaning="account whose role must come to rest ([tie-out](../tie-out.md)), with its gateway or channel; at most 200 are shown"
)

# Words of the program.
OUTCOME: Final = Label(meaning="outcome of an event", source="schemas.decisions:OUTCOMES")
REFUSAL: Final = Label(meaning="why a record is refused", source="schemas.refusal:REASONS")
ENTRY_KIND: Final = Label(
    meaning="kind of journal entry: one for each posting rule, [accounting](../spec/accounting.md)",
    source="schemas.wording.texts_of_rules:ENTRY_KINDS",
)
CODE: Final = Label(meaning="code of a discrepancy", source="schemas.wording.messages:CODES")
SEVERITY: Final = Label(meaning="how grave", values=("low", "medium", "high", "critical"))
DISCREPANCY_STATE: Final = Label(meaning="what happened to it", values=("OPEN", "RESOLVED"))
TRANSACTION_RESULT: Final = Label(meaning="how it ended", values=("committed", "failed"))
WORKER_TRANSACTION_RESULT: Final = Label(
    meaning="how it ended; what fails ends the worker and is counted as a restart", values=("committed",)
)
CHUNK_REFUSAL: Final = Label(meaning="why", values=("old_epoch", "unexpected_start", "stalled"))
SCHEMA_ID_RESULT: Final = Label(meaning="what was decided", values=("adopted", "not_ours", "unknown", "unreachable"))
REGISTRY_RESULT: Final = Label(meaning="how the registry answered", values=("answered", "refused", "unreachable"))
DEATH_AT: Final = Label(meaning="what was in work", values=("chunk", "record"))
RAW_OUTCOME: Final = Label(meaning="what a payload came to", values=("events", "waiting", "refetch", "unchanged", "nothing", "refused"))
PRIVACY_KIND: Final = Label(meaning="what is asked", values=("access", "erase_customer", "erase_shop"))
FETCH_RESULT: Final = Label(meaning="how the platform answered", values=("fetched", "gone", "again", "not_configured"))
BOOK_RESULT: Final = Label(meaning="what became of an entry", source="sinks.ledger:BookResult")
ACK_STATUS: Final = Label(meaning="what the ledger says of an entry", source="schemas.acks:ACK_STATUSES")
DEADLINE_KIND: Final = Label(meaning="kind of deadline", values=("PARKED", "UNPAID", "UNSHIPPED", "UNREFUNDED"))
OPEN_KIND: Final = Label(meaning="what waits for a person", values=("parked", "rejected", "discrepancy", "dead_letter", "proposal"))
OPEN_CODE: Final = Label(meaning="why: a code of a discrepancy, or of dead letters a reason of refusal; empty for proposals")
POSTING_STATE: Final = Label(meaning="where a document stands", values=("planned", "sending", "uncertain", "posted", "parked", "rejected"))
PARK_REASON: Final = Label(meaning="why it waits; empty where it does not", source="sinks.posting.rows:ParkReason", values=("",))
CALL: Final = Label(meaning="what the call was for", values=("ask", "find", "post", "periods"))
CALL_RESULT: Final = Label(
    meaning="how the call ended", values=("answered", "auth_refused", "quota_spent", "throttled", "not_sent", "uncertain")
)
DIFFERENCE: Final = Label(meaning="how ledger and books differ", source="sinks.reconciler.findings:Difference")
TIE_OUT_DIFFERENCE: Final = Label(meaning="how the ledger differs from the stream", source="sinks.tie_out.comparison:DifferenceKind")
PAUSE: Final = Label(meaning="why the whole connection pauses", source="sinks.posting.sending_store:PAUSES")
GATEWAY_RESULT: Final = Label(
    meaning="how the request was answered", source="sources.gateway.answers:CODES", values=("stored", "spooled", "repeated", "greeted")
)
SIGNATURE_FAILURE: Final = Label(meaning="what was wrong with the proof", source="sources.gateway.verifiers.verdict:REFUSAL_REASONS")
FAULT: Final = Label(meaning="kind of problem, [verify](../verify.md)", source="sinks.verify.report:FAULTS")
