"""What the product writes: entries, decisions, discrepancies, dead letters, acks, and what operators did."""

from schemas.declared.parts import LIABLE_PARTY
from schemas.declared.words import (
    BOOL,
    BYTES,
    DATE,
    INT,
    LABEL,
    LONG,
    TEXT,
    TIME,
    UUID,
    Declared,
    array,
    enum,
    mapping,
    optional,
    record,
    required,
)

NAMESPACE = "asiento.accounting.v1"
MINOR = {"type": "long", "format": "signed_money"}
MICRO = {"type": "long", "format": "signed_quantity"}
OUTCOMES = ("posted", "duplicate", "conflict", "deferred", "rejected", "ignored", "dead_letter")
OUTCOME = enum("RecordResult", *OUTCOMES, doc="What became of a record.")

POSTING = record(
    "Posting",
    "One debit or credit leg.",
    required("account", TEXT, "Account role with qualifiers; each ledger maps it to its chart."),
    required("side", enum("Side", "DEBIT", "CREDIT", doc="Side of the account."), "Side of the account."),
    required("amount", MINOR, "Minor units, above 0."),
    optional("book_amount", MINOR, "In the book currency, minor units."),
    required("dimensions", mapping(LABEL), "channel, store, warehouse, category, tax_code, tax_rate."),
)

DOCUMENT = record(
    "Document",
    "The business document an entry stands for.",
    required("kind", enum("DocumentKind", "INVOICE", "CREDIT_NOTE", "PAYMENT", "REFUND", doc="Kind of document."), "Kind of document."),
    required("document_ref", TEXT, "Our reference; the legal number comes back in the acks."),
    required("refers_to", array(TEXT), "References of the documents it is about."),
    optional("customer_ref", TEXT, "Opaque pseudonym of the customer."),
    optional("due_date", DATE, "Day it is due."),
    required(
        "lines",
        array(
            record(
                "DocumentLine",
                "One line of a document.",
                optional("line_id", TEXT, "The order line."),
                optional("sku", TEXT, "Article number of the seller."),
                optional("description", LABEL, "Of the product."),
                required("quantity", MICRO, "Micro-units."),
                optional("unit_price", TEXT, "Major units, as ordered."),
                required("net", MINOR, "After discount, without tax."),
                required("discount", MINOR, "Without tax."),
                required(
                    "taxes",
                    array(
                        record(
                            "DocumentTax",
                            "One tax of a document line.",
                            required("jurisdiction", TEXT, "Who levies it."),
                            required("type", TEXT, "Kind of tax."),
                            required("code", TEXT, "The source's code."),
                            required("rate", TEXT, "Fraction."),
                            required("amount", MINOR, "Minor units."),
                            required("liable_party", LIABLE_PARTY, "Who owes it."),
                        )
                    ),
                    "Taxes of the line.",
                ),
            )
        ),
        "Lines of the document.",
    ),
    required(
        "totals",
        record(
            "DocumentTotals",
            "net + tax = gross.",
            required("net", MINOR, "Without tax."),
            required("tax", MINOR, "Taxes."),
            required("gross", MINOR, "With tax."),
        ),
        "Totals of the document.",
    ),
    required("fiscal", mapping(LABEL), "What an e-invoicing provider needs."),
)

JOURNAL_ENTRY = record(
    "JournalEntry",
    "One whole balanced entry.",
    required("entry_id", UUID, "Derived from event, kind and part: the same for ever."),
    required("entry_kind", TEXT, "capture, invoice, apply, cost, refund, ..."),
    required("part", LABEL, "Tender id or reversed entry id; else empty."),
    required("entry_seq", LONG, "1, 2, 3 ... per order."),
    required("tenant", TEXT, "Whose books."),
    required("legal_entity", LABEL, "Whose ledger."),
    required("order_key", TEXT, "tenant:source:order_id."),
    required("event_id", UUID, "The event that caused it."),
    required("event_type", TEXT, "Its record name."),
    required("source", TEXT, "platform:connection."),
    required("channel", LABEL, "Where it was sold."),
    required("occurred_at", TIME, "When the fact happened."),
    required("business_date", DATE, "Its day in the entity's time zone."),
    required("posting_date", DATE, "Day it is booked on."),
    required("late", BOOL, "True: received after the close."),
    required("currency", TEXT, "ISO 4217 code."),
    required("currency_exponent", INT, "Decimal places of the currency."),
    required("postings", array(POSTING), "Debits first, then by account name; sums to 0."),
    optional("document", DOCUMENT, "On invoice, credit_note, capture and refund."),
    optional("reverses", UUID, "The entry it reverses."),
    required("rule", TEXT, "Function that made it."),
    required("policy_version", INT, "Policy that decided it."),
    required("memo", LABEL, "For people."),
    required("content_hash", TEXT, "SHA-256 over what must never change, 64 hex digits."),
    namespace=NAMESPACE,
)

