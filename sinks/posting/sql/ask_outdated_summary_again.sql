-- The same for the journal of a summary.
UPDATE posting_summary SET asked_again = 1
WHERE connection = :connection AND closed_at IS NOT NULL
    AND name IN (SELECT entry.summary FROM posting_part AS part
        JOIN posting_entry AS entry ON entry.connection = part.connection AND entry.entry_id = part.entry_id
        WHERE part.connection = :connection AND part.key = :key)
    AND coalesce(planned_with, '') <> coalesce((SELECT mapping_digest FROM posting_connection WHERE connection = :connection), '')
