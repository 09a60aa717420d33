"""Backup and restore: what a system is made of beside its topics, copied while it runs, and proven when it comes back."""
