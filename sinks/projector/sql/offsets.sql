-- Which topics the database projects, and how far each partition is.
SELECT topic, partition, cluster_id, topic_id, next_offset FROM source_offset ORDER BY topic, partition
