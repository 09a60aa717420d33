-- Documents that can be sent now: nothing they need is missing, nothing earlier of their group is open.
SELECT {posting_columns} FROM posting
WHERE connection = :connection AND state = 'PLANNED' AND ready_at <= :now AND number > :after
    AND NOT EXISTS (SELECT 1 FROM posting_need AS need
        LEFT JOIN posting AS needed ON needed.connection = need.connection AND needed.key = need.needs
        WHERE need.connection = posting.connection AND need.key = posting.key AND (needed.state IS NULL OR needed.state <> 'POSTED'))
    AND NOT EXISTS (SELECT 1 FROM posting AS earlier
        WHERE earlier.connection = posting.connection AND earlier.document_group = posting.document_group
            AND earlier.sequence < posting.sequence AND earlier.state IN ('PLANNED', 'SENDING', 'UNCERTAIN'))
ORDER BY number LIMIT :limit