DECISION_BATCH = record(
    "DecisionBatch",
    "One processed chunk of one partition: what became of every record in it.",
    required("topic", TEXT, "Source topic."),
    required("partition", INT, "Source partition."),
    required("first_offset", LONG, "Fetch position."),
    required("next_offset", LONG, "Where the next chunk starts."),
    required(
        "outcomes",
        array(
            record(
                "RecordOutcome",
                "What became of one record.",
                required("offset", LONG, "Source offset."),
                optional("event_id", UUID, "Absent where the record could not be read."),
                optional("order_key", TEXT, "Absent where the record could not be read."),
                required("outcome", OUTCOME, "What became of it."),
                optional("code", TEXT, "Check or reason."),
                required("entry_ids", array(UUID), "Entries it made, in order of posting."),
            )
        ),
        "In offset order.",
    ),
    required(
        "healed",
        array(
            record(
                "HealedOutcome",
                "A parked event judged again.",
                required("event_id", UUID, "The parked event."),
                required("outcome", OUTCOME, "What became of it."),
                optional("code", TEXT, "Check or reason."),
                required("entry_ids", array(UUID), "Entries it made, in order of posting."),
            )
        ),
        "Parked events that were judged again in this chunk.",
    ),
    required("worker", TEXT, "Who processed it."),
    required("decided_at", TIME, "When."),
    namespace=NAMESPACE,
)

DISCREPANCY = record(
    "Discrepancy",
    "Something a person should know; messages are rendered from code and parameters.",
    required("discrepancy_id", UUID, "Derived from code and event or entry."),
    required("code", TEXT, "D01 ... of the checks."),
    required("severity", enum("Severity", "low", "medium", "high", "critical", doc="How bad."), "How bad."),
    required("order_key", TEXT, "The order."),
    optional("event_id", UUID, "The event that shows it."),
    optional("entry_id", UUID, "The entry that shows it."),
    optional("account", TEXT, "Account it is about."),
    optional("expected", MINOR, "Minor units."),
    optional("actual", MINOR, "Minor units."),
    optional("currency", TEXT, "ISO 4217 code."),
    required("parameters", mapping(LABEL), "For the message."),
    required("raised_at", TIME, "received_at of the event that shows it."),
    required("state", enum("DiscrepancyState", "OPEN", "RESOLVED", doc="Whether it stands."), "Whether it stands."),
    namespace=NAMESPACE,
)

DEAD_LETTER = record(
    "DeadLetter",
    "A record that never reached the core, as it came; replayable.",
    required("topic", TEXT, "Source topic."),
    required("partition", INT, "Source partition."),
    required("offset", LONG, "Source offset."),
    optional("key", BYTES, "Raw key."),
    optional("value", BYTES, "Raw value."),
    required(
        "headers",
        array(
            record(
                "Header",
                "One Kafka header.",
                required("key", LABEL, "Header name."),
                optional("value", BYTES, "Raw value."),
            )
        ),
        "Headers in their order.",
    ),
    required("reason", TEXT, "Refusal reason code."),
    required("detail", LABEL, "For people: where and what; never the content."),
    optional("schema_id", INT, "Id in the framing, where there was one."),
    required("first_seen_at", TIME, "When it was refused."),
    required("worker_version", TEXT, "Version that refused it."),
    namespace=NAMESPACE,
)

