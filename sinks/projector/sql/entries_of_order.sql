-- The entries of one order, in the order's own sequence.
SELECT partition, record_offset, entry_id, content_hash, order_key, entry_seq, body
FROM entry WHERE order_key = :order_key ORDER BY entry_seq, entry_id
