"""Reading ledgers back: what stands there against what was posted, and what the embedded ledger says."""
