"""Stripe: charges, payment intents, refunds, disputes and balance transactions, bare or in event envelopes."""
