-- The database of postings: what was taken from the entries topic for each ledger outside, which documents it became, and how far each
-- of these got. It cannot be made again from the topics: only here stands that a request has left, so it is backed up (docs/posting.md).
--
-- One text for SQLite and PostgreSQL. {text} is text compared by its bytes, {bytes} bytes, {clustered} keeps a table of short rows in the
-- order of its key where the database can, {number} numbers rows as they come. Times are UTC microseconds. Every transaction that writes
-- for a connection changes its row in posting_connection first, so that writers of one connection come one after another.

-- Which version of these scripts the database has.
CREATE TABLE posting_version (version BIGINT NOT NULL PRIMARY KEY);

-- A connection. changes: counts its transactions. mapping_digest: of the mapping that entries were last planned with. doubted_since: a
-- person has said that documents may stand there of which nothing is known here. paused_until: no call before, pause_reason and
-- pause_message say why.
CREATE TABLE posting_connection (
    connection     {text} NOT NULL PRIMARY KEY,
    changes        BIGINT NOT NULL,
    mapping_digest {text},
    doubted_since  BIGINT,
    paused_until   BIGINT,
    pause_reason   {text},
    pause_message  {text}
) {clustered};

-- How far each partition of the entries topic was taken; moved in the transaction that writes the rows.
CREATE TABLE posting_offset (
    connection  {text} NOT NULL,
    partition   BIGINT NOT NULL,
    cluster_id  {text} NOT NULL,
    topic_id    {text} NOT NULL,
    next_offset BIGINT NOT NULL CHECK (next_offset >= 0),
    PRIMARY KEY (connection, partition)
) {clustered};

-- Every entry that was taken, once. value: its record while it waits or is in a summary that is not planned. about: what no rule maps;
-- null of a WAITING one: it waits behind an earlier entry of its order. planned_with: digest of the mapping. asked_again: it is to be
-- planned again. told_status, told_reason: the last ack.
CREATE TABLE posting_entry (
    connection   {text} NOT NULL,
    entry_id     {text} NOT NULL,
    partition    BIGINT NOT NULL,
    entry_offset BIGINT NOT NULL,
    order_key    {text} NOT NULL,
    entry_seq    BIGINT NOT NULL,
    content_hash {text} NOT NULL,
    state        {text} NOT NULL CHECK (state IN ('PLANNED', 'WAITING', 'SUMMARIZED', 'NOTHING', 'REJECTED')),
    about        {text},
    reason       {text},
    summary      {text},
    value        {bytes},
    taken_at     BIGINT NOT NULL,
    planned_with {text},
    asked_again  BIGINT NOT NULL DEFAULT 0,
    told_status  {text},
    told_reason  {text},
    PRIMARY KEY (connection, entry_id)
) {clustered};
CREATE INDEX posting_entry_of_order ON posting_entry (connection, order_key, entry_seq);
CREATE INDEX posting_entry_waiting ON posting_entry (connection, order_key, entry_seq) WHERE state = 'WAITING';
CREATE INDEX posting_entry_asked ON posting_entry (connection, order_key, entry_seq) WHERE asked_again = 1;
CREATE INDEX posting_entry_of_summary ON posting_entry (connection, summary, entry_id) WHERE summary IS NOT NULL;

-- Records that carry the entry_id of another content: kept aside, never posted.
CREATE TABLE posting_conflict (
    connection   {text} NOT NULL,
    partition    BIGINT NOT NULL,
    entry_offset BIGINT NOT NULL,
    entry_id     {text} NOT NULL,
    content_hash {text} NOT NULL,
    value        {bytes} NOT NULL,
    taken_at     BIGINT NOT NULL,
    PRIMARY KEY (connection, partition, entry_offset)
);

-- Summaries: subject is what one is about (day, channel, currency), name also which of them it is: what comes after one was closed goes
-- into the next. A closed one never gets another entry. asked_again: its journal, which the ledger could not map, is planned again.
CREATE TABLE posting_summary (
    connection  {text} NOT NULL,
    subject     {text} NOT NULL,
    generation  BIGINT NOT NULL,
    name        {text} NOT NULL,
    closes_at   BIGINT NOT NULL,
    closed_at   BIGINT,
    planned_with {text},
    asked_again BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, subject, generation)
) {clustered};
CREATE INDEX posting_summary_asked ON posting_summary (connection, closes_at) WHERE asked_again = 1;
CREATE INDEX posting_summary_open ON posting_summary (connection, closes_at) WHERE closed_at IS NULL;

