-- An entry, unless a record that stands before this one has it already.
INSERT INTO entry (
    entry_id, partition, record_offset, content_hash, order_key, entry_seq, entry_kind, event_id, tenant, legal_entity,
    channel, posting_date, currency, reverses, document_kind, document_ref, document_gross, body
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (entry_id) DO UPDATE SET
    partition = excluded.partition, record_offset = excluded.record_offset, content_hash = excluded.content_hash,
    order_key = excluded.order_key, entry_seq = excluded.entry_seq, entry_kind = excluded.entry_kind,
    event_id = excluded.event_id, tenant = excluded.tenant, legal_entity = excluded.legal_entity,
    channel = excluded.channel, posting_date = excluded.posting_date, currency = excluded.currency,
    reverses = excluded.reverses, document_kind = excluded.document_kind, document_ref = excluded.document_ref,
    document_gross = excluded.document_gross, body = excluded.body
WHERE (excluded.partition, excluded.record_offset) < (entry.partition, entry.record_offset)
