"""NetSuite: journal entries over SuiteTalk REST, from the vendor's documentation (a preview)."""
