"""Hostile bytes: mutated records through every decoder, in a child process with limits; see docs/hostile-bytes.md."""
