-- Up to which offset both the records of the events topic and the decisions about them are known, by partition.
SELECT source_offset.partition, source_offset.next_offset,
    (SELECT max(decision_batch.next_offset) FROM decision_batch WHERE decision_batch.partition = source_offset.partition)
FROM source_offset WHERE source_offset.topic = ? ORDER BY source_offset.partition
