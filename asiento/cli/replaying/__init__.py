"""The events folded again by the core, and the entries compared with the books."""
