-- Documents in a state, a page of them in their order.
SELECT {posting_columns} FROM posting
WHERE connection = :connection AND state = :state AND (CAST(:reason AS TEXT) IS NULL OR reason = :reason)
    AND (CAST(:about AS TEXT) IS NULL OR about = :about) AND number > :after
ORDER BY number LIMIT :limit
