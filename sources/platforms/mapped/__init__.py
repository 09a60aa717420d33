"""Sources described by a mapper file: one YAML file says how payloads become facts. No code is run from it."""
