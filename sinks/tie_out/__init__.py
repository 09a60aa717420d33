"""The continuous tie-out: whether the ledger holds what stands on the stream, entry for entry, and what clearing accounts still hold."""
