-- What acks say of some entries, as the ledger says it.
SELECT e.entry_id, e.entry_no, e.booked_at, e.chain_hash FROM {held} JOIN {main}entry AS e ON e.entry_no = held.entry_no
WHERE held.entry_id {among} ORDER BY e.entry_no
