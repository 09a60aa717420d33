-- Which stream the ledger is bound to, and how far each partition is booked.
SELECT cluster_id, topic, topic_id, partition, next_offset FROM source_offset ORDER BY partition
