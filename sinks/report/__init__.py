"""The figures of `asiento report`: read from the operational database, the ledger and the database of postings, exact and repeatable."""
