-- Plan the closed summaries again whose journal the ledger could not map.
UPDATE posting_summary SET asked_again = 1
WHERE connection = :connection AND closed_at IS NOT NULL AND name IN (
    SELECT entry.summary FROM posting
    JOIN posting_part AS part ON part.connection = posting.connection AND part.key = posting.key
    JOIN posting_entry AS entry ON entry.connection = part.connection AND entry.entry_id = part.entry_id
    WHERE posting.connection = :connection AND posting.state = 'PARKED' AND posting.reason = 'mapping' AND posting.open_since IS NULL)
