-- Entries by their ids.
SELECT {entry_columns} FROM posting_entry WHERE connection = ? AND entry_id IN ({ids}) ORDER BY order_key, entry_seq
