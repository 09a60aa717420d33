"""The contract: Avro schemas, codecs, framing, fingerprints, registry lock, topics catalogue, JSON twin, lint."""
