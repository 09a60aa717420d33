"""Adyen: notification items of standard webhooks; webhooks of the balance platform are kept for settlements."""
