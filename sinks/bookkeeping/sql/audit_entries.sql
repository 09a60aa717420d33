-- Whole entry rows of some ids, found without the ledger's own indexes.
SELECT e.entry_no, e.entry_id, e.content_hash, e.entry_kind, e.part, e.entry_seq, e.tenant, e.legal_entity, e.order_key, e.event_id,
       e.event_type, e.source, e.channel, e.occurred_at, e.business_date, e.posting_date, e.late, e.currency, e.currency_exponent,
       e.posting_count, e.document_ref, e.reverses, e.rule, e.policy_version, e.memo, e.stream_partition, e.stream_offset, e.booked_at,
       e.chain_hash, e.seal
FROM {held} JOIN {main}entry AS e ON e.entry_no = held.entry_no
WHERE held.entry_id {among} ORDER BY e.entry_no
