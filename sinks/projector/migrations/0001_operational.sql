-- The operational database: what stands on the topics, in a form that people can query. It is written by the projector
-- alone and can be made again from the topics at any time: every row is a function of the records of one partition, in
-- their order, or of a set of records whatever their order, never of when they were read.
--
-- One text for SQLite and PostgreSQL. {text} is text compared by its bytes, {clustered} keeps a table of short rows in
-- the order of its key where the database can. Times are UTC microseconds, money is minor units, record_offset is the
-- place of the row's record in `partition` of its topic.

-- Which version of these scripts the database has.
CREATE TABLE operational_version (version BIGINT NOT NULL PRIMARY KEY);

-- How far each partition of each topic is projected; moved in the transaction that writes the rows.
CREATE TABLE source_offset (
    topic       {text} NOT NULL,
    partition   BIGINT NOT NULL,
    cluster_id  {text} NOT NULL,
    topic_id    {text} NOT NULL,
    next_offset BIGINT NOT NULL CHECK (next_offset >= 0),
    PRIMARY KEY (topic, partition)
) {clustered};

-- Offsets [first_offset, next_offset) that the topic's retention took before the projector had read them.
CREATE TABLE retention_gap (
    topic        {text} NOT NULL,
    partition    BIGINT NOT NULL,
    first_offset BIGINT NOT NULL,
    next_offset  BIGINT NOT NULL CHECK (next_offset > first_offset),
    PRIMARY KEY (topic, partition, first_offset)
) {clustered};

-- Every record of the events topic. A refused record has its refusal instead of what only the event could tell;
-- order_key is then the key of the record. body is the JSON twin as the producer stated it.
CREATE TABLE event (
    partition     BIGINT NOT NULL,
    record_offset BIGINT NOT NULL,
    record_at     BIGINT NOT NULL,
    order_key     {text},
    refusal       {text},
    event_id      {text},
    event_type    {text},
    business_key  {text},
    source        {text},
    occurred_at   BIGINT,
    received_at   BIGINT,
    body          {text},
    PRIMARY KEY (partition, record_offset),
    CHECK ((refusal IS NULL) = (body IS NOT NULL))
);
CREATE INDEX event_of_order ON event (order_key);
CREATE INDEX event_by_id ON event (event_id);

-- One processed chunk: the offsets [first_offset, next_offset) of the events partition.
CREATE TABLE decision_batch (
    partition    BIGINT NOT NULL,
    batch_offset BIGINT NOT NULL,
    first_offset BIGINT NOT NULL,
    next_offset  BIGINT NOT NULL,
    worker       {text} NOT NULL,
    decided_at   BIGINT NOT NULL,
    PRIMARY KEY (partition, batch_offset)
) {clustered};
CREATE INDEX decision_batch_by_end ON decision_batch (partition, next_offset);

-- What became of each record of the events topic when it was judged first; entry_ids is a JSON list.
CREATE TABLE decision (
    partition     BIGINT NOT NULL,
    record_offset BIGINT NOT NULL,
    batch_offset  BIGINT NOT NULL,
    event_id      {text},
    outcome       {text} NOT NULL,
    code          {text},
    entry_ids     {text} NOT NULL,
    PRIMARY KEY (partition, record_offset)
) {clustered};

-- Parked events that were judged again, in the order of the decisions; entry_ids is a JSON list.
CREATE TABLE healed (
    partition    BIGINT NOT NULL,
    batch_offset BIGINT NOT NULL,
    place        BIGINT NOT NULL,
    event_id     {text} NOT NULL,
    outcome      {text} NOT NULL,
    code         {text},
    entry_ids    {text} NOT NULL,
    PRIMARY KEY (partition, batch_offset, place)
) {clustered};
CREATE INDEX healed_event ON healed (event_id);

