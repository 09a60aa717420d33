"""The producer SDK."""
