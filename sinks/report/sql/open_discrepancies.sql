-- Open discrepancies, oldest first.
SELECT code, severity, raised_at, discrepancy_id, order_key FROM open_discrepancy ORDER BY raised_at, discrepancy_id
