-- Partitions that are bound, how far each was taken.
SELECT partition, cluster_id, topic_id, next_offset FROM posting_offset WHERE connection = :connection ORDER BY partition
