-- The ledger in PostgreSQL: the same rows as the embedded one (sinks/sqlite_ledger/migrations), in a schema of its own. What is
-- booked is never changed, moved or removed; a mistake is reversed by a new entry. 0002 protects the tables that are made here,
-- 0003 makes the functions that move what has to move.

-- One row per version of this schema; who runs an older program is refused.
CREATE TABLE asiento_ledger.ledger_version (
    version    INTEGER     NOT NULL PRIMARY KEY CHECK (version >= 1),
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- One row per entry. entry_no is the order of booking, chain_hash its link in the partition's chain (docs/adr/0009).
CREATE TABLE asiento_ledger.entry (
    entry_no          BIGINT           NOT NULL CHECK (entry_no >= 1),
    entry_id          TEXT COLLATE "C" NOT NULL,
    content_hash      TEXT COLLATE "C" NOT NULL CHECK (length(content_hash) = 64),
    entry_kind        TEXT COLLATE "C" NOT NULL,
    part              TEXT COLLATE "C" NOT NULL,
    entry_seq         BIGINT           NOT NULL,
    tenant            TEXT COLLATE "C" NOT NULL,
    legal_entity      TEXT COLLATE "C" NOT NULL,
    order_key         TEXT COLLATE "C" NOT NULL,
    event_id          TEXT COLLATE "C" NOT NULL,
    event_type        TEXT COLLATE "C" NOT NULL,
    source            TEXT COLLATE "C" NOT NULL,
    channel           TEXT COLLATE "C" NOT NULL,
    occurred_at       BIGINT           NOT NULL,                         -- UTC microseconds
    business_date     TEXT COLLATE "C" NOT NULL,
    posting_date      TEXT COLLATE "C" NOT NULL,
    late              INTEGER          NOT NULL CHECK (late IN (0, 1)),
    currency          TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    currency_exponent INTEGER          NOT NULL CHECK (currency_exponent BETWEEN 0 AND 4),
    posting_count     INTEGER          NOT NULL CHECK (posting_count >= 2),
    document_ref      TEXT COLLATE "C",
    reverses          TEXT COLLATE "C",
    rule              TEXT COLLATE "C" NOT NULL,
    policy_version    INTEGER          NOT NULL,
    memo              TEXT COLLATE "C" NOT NULL,
    stream_partition  INTEGER          NOT NULL CHECK (stream_partition >= 0),
    stream_offset     BIGINT           NOT NULL CHECK (stream_offset >= 0),
    booked_at         BIGINT           NOT NULL,                         -- UTC microseconds
    chain_hash        TEXT COLLATE "C" NOT NULL CHECK (length(chain_hash) = 64),
    seal              TEXT COLLATE "C" NOT NULL CHECK (length(seal) = 64),
    CONSTRAINT entry_no_once PRIMARY KEY (entry_no),
    CONSTRAINT entry_once UNIQUE (entry_id)
);
CREATE UNIQUE INDEX entry_reversed_once ON asiento_ledger.entry (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX entry_of_order ON asiento_ledger.entry (order_key, entry_seq);

-- One row per debit or credit leg, in minor units of the entry's currency. Its entry is there first: 0002.
CREATE TABLE asiento_ledger.posting (
    entry_no    BIGINT           NOT NULL,
    line        INTEGER          NOT NULL CHECK (line >= 1),
    account     TEXT COLLATE "C" NOT NULL CHECK (account <> ''),
    side        TEXT COLLATE "C" NOT NULL CHECK (side IN ('DEBIT', 'CREDIT')),
    amount      BIGINT           NOT NULL CHECK (amount > 0),
    book_amount BIGINT,
    dimensions  TEXT COLLATE "C" NOT NULL CHECK (json_typeof(dimensions::json) = 'object'),
    CONSTRAINT posting_once PRIMARY KEY (entry_no, line)
);

-- The business document an entry stands for. Its entry is there first: 0002.
CREATE TABLE asiento_ledger.document (
    entry_no     BIGINT           NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL CHECK (kind IN ('INVOICE', 'CREDIT_NOTE', 'PAYMENT', 'REFUND')),
    document_ref TEXT COLLATE "C" NOT NULL,
    body         TEXT COLLATE "C" NOT NULL CHECK (json_typeof(body::json) = 'object'),
    CONSTRAINT document_once PRIMARY KEY (entry_no)
);

-- Entries that came again under a booked id with other content: kept here for a person, never booked. after_entry_no is the
-- entry booked last when the conflict was seen; it gives entries and conflicts one order.
CREATE TABLE asiento_ledger.entry_conflict (
    conflict_no         BIGINT           NOT NULL CHECK (conflict_no >= 1),
    entry_id            TEXT COLLATE "C" NOT NULL,
    booked_content_hash TEXT COLLATE "C" NOT NULL,
    content_hash        TEXT COLLATE "C" NOT NULL CHECK (content_hash <> booked_content_hash),
    entry               TEXT COLLATE "C" NOT NULL CHECK (json_typeof(entry::json) = 'object'),
    stream_partition    INTEGER          NOT NULL,
    stream_offset       BIGINT           NOT NULL,
    seen_at             BIGINT           NOT NULL,                       -- UTC microseconds
    after_entry_no      BIGINT           NOT NULL CHECK (after_entry_no >= 0),
    seal                TEXT COLLATE "C" NOT NULL CHECK (length(seal) = 64),
    CONSTRAINT conflict_no_once PRIMARY KEY (conflict_no)
);

-- How far each partition of the one entries topic is booked, and the head of its chain; moved in the transaction that books.
CREATE TABLE asiento_ledger.source_offset (
    cluster_id   TEXT COLLATE "C" NOT NULL,
    topic        TEXT COLLATE "C" NOT NULL,
    topic_id     TEXT COLLATE "C" NOT NULL,
    partition    INTEGER          NOT NULL CHECK (partition >= 0),
    next_offset  BIGINT           NOT NULL CHECK (next_offset >= 0),
    chain_length BIGINT           NOT NULL CHECK (chain_length >= 0),
    chain_hash   TEXT COLLATE "C" NOT NULL CHECK (length(chain_hash) = 64),
    seal         TEXT COLLATE "C" NOT NULL CHECK (length(seal) = 64),
    CONSTRAINT offset_once PRIMARY KEY (partition)
);

-- One row: the entry and the conflict up to which acks are published. Entries and conflicts are their own outbox.
CREATE TABLE asiento_ledger.ack_cursor (
    cursor_no   INTEGER          NOT NULL CHECK (cursor_no = 1),
    entry_no    BIGINT           NOT NULL CHECK (entry_no >= 0),
    conflict_no BIGINT           NOT NULL CHECK (conflict_no >= 0),
    seal        TEXT COLLATE "C" NOT NULL CHECK (length(seal) = 64),
    CONSTRAINT cursor_once PRIMARY KEY (cursor_no)
);

-- Every leg with its entry's date, currency and sign (debit positive): what reports add up.
CREATE VIEW asiento_ledger.journal AS
SELECT entry.entry_no, entry.entry_id, entry.order_key, entry.posting_date, entry.currency, entry.currency_exponent,
       posting.line, posting.account,
       CASE posting.side WHEN 'DEBIT' THEN posting.amount ELSE -posting.amount END AS signed_amount
FROM asiento_ledger.entry JOIN asiento_ledger.posting ON posting.entry_no = entry.entry_no;
