-- Entries that are to be planned again, in the order of their orders.
SELECT {entry_columns} FROM posting_entry
WHERE connection = :connection AND asked_again = 1 AND state IN ('WAITING', 'PLANNED') AND (order_key, entry_seq) > (:order_key, :entry_seq)
ORDER BY order_key, entry_seq LIMIT :limit
