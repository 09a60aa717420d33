"""QuickBooks Online, Accounting API v3. See docs/ledgers/quickbooks.md."""
