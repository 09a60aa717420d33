-- Which stream the ledger is bound to, how far each partition is booked, and the head of its chain.
SELECT cluster_id, topic, topic_id, partition, next_offset, chain_length, chain_hash, seal FROM source_offset ORDER BY partition
