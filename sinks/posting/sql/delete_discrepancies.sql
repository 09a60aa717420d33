-- Discrepancies that are published, up to a number.
DELETE FROM posting_discrepancy WHERE connection = :connection AND number <= :number
