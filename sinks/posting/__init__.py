"""The posting state machine: entries taken for a ledger outside become documents that stand there once. See docs/posting.md."""
