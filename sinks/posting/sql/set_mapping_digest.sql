-- With which mapping entries are planned from now on.
UPDATE posting_connection SET mapping_digest = :digest WHERE connection = :connection
