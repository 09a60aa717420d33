-- What ledgers said about the entries of one order.
SELECT ack.partition, ack.record_offset, ack.entry_id, ack.ledger, ack.status, ack.remote_id, ack.document_number, ack.reason,
       ack.acked_at, ack.chain_hash
FROM entry JOIN ack ON ack.entry_id = entry.entry_id
WHERE entry.order_key = :order_key ORDER BY ack.partition, ack.record_offset
