-- Ids in the ledger by key.
SELECT key, remote_id FROM posting WHERE connection = ? AND state = 'POSTED' AND key IN ({ids})
