-- Bind a partition that was never booked from.
INSERT INTO source_offset (cluster_id, topic, topic_id, partition, next_offset, chain_length, chain_hash, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
