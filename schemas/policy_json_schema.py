"""The JSON Schema of the policy file, for editors; the loader of `schemas.policy_file` knows more than it can say."""

from collections.abc import Mapping
from typing import Any

from asiento.accounting.policy import Policy
from schemas.policy_keys import BOOKING_KEYS, ENTITY_KEYS, FILE_KEYS, NAME_PATTERN, POLICY_KEYS, Key


def policy_json_schema() -> dict[str, Any]:
    """Draft 2020-12, with descriptions, allowed values and defaults."""
    version = _object({**FILE_KEYS, **POLICY_KEYS}, Policy())
    version["properties"] |= {
        "entities": _named("ENTITY", "Legal entities by the name that events carry, each with its books."),
        "channels": _named("CHANNEL", "Channels by the name that orders carry, each with the booking rules in which it differs."),
    }
    versions = {
        "description": "All versions that open orders may have, oldest or newest first.",
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/VERSION"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Accounting policy of asiento",
        "description": "One policy, flat, or `versions`: a list of them. What is left out has its default, which never changes.",
        "type": "object",
        "if": {"required": ["versions"]},
        "then": {"properties": {"versions": versions}, "additionalProperties": False},
        "else": {"$ref": "#/$defs/VERSION"},
        "$defs": {"VERSION": version, "ENTITY": _object(ENTITY_KEYS), "CHANNEL": _object(BOOKING_KEYS)},
    }


def _object(keys: Mapping[str, Key], defaults: Policy | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, key in keys.items():
        properties[name] = {"description": key.description, **key.rule.schema()}
        if hasattr(defaults, name):
            properties[name]["default"] = getattr(defaults, name)
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _named(definition: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": NAME_PATTERN},
        "additionalProperties": {"$ref": f"#/$defs/{definition}"},
        "default": {},
    }
