-- Documents that are to be looked up or sent again now.
SELECT {posting_columns} FROM posting
WHERE connection = :connection AND state = 'UNCERTAIN' AND ready_at <= :now ORDER BY ready_at, number LIMIT :limit
