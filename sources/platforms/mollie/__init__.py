"""Mollie: payments with their captures, refunds and chargebacks, orders with their shipments, balance transactions."""