ACK = record(
    "Ack",
    "What a ledger did with an entry.",
    required("entry_id", UUID, "The entry."),
    required("ledger", TEXT, "The ledger."),
    required("status", enum("AckStatus", "POSTED", "PARKED", "REJECTED", "UNCERTAIN", doc="What became of it."), "What became of it."),
    optional("remote_id", TEXT, "The ledger's own id."),
    optional("document_number", TEXT, "Legal number of the document."),
    optional("reason", LABEL, "Why not."),
    required("at", TIME, "When."),
    optional("chain_hash", TEXT, "Head of the ledger's hash chain of this partition after the entry, 64 hex digits."),
    namespace=NAMESPACE,
)

OPERATOR_ACTION = record(
    "OperatorAction",
    "What a person did about something that the stream could not settle; never changed, never removed.",
    required("action_id", UUID, "Derived from the other fields: sent twice, it is the same action."),
    required(
        "kind",
        enum("ActionKind", "ASSIGN", "RESOLVE", "REOPEN", "PROPOSE", "APPROVE", "REFUSE", "REPLAY", doc="What was done."),
        "What was done.",
    ),
    required(
        "subject_kind",
        enum("SubjectKind", "DISCREPANCY", "EVENT", "DEAD_LETTER", doc="What it was done about."),
        "What it was done about.",
    ),
    required("subject", TEXT, "discrepancy_id, event_id, or topic/partition/offset of the refused record."),
    optional("order_key", TEXT, "The order, where it is known."),
    required("actor", TEXT, "Who did it: the name or pseudonym that the operator's login has."),
    required("reason", LABEL, "Why, in the operator's words."),
    required("at", TIME, "When."),
    optional("assignee", TEXT, "ASSIGN: who looks after it from now on."),
    optional("refers_to", UUID, "APPROVE and REFUSE: the action_id of the PROPOSE."),
    optional("sent_event_id", UUID, "The event that was sent, or would be: a JournalPosted, a mended or replayed event."),
    optional("event", LABEL, "PROPOSE: the event to be sent once approved, as its JSON twin."),
    namespace=NAMESPACE,
)

SOURCES_NAMESPACE = "asiento.sources.v1"

RAW_RECORD = record(
    "RawRecord",
    "What a platform said, byte for byte, before anything is understood of it. Holds personal data.",
    required("source_topic", TEXT, "What kind of payload it is, in the platform's words: `orders/create`, `charge.refunded`."),
    required(
        "origin",
        enum("RawOrigin", "WEBHOOK", "POLL", "FETCH", "FILE", "REST", "LINK", doc="How it came."),
        "How it came; LINK is made by the normalizer: a shop's order and the payment at a provider that pays it.",
    ),
    required("signature", enum("RawSignature", "VERIFIED", "UNSIGNED", doc="Who vouches for it."), "Whether a signature was checked."),
    optional("transport_id", TEXT, "The delivery's own id, where the platform gives one."),
    required("content_type", TEXT, "Media type of the body."),
    required("received_at", TIME, "When it came."),
    required("body", BYTES, "The body as it came; empty where a fetch failed."),
    optional("fetch_error", LABEL, "FETCH: why nothing could be had, for good."),
    optional("fetch_depth", INT, "FETCH: how many payloads in a row only pointed at the next one."),
    namespace=SOURCES_NAMESPACE,
)

FETCH_REQUEST = record(
    "FetchRequest",
    "A payload that only points at what it is about: the object to fetch; the answer is a raw record with the same key.",
    required("request_id", UUID, "Derived from what is asked for and why: asked twice, it is the same request."),
    required("source_topic", TEXT, "Under which topic the answer is to be read."),
    required("resource", TEXT, "Kind of object and its id, as the platform names them: `order/450789469`."),
    required("reason", LABEL, "Why the payload was not enough."),
    required("depth", INT, "How many payloads in a row only pointed at the next one, from 1."),
    required("asked_at", TIME, "Arrival of the payload that asks."),
    namespace=SOURCES_NAMESPACE,
)

OUTPUTS: tuple[Declared, ...] = (
    JOURNAL_ENTRY,
    DECISION_BATCH,
    DISCREPANCY,
    DEAD_LETTER,
    ACK,
    OPERATOR_ACTION,
    RAW_RECORD,
    FETCH_REQUEST,
)
