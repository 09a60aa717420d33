-- Documents that need these.
SELECT DISTINCT key FROM posting_need WHERE connection = ? AND needs IN ({ids})
