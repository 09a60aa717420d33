-- The embedded ledger. Append-only: what is booked is never changed, moved or removed; a mistake is reversed by a
-- new entry. The order of writing is postings and document first, the entry last. The entry is the seal: it is
-- refused unless its postings are all there and add up to 0, and nothing can be put under a seal afterwards.

-- One row per entry. entry_no is the order of booking.
CREATE TABLE entry (
    entry_no          INTEGER PRIMARY KEY,
    entry_id          TEXT    NOT NULL,
    content_hash      TEXT    NOT NULL CHECK (length(content_hash) = 64),
    entry_kind        TEXT    NOT NULL,
    part              TEXT    NOT NULL,
    entry_seq         INTEGER NOT NULL,
    tenant            TEXT    NOT NULL,
    legal_entity      TEXT    NOT NULL,
    order_key         TEXT    NOT NULL,
    event_id          TEXT    NOT NULL,
    event_type        TEXT    NOT NULL,
    source            TEXT    NOT NULL,
    channel           TEXT    NOT NULL,
    occurred_at       INTEGER NOT NULL,                                  -- UTC microseconds
    business_date     TEXT    NOT NULL,
    posting_date      TEXT    NOT NULL,
    late              INTEGER NOT NULL CHECK (late IN (0, 1)),
    currency          TEXT    NOT NULL CHECK (length(currency) = 3),
    currency_exponent INTEGER NOT NULL CHECK (currency_exponent BETWEEN 0 AND 4),
    posting_count     INTEGER NOT NULL CHECK (posting_count >= 2),
    document_ref      TEXT,
    reverses          TEXT,
    rule              TEXT    NOT NULL,
    policy_version    INTEGER NOT NULL,
    memo              TEXT    NOT NULL,
    stream_partition  INTEGER NOT NULL,
    stream_offset     INTEGER NOT NULL,
    booked_at         INTEGER NOT NULL                                   -- UTC microseconds
) STRICT;

