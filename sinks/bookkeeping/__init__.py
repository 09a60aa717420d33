"""What the ledgers in SQL databases have in common: rows, drafts of batches, their outbox, reading and auditing them."""
