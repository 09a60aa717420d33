-- Records consumed, counted on the log itself.
SELECT count(*) FROM source_record
