-- Documents that are to be sent.
SELECT {posting_columns} FROM posting WHERE connection = :connection AND state = 'PLANNED' ORDER BY number
