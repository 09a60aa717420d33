"""A seeded trading day: what shops intended, the events that tell of it, and the totals the books must show.

Standard library only. Nothing here knows the product's core or codecs: the totals are a second opinion.
"""