-- Where each event stands that ever waited or was rejected. since: when it began to wait, else when it was judged last; record_offset:
-- the record that was judged last under this event_id (that of the events topic), batch_offset: the decision.
CREATE TABLE event_state (
    partition     BIGINT NOT NULL,
    event_id      {text} NOT NULL,
    record_offset BIGINT,
    order_key     {text},
    outcome       {text} NOT NULL,
    code          {text},
    since         BIGINT NOT NULL,
    batch_offset  BIGINT NOT NULL,
    PRIMARY KEY (partition, event_id)
) {clustered};
CREATE INDEX event_state_parked ON event_state (since, event_id) WHERE outcome = 'deferred';
CREATE INDEX event_state_rejected ON event_state (since, event_id) WHERE outcome = 'rejected';
CREATE INDEX event_state_by_id ON event_state (event_id);
CREATE INDEX event_state_of_order ON event_state (order_key);

-- Journal entries, the first record of each entry_id. body is the entry as JSON; document columns where it has one.
CREATE TABLE entry (
    entry_id       {text} NOT NULL PRIMARY KEY,
    partition      BIGINT NOT NULL,
    record_offset  BIGINT NOT NULL,
    content_hash   {text} NOT NULL,
    order_key      {text} NOT NULL,
    entry_seq      BIGINT NOT NULL,
    entry_kind     {text} NOT NULL,
    event_id       {text} NOT NULL,
    tenant         {text} NOT NULL,
    legal_entity   {text} NOT NULL,
    channel        {text} NOT NULL,
    posting_date   {text} NOT NULL,
    currency       {text} NOT NULL,
    reverses       {text},
    document_kind  {text},
    document_ref   {text},
    document_gross BIGINT,
    body           {text} NOT NULL
);
CREATE INDEX entry_of_order ON entry (order_key, entry_seq);
CREATE INDEX entry_by_document ON entry (document_ref) WHERE document_ref IS NOT NULL;

-- Every record about a discrepancy: raised, resolved by the stream, raised again; body is the record as JSON.
CREATE TABLE discrepancy_log (
    partition      BIGINT NOT NULL,
    record_offset  BIGINT NOT NULL,
    discrepancy_id {text} NOT NULL,
    order_key      {text} NOT NULL,
    state          {text} NOT NULL,
    raised_at      BIGINT NOT NULL,
    body           {text} NOT NULL,
    PRIMARY KEY (partition, record_offset)
);
CREATE INDEX discrepancy_log_of_order ON discrepancy_log (order_key);

-- The newest record of each discrepancy: where the stream sees it. parameters is a JSON object.
CREATE TABLE discrepancy (
    discrepancy_id {text} NOT NULL PRIMARY KEY,
    partition      BIGINT NOT NULL,
    record_offset  BIGINT NOT NULL,
    code           {text} NOT NULL,
    severity       {text} NOT NULL,
    order_key      {text} NOT NULL,
    event_id       {text},
    entry_id       {text},
    account        {text},
    expected       BIGINT,
    actual         BIGINT,
    currency       {text},
    parameters     {text} NOT NULL,
    raised_at      BIGINT NOT NULL,
    state          {text} NOT NULL
);
CREATE INDEX discrepancy_open ON discrepancy (raised_at, discrepancy_id) WHERE state = 'OPEN';
CREATE INDEX discrepancy_by_age ON discrepancy (raised_at, discrepancy_id);
CREATE INDEX discrepancy_of_order ON discrepancy (order_key);

-- Refused records, without their bytes: those may be personal and stay on the dead letter topic, at this place.
-- subject is topic/partition/offset of the refused record, which operators' actions name; order_key is its key where
-- that has the form of one.
CREATE TABLE dead_letter (
    partition        BIGINT NOT NULL,
    record_offset    BIGINT NOT NULL,
    subject          {text} NOT NULL,
    source_topic     {text} NOT NULL,
    source_partition BIGINT NOT NULL,
    source_offset    BIGINT NOT NULL,
    order_key        {text},
    reason           {text} NOT NULL,
    detail           {text} NOT NULL,
    schema_id        BIGINT,
    value_bytes      BIGINT,
    first_seen_at    BIGINT NOT NULL,
    worker_version   {text} NOT NULL,
    PRIMARY KEY (partition, record_offset)
);
CREATE INDEX dead_letter_by_age ON dead_letter (first_seen_at, subject);
CREATE INDEX dead_letter_by_subject ON dead_letter (subject);
CREATE INDEX dead_letter_by_reason ON dead_letter (reason);
CREATE INDEX dead_letter_of_order ON dead_letter (order_key) WHERE order_key IS NOT NULL;

