-- Outcomes of offsets where the log has no record (looked for from :start on, per partition).
SELECT partition, position FROM outcome WHERE partition = :partition AND position >= :start
EXCEPT SELECT partition, position FROM source_record
