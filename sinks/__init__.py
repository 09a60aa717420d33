"""aiokafka consumers that write entries into ledgers."""