-- What ledgers said about entries; the newest record of an entry and ledger counts.
CREATE TABLE ack (
    partition       BIGINT NOT NULL,
    record_offset   BIGINT NOT NULL,
    entry_id        {text} NOT NULL,
    ledger          {text} NOT NULL,
    status          {text} NOT NULL,
    remote_id       {text},
    document_number {text},
    reason          {text},
    acked_at        BIGINT NOT NULL,
    chain_hash      {text},
    PRIMARY KEY (partition, record_offset)
) {clustered};
CREATE INDEX ack_of_entry ON ack (entry_id);

-- What operators did, each action once.
CREATE TABLE operator_action (
    action_id     {text} NOT NULL PRIMARY KEY,
    partition     BIGINT NOT NULL,
    record_offset BIGINT NOT NULL,
    kind          {text} NOT NULL,
    subject_kind  {text} NOT NULL,
    subject       {text} NOT NULL,
    order_key     {text},
    actor         {text} NOT NULL,
    reason        {text} NOT NULL,
    acted_at      BIGINT NOT NULL,
    assignee      {text},
    refers_to     {text},
    sent_event_id {text},
    event         {text}
);
CREATE INDEX operator_action_by_age ON operator_action (acted_at, action_id);
CREATE INDEX operator_action_about ON operator_action (subject, subject_kind);
CREATE INDEX operator_action_of_order ON operator_action (order_key) WHERE order_key IS NOT NULL;
CREATE INDEX operator_action_answers ON operator_action (refers_to) WHERE refers_to IS NOT NULL;

-- The newest RESOLVE, REPLAY or REOPEN about a subject: by time, then by action_id. REPLAY does not close a discrepancy.
CREATE TABLE closing (
    subject_kind {text} NOT NULL,
    subject      {text} NOT NULL,
    kind         {text} NOT NULL,
    acted_at     BIGINT NOT NULL,
    action_id    {text} NOT NULL,
    PRIMARY KEY (subject_kind, subject)
) {clustered};

-- The newest ASSIGN about a subject: by time, then by action_id.
CREATE TABLE assignment (
    subject_kind {text} NOT NULL,
    subject      {text} NOT NULL,
    assignee     {text},
    acted_at     BIGINT NOT NULL,
    action_id    {text} NOT NULL,
    PRIMARY KEY (subject_kind, subject)
) {clustered};

-- Events that wait, with why and since when.
CREATE VIEW parked_event AS
SELECT event_state.event_id, event_state.order_key, event_state.code, event_state.since,
       event_state.partition, event_state.record_offset,
       event.event_type, event.business_key, event.source, event.occurred_at, event.received_at,
       assignment.assignee, 'OPEN' AS state
FROM event_state
LEFT JOIN event ON event.partition = event_state.partition AND event.record_offset = event_state.record_offset
LEFT JOIN assignment ON assignment.subject_kind = 'EVENT' AND assignment.subject = event_state.event_id
WHERE event_state.outcome = 'deferred';

-- Events that waiting cannot heal; OPEN until an operator resolves them or sends a mended one, and again when that is rejected, too.
CREATE VIEW rejected_event AS
SELECT event_state.event_id, event_state.order_key, event_state.code, event_state.since,
       event_state.partition, event_state.record_offset,
       event.event_type, event.business_key, event.source, event.occurred_at, event.received_at,
       assignment.assignee,
       CASE WHEN closing.kind IN ('RESOLVE', 'REPLAY') AND closing.acted_at >= event_state.since THEN 'RESOLVED' ELSE 'OPEN' END AS state
FROM event_state
LEFT JOIN event ON event.partition = event_state.partition AND event.record_offset = event_state.record_offset
LEFT JOIN assignment ON assignment.subject_kind = 'EVENT' AND assignment.subject = event_state.event_id
LEFT JOIN closing ON closing.subject_kind = 'EVENT' AND closing.subject = event_state.event_id
WHERE event_state.outcome = 'rejected';

