"""From the entries topic into the database of postings: one connection's entries, planned and kept before anything is sent."""
