-- Orders of which an entry waits.
SELECT DISTINCT order_key FROM posting_entry WHERE connection = ? AND state = 'WAITING' AND order_key IN ({ids})
