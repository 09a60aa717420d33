-- Documents by their keys.
SELECT {posting_columns} FROM posting WHERE connection = ? AND key IN ({ids}) ORDER BY number
