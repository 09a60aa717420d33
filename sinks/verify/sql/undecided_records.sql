-- Records without an outcome.
SELECT partition, position FROM source_record EXCEPT SELECT partition, position FROM outcome
