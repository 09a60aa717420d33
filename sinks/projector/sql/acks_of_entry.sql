-- What ledgers said about one entry.
SELECT partition, record_offset, entry_id, ledger, status, remote_id, document_number, reason, acked_at, chain_hash
FROM ack WHERE entry_id = :entry_id ORDER BY partition, record_offset
