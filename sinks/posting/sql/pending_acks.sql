-- The next acks in their order.
SELECT number, partition, order_key, entry_id, status, remote_id, remote_number, reason, acked_at FROM posting_ack
WHERE connection = :connection ORDER BY number LIMIT :limit