-- Documents, one for each key, in the order in which they were planned. body: JSON of the document, digest its SHA-256. ready_at: when it
-- is next looked at. attempt: how often it was sent; failures: how often in a row that failed; tried_since: the first of these. sent_at:
-- when it last left, first_sent_at: when ever, sent_with: how many documents were in the last call. open_since: the latest time at which
-- a request left that may have booked it, until that is known. about: what is unmapped or closed. code, message: the ledger's words. events: how many rows of posting_event it ever had.
CREATE TABLE posting (
    number         {number},
    connection     {text} NOT NULL,
    key            {text} NOT NULL,
    document_group {text} NOT NULL,
    sequence       BIGINT NOT NULL,
    kind           {text} NOT NULL,
    reference      {text} NOT NULL,
    body           {text} NOT NULL,
    digest         {text} NOT NULL,
    state          {text} NOT NULL CHECK (state IN ('PLANNED', 'SENDING', 'UNCERTAIN', 'POSTED', 'PARKED', 'REJECTED')),
    ready_at       BIGINT NOT NULL,
    planned_at     BIGINT NOT NULL,
    attempt        BIGINT NOT NULL DEFAULT 0,
    failures       BIGINT NOT NULL DEFAULT 0,
    tried_since    BIGINT,
    first_sent_at  BIGINT,
    sent_at        BIGINT,
    sent_with      BIGINT NOT NULL DEFAULT 0,
    open_since     BIGINT,
    reason         {text},
    about          {text},
    code           {text},
    message        {text},
    remote_id      {text},
    remote_number  {text},
    posted_at      BIGINT,
    events         BIGINT NOT NULL DEFAULT 0,
    UNIQUE (connection, key)
);
CREATE INDEX posting_planned ON posting (connection, number) WHERE state = 'PLANNED';
CREATE INDEX posting_open ON posting (connection, document_group, sequence) WHERE state IN ('PLANNED', 'SENDING', 'UNCERTAIN');
CREATE INDEX posting_uncertain ON posting (connection, ready_at) WHERE state IN ('SENDING', 'UNCERTAIN');
CREATE INDEX posting_parked ON posting (connection, reason, about) WHERE state = 'PARKED';
CREATE INDEX posting_rejected ON posting (connection, reason, number) WHERE state = 'REJECTED';
CREATE INDEX posting_of_group ON posting (connection, document_group, sequence);

-- Which documents an entry is in, and which entries a document has.
CREATE TABLE posting_part (
    connection {text} NOT NULL,
    key        {text} NOT NULL,
    entry_id   {text} NOT NULL,
    PRIMARY KEY (connection, key, entry_id)
) {clustered};
CREATE INDEX posting_part_of_entry ON posting_part (connection, entry_id, key);

-- What a document waits for.
CREATE TABLE posting_need (
    connection {text} NOT NULL,
    key        {text} NOT NULL,
    needs      {text} NOT NULL,
    PRIMARY KEY (connection, key, needs)
) {clustered};
CREATE INDEX posting_need_of ON posting_need (connection, needs);

-- What became of a document, step by step: the first step and the newest.
CREATE TABLE posting_event (
    connection   {text} NOT NULL,
    key          {text} NOT NULL,
    place        BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    before_state {text},
    state        {text} NOT NULL,
    attempt      BIGINT NOT NULL,
    reason       {text},
    code         {text},
    message      {text},
    PRIMARY KEY (connection, key, place)
) {clustered};

-- Calls: `day` counts those since window_at; `minute` and `second` hold in window_at when the next one may leave at the latest rate.
CREATE TABLE posting_call (
    connection  {text} NOT NULL,
    call_window {text} NOT NULL,
    window_at   BIGINT NOT NULL,
    calls       BIGINT NOT NULL,
    PRIMARY KEY (connection, call_window)
) {clustered};

-- Tokens of a connection, sealed with its key. holder, held_until: who is refreshing them.
CREATE TABLE posting_token (
    connection {text} NOT NULL PRIMARY KEY,
    sealed     {bytes},
    kept_at    BIGINT NOT NULL,
    holder     {text},
    held_until BIGINT
);

-- Acks that are not published yet, in their order.
CREATE TABLE posting_ack (
    number        {number},
    connection    {text} NOT NULL,
    partition     BIGINT NOT NULL,
    order_key     {text} NOT NULL,
    entry_id      {text} NOT NULL,
    status        {text} NOT NULL,
    remote_id     {text},
    remote_number {text},
    reason        {text},
    acked_at      BIGINT NOT NULL
);
CREATE INDEX posting_ack_of_connection ON posting_ack (connection, number);

-- Discrepancies that are not published yet, in their order; value is the record's.
CREATE TABLE posting_discrepancy (
    number     {number},
    connection {text} NOT NULL,
    partition  BIGINT NOT NULL,
    order_key  {text} NOT NULL,
    value      {bytes} NOT NULL
);
CREATE INDEX posting_discrepancy_of_connection ON posting_discrepancy (connection, number);
