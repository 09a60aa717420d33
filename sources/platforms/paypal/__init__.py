"""PayPal: captures, sales, refunds, reversals, disputes and rows of the transaction report, bare, in lists or in webhooks."""