-- Discrepancies with where they stand: RESOLVED when the stream or an operator says so. resolved_by: stream or operator.
CREATE VIEW discrepancy_state AS
SELECT discrepancy.discrepancy_id, discrepancy.order_key, discrepancy.code, discrepancy.severity, discrepancy.event_id,
       discrepancy.entry_id, discrepancy.account, discrepancy.expected, discrepancy.actual, discrepancy.currency,
       discrepancy.parameters, discrepancy.raised_at, discrepancy.partition, discrepancy.record_offset,
       assignment.assignee,
       CASE WHEN discrepancy.state = 'RESOLVED' OR closing.kind = 'RESOLVE' THEN 'RESOLVED' ELSE 'OPEN' END AS state,
       CASE WHEN discrepancy.state = 'RESOLVED' THEN 'stream' WHEN closing.kind = 'RESOLVE' THEN 'operator' END AS resolved_by
FROM discrepancy
LEFT JOIN assignment ON assignment.subject_kind = 'DISCREPANCY' AND assignment.subject = discrepancy.discrepancy_id
LEFT JOIN closing ON closing.subject_kind = 'DISCREPANCY' AND closing.subject = discrepancy.discrepancy_id;

-- The open ones of these, by an index of its own.
CREATE VIEW open_discrepancy AS
SELECT discrepancy.discrepancy_id, discrepancy.order_key, discrepancy.code, discrepancy.severity, discrepancy.event_id,
       discrepancy.entry_id, discrepancy.account, discrepancy.expected, discrepancy.actual, discrepancy.currency,
       discrepancy.parameters, discrepancy.raised_at, discrepancy.partition, discrepancy.record_offset,
       assignment.assignee, 'OPEN' AS state, CAST(NULL AS TEXT) AS resolved_by
FROM discrepancy
LEFT JOIN assignment ON assignment.subject_kind = 'DISCREPANCY' AND assignment.subject = discrepancy.discrepancy_id
LEFT JOIN closing ON closing.subject_kind = 'DISCREPANCY' AND closing.subject = discrepancy.discrepancy_id
WHERE discrepancy.state = 'OPEN' AND (closing.kind IS NULL OR closing.kind <> 'RESOLVE');

-- Refused records with where they stand: OPEN until replayed or resolved.
CREATE VIEW dead_letter_state AS
SELECT dead_letter.subject, dead_letter.source_topic, dead_letter.source_partition, dead_letter.source_offset,
       dead_letter.order_key, dead_letter.reason, dead_letter.detail, dead_letter.schema_id, dead_letter.value_bytes,
       dead_letter.first_seen_at, dead_letter.worker_version, dead_letter.partition, dead_letter.record_offset,
       assignment.assignee,
       CASE WHEN closing.kind IN ('RESOLVE', 'REPLAY') THEN 'RESOLVED' ELSE 'OPEN' END AS state,
       (SELECT count(*) FROM operator_action WHERE operator_action.subject = dead_letter.subject
            AND operator_action.subject_kind = 'DEAD_LETTER' AND operator_action.kind = 'REPLAY') AS replays
FROM dead_letter
LEFT JOIN assignment ON assignment.subject_kind = 'DEAD_LETTER' AND assignment.subject = dead_letter.subject
LEFT JOIN closing ON closing.subject_kind = 'DEAD_LETTER' AND closing.subject = dead_letter.subject;

-- Proposals that nobody has refused and no other person approved yet: names that differ in case and blanks are one person.
CREATE VIEW open_proposal AS
SELECT action_id, kind, subject_kind, subject, order_key, actor, reason, acted_at, assignee, refers_to, sent_event_id, event,
       partition, record_offset
FROM operator_action AS proposal
WHERE kind = 'PROPOSE' AND NOT EXISTS (
    SELECT 1 FROM operator_action AS answer WHERE answer.refers_to = proposal.action_id
        AND (answer.kind = 'REFUSE' OR (answer.kind = 'APPROVE'
            AND replace(lower(answer.actor), ' ', '') <> replace(lower(proposal.actor), ' ', '')))
);

-- The business documents that entries stand for.
CREATE VIEW document AS
SELECT document_ref, document_kind, entry_id, order_key, legal_entity, posting_date, currency, document_gross
FROM entry WHERE document_ref IS NOT NULL;
