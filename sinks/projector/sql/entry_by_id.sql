-- One entry.
SELECT partition, record_offset, entry_id, content_hash, order_key, entry_seq, body FROM entry WHERE entry_id = :entry_id
