-- What the tie-out compares of all entries of some orders.
SELECT e.entry_no, e.stream_partition, e.stream_offset, e.entry_id, e.entry_kind, e.part, e.order_key, e.event_id, e.legal_entity,
       e.posting_date, e.currency
FROM {main}entry AS e
WHERE e.order_key {among}
ORDER BY e.entry_no
