"""Mercado Pago: payments, refunds, chargebacks, merchant orders and orders, bare, in pages or in notifications."""
