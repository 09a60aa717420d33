"""The normalizer: raw payloads in; order events, requests to fetch and links between payments and orders out."""
