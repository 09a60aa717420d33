-- What the tie-out compares of all entries that say they came from some ranges; a range is partition * 2**40 + offset / 2048.
SELECT e.entry_no, e.stream_partition, e.stream_offset, e.entry_id, e.entry_kind, e.part, e.order_key, e.event_id, e.legal_entity,
       e.posting_date, e.currency
FROM {main}entry AS e
WHERE coalesce(CAST(e.stream_partition AS BIGINT), -1) * 1099511627776 + coalesce(CAST(e.stream_offset AS BIGINT) >> 11, -1) {among}
ORDER BY e.entry_no
