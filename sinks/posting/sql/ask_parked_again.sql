-- Plan again the entries of documents that the ledger could not map, unless they are in a summary.
UPDATE posting_entry SET asked_again = 1
WHERE connection = :connection AND state = 'PLANNED' AND value IS NOT NULL AND entry_id IN (
    SELECT part.entry_id FROM posting JOIN posting_part AS part ON part.connection = posting.connection AND part.key = posting.key
    WHERE posting.connection = :connection AND posting.state = 'PARKED' AND posting.reason = 'mapping' AND posting.open_since IS NULL)
