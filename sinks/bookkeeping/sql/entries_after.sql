-- The next whole entry rows in order of booking: after an entry_no, at most so many.
SELECT entry_no, entry_id, content_hash, entry_kind, part, entry_seq, tenant, legal_entity, order_key, event_id, event_type,
       source, channel, occurred_at, business_date, posting_date, late, currency, currency_exponent, posting_count,
       document_ref, reverses, rule, policy_version, memo, stream_partition, stream_offset, booked_at, chain_hash, seal
FROM entry WHERE entry_no > ? ORDER BY entry_no LIMIT ?
