-- Bind a partition that was never read.
INSERT INTO posting_offset (connection, partition, cluster_id, topic_id, next_offset) VALUES (?, ?, ?, ?, 0)
