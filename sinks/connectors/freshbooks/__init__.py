"""FreshBooks: adjusting journal entries, from the vendor's documentation (a preview)."""
