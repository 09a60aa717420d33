-- Bind a partition that was never projected.
INSERT INTO source_offset (topic, partition, cluster_id, topic_id, next_offset) VALUES (?, ?, ?, ?, 0)
