-- Plan the entries of a document again that the ledger could not map, where the mapping has changed since they were planned.
UPDATE posting_entry SET asked_again = 1
WHERE connection = :connection AND state = 'PLANNED' AND value IS NOT NULL
    AND entry_id IN (SELECT part.entry_id FROM posting_part AS part WHERE part.connection = :connection AND part.key = :key)
    AND coalesce(planned_with, '') <> coalesce((SELECT mapping_digest FROM posting_connection WHERE connection = :connection), '')
