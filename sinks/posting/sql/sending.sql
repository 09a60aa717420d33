-- Documents whose call was under way when the process ended.
SELECT {posting_columns} FROM posting WHERE connection = :connection AND state = 'SENDING' ORDER BY number
