"""Oracle Fusion General Ledger: journals as import files, from the vendor's documentation (a preview)."""
