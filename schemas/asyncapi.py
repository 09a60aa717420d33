"""The AsyncAPI 3 document of the topics: what producers send, what consumers of the books receive."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.registry import KnownSchema, registry
from schemas.topics import ORDERS_EVENTS, TopicSpec, catalogue

_BINDING: Final = "0.5.0"
_AVRO: Final = "application/vnd.apache.avro+json;version=1.9.0"
_NAMES: Final = {"cleanup.policy": list, "retention.ms": int, "retention.bytes": int, "max.message.bytes": int}
"""Settings of a topic that the Kafka binding knows, and their types there."""
_HEADERS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "CloudEvents 1.0, binary mode. All values are UTF-8 text.",
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "The event_id."},
        "ce_type": {"type": "string", "description": "The subject of its schema, such as asiento.orders.v1.PaymentCaptured."},
        "ce_source": {"type": "string", "description": "The source."},
        "ce_subject": {"type": "string", "description": "The order key."},
        "ce_time": {"type": "string", "format": "date-time", "description": "The occurred_at."},
        "content-type": {"type": "string", "const": "application/avro"},
    },
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time"],
}
_ORDER_KEY: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": "^[^:]+:[^:]+:[^:]+:.+$",
    "description": "tenant:source:order_id in UTF-8, where source is platform:connection.",
    "examples": ["acme:shopify:main:1001"],
}


def asyncapi_document(examples: Mapping[str, Mapping[str, Any]], avro_folder: str) -> dict[str, Any]:
    """The document; `examples` has the JSON twin of one event of each type, `avro_folder` says where the `.avsc` files are."""
    known = sorted(registry().latest.values(), key=lambda schema: schema.locked.id)
    topics = [spec for spec in catalogue("asiento", 48, 3, 2) if _records_of(spec, known)]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "asiento",
            "version": "1.0.0",
            "description": "Order events in, balanced journal entries out. Topic names stand behind ASIENTO_TOPIC_PREFIX. "
            "Keys are partitioned with murmur2, as Kafka's own clients do (librdkafka: murmur2_random).",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/avro",
        "channels": {spec.name: _channel(spec, _records_of(spec, known)) for spec in topics},
        "operations": {_operation_name(spec): _operation(spec, _records_of(spec, known)) for spec in topics},
        "components": {
            "messages": {one.record.name: _message(one, examples.get(one.record.name), avro_folder) for one in known},
            "schemas": {"CloudEventsHeaders": _HEADERS},
        },
    }


def _records_of(spec: TopicSpec, known: list[KnownSchema]) -> list[KnownSchema]:
    if spec.name == ORDERS_EVENTS:
        return [one for one in known if one.record.is_event]
    return [one for one in known if one.record.name == spec.record]


def _channel(spec: TopicSpec, records: list[KnownSchema]) -> dict[str, Any]:
    configuration: dict[str, Any] = {}
    for name, kind in _NAMES.items():
        if name in spec.config:
            configuration[name] = [spec.config[name]] if kind is list else int(spec.config[name])
    return {
        "address": spec.name,
        "title": spec.name,
        "description": f"{spec.purpose} Key: {spec.key}.",
        "messages": {one.record.name: {"$ref": f"#/components/messages/{one.record.name}"} for one in records},
        "bindings": {
            "kafka": {
                "topic": spec.name,
                "partitions": spec.partitions,
                "replicas": spec.replication_factor,
                "topicConfiguration": configuration,
                "bindingVersion": _BINDING,
            }
        },
    }


def _operation_name(spec: TopicSpec) -> str:
    return ("receive." if spec.name == ORDERS_EVENTS else "send.") + spec.name


def _operation(spec: TopicSpec, records: list[KnownSchema]) -> dict[str, Any]:
    """What the product does with the topic: producers send what it receives."""
    return {
        "action": "receive" if spec.name == ORDERS_EVENTS else "send",
        "channel": {"$ref": f"#/channels/{spec.name}"},
        "summary": spec.purpose,
        "messages": [{"$ref": f"#/channels/{spec.name}/messages/{one.record.name}"} for one in records],
    }


def _message(known: KnownSchema, example: Mapping[str, Any] | None, avro_folder: str) -> dict[str, Any]:
    record = known.record
    message: dict[str, Any] = {
        "name": known.locked.subject,
        "title": record.name,
        "summary": record.doc,
        "contentType": "application/avro",
        "payload": {"schemaFormat": _AVRO, "schema": {"$ref": f"{avro_folder}/{known.locked.file_name}"}},
        "bindings": {
            "kafka": {
                "key": _ORDER_KEY,
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "bindingVersion": _BINDING,
            }
        },
    }
    if record.is_event:
        message["headers"] = {"$ref": "#/components/schemas/CloudEventsHeaders"}
        message["externalDocs"] = {"description": "JSON Schema of its JSON twin", "url": f"json-schema/{record.name}.json"}
    if example is not None:
        message["examples"] = [{"name": "twin", "summary": "The event as its JSON twin.", "payload": example}]
    return message
