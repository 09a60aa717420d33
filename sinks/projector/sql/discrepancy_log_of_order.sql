-- Every record about the discrepancies of one order.
SELECT partition, record_offset, discrepancy_id, state, raised_at, body
FROM discrepancy_log WHERE order_key = :order_key ORDER BY partition, record_offset