CREATE UNIQUE INDEX entry_once ON entry (entry_id);
CREATE UNIQUE INDEX entry_reversed_once ON entry (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX entry_of_order ON entry (order_key, entry_seq);

-- One row per debit or credit leg, in minor units of the entry's currency.
CREATE TABLE posting (
    entry_no    INTEGER NOT NULL REFERENCES entry DEFERRABLE INITIALLY DEFERRED,
    line        INTEGER NOT NULL CHECK (line >= 1),
    account     TEXT    NOT NULL CHECK (account <> ''),
    side        TEXT    NOT NULL CHECK (side IN ('DEBIT', 'CREDIT')),
    amount      INTEGER NOT NULL CHECK (amount > 0),
    book_amount INTEGER,
    dimensions  TEXT    NOT NULL CHECK (json_valid(dimensions)),
    PRIMARY KEY (entry_no, line)
) STRICT, WITHOUT ROWID;

-- The business document an entry stands for.
CREATE TABLE document (
    entry_no     INTEGER PRIMARY KEY REFERENCES entry DEFERRABLE INITIALLY DEFERRED,
    kind         TEXT NOT NULL CHECK (kind IN ('INVOICE', 'CREDIT_NOTE', 'PAYMENT', 'REFUND')),
    document_ref TEXT NOT NULL,
    body         TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

-- Entries that came again under a booked id with other content: kept here for a person, never booked.
CREATE TABLE entry_conflict (
    conflict_no         INTEGER PRIMARY KEY,
    entry_id            TEXT    NOT NULL,
    booked_content_hash TEXT    NOT NULL,
    content_hash        TEXT    NOT NULL CHECK (content_hash <> booked_content_hash),
    entry               TEXT    NOT NULL CHECK (json_valid(entry)),
    stream_partition    INTEGER NOT NULL,
    stream_offset       INTEGER NOT NULL,
    seen_at             INTEGER NOT NULL
) STRICT;

-- How far each partition of the one entries topic is booked; moved in the transaction that books.
CREATE TABLE source_offset (
    cluster_id  TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    topic_id    TEXT    NOT NULL,
    partition   INTEGER NOT NULL,
    next_offset INTEGER NOT NULL CHECK (next_offset >= 0),
    PRIMARY KEY (partition)
) STRICT;

-- Every leg with its entry's date, currency and sign (debit positive): what reports add up.
CREATE VIEW journal AS
SELECT entry.entry_no, entry.entry_id, entry.order_key, entry.posting_date, entry.currency, entry.currency_exponent,
       posting.line, posting.account,
       CASE posting.side WHEN 'DEBIT' THEN posting.amount ELSE -posting.amount END AS signed_amount
FROM entry JOIN posting USING (entry_no);

-- The seal. The first two checks also stop INSERT OR REPLACE, which removes rows without any DELETE trigger.
CREATE TRIGGER entry_is_sealed BEFORE INSERT ON entry
BEGIN
    SELECT RAISE(ABORT, 'entry_id is booked already') WHERE EXISTS (SELECT 1 FROM entry WHERE entry_id = NEW.entry_id);
    SELECT RAISE(ABORT, 'entry_no is taken') WHERE EXISTS (SELECT 1 FROM entry WHERE entry_no = NEW.entry_no);
    SELECT RAISE(ABORT, 'entry was reversed already')
        WHERE NEW.reverses IS NOT NULL AND EXISTS (SELECT 1 FROM entry WHERE reverses = NEW.reverses);
    SELECT RAISE(ABORT, 'debits and credits of the entry differ') WHERE
        (SELECT coalesce(sum(CASE side WHEN 'DEBIT' THEN amount ELSE -amount END), 1) FROM posting WHERE entry_no = NEW.entry_no) <> 0;
    SELECT RAISE(ABORT, 'the entry names another number of postings than it has') WHERE
        (SELECT count(*) FROM posting WHERE entry_no = NEW.entry_no) <> NEW.posting_count;
    SELECT RAISE(ABORT, 'the entry names another document than it has') WHERE
        (SELECT document_ref FROM document WHERE entry_no = NEW.entry_no) IS NOT NEW.document_ref;
END;

CREATE TRIGGER posting_before_its_entry BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM entry WHERE entry_no = NEW.entry_no)
    OR EXISTS (SELECT 1 FROM posting WHERE entry_no = NEW.entry_no AND line = NEW.line)
BEGIN SELECT RAISE(ABORT, 'a posting cannot be added to a booked entry'); END;

CREATE TRIGGER document_before_its_entry BEFORE INSERT ON document
WHEN EXISTS (SELECT 1 FROM entry WHERE entry_no = NEW.entry_no) OR EXISTS (SELECT 1 FROM document WHERE entry_no = NEW.entry_no)
BEGIN SELECT RAISE(ABORT, 'a document cannot be added to a booked entry'); END;

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'booked entries are never changed: book a reversal'); END;
CREATE TRIGGER entry_is_never_removed BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'booked entries are never removed: book a reversal'); END;
CREATE TRIGGER posting_is_never_changed BEFORE UPDATE ON posting
BEGIN SELECT RAISE(ABORT, 'postings are never changed: book a reversal'); END;
CREATE TRIGGER posting_is_never_removed BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'postings are never removed: book a reversal'); END;
CREATE TRIGGER document_is_never_changed BEFORE UPDATE ON document
BEGIN SELECT RAISE(ABORT, 'documents are never changed: book a reversal'); END;
CREATE TRIGGER document_is_never_removed BEFORE DELETE ON document
BEGIN SELECT RAISE(ABORT, 'documents are never removed: book a reversal'); END;
CREATE TRIGGER conflict_is_never_changed BEFORE UPDATE ON entry_conflict
BEGIN SELECT RAISE(ABORT, 'recorded conflicts are never changed'); END;
CREATE TRIGGER conflict_is_never_removed BEFORE DELETE ON entry_conflict
BEGIN SELECT RAISE(ABORT, 'recorded conflicts are never removed'); END;
CREATE TRIGGER offset_only_moves_forward BEFORE UPDATE ON source_offset
WHEN NEW.next_offset < OLD.next_offset OR NEW.partition <> OLD.partition OR NEW.topic <> OLD.topic
    OR NEW.topic_id <> OLD.topic_id OR NEW.cluster_id <> OLD.cluster_id
BEGIN SELECT RAISE(ABORT, 'a source offset only moves forward'); END;
CREATE TRIGGER offset_is_never_removed BEFORE DELETE ON source_offset
BEGIN SELECT RAISE(ABORT, 'source offsets are never removed'); END;
CREATE TRIGGER offset_is_never_replaced BEFORE INSERT ON source_offset
WHEN EXISTS (SELECT 1 FROM source_offset WHERE partition = NEW.partition)
BEGIN SELECT RAISE(ABORT, 'the partition has its offset already'); END;
