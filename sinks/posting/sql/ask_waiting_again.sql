-- Plan again what waits: for one missing rule, or all.
UPDATE posting_entry SET asked_again = 1
WHERE connection = :connection AND state = 'WAITING' AND (CAST(:about AS TEXT) IS NULL OR about = :about
    OR order_key IN (SELECT order_key FROM posting_entry WHERE connection = :connection AND state = 'WAITING' AND about = :about))
