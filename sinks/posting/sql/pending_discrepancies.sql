-- The next discrepancies in their order.
SELECT number, partition, order_key, value FROM posting_discrepancy
WHERE connection = :connection ORDER BY number LIMIT :limit
