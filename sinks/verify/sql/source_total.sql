-- Records consumed per partition, counted on the log itself.
SELECT partition, count(*) FROM source_record GROUP BY partition
