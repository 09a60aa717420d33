"""A fetch request by hand."""

from typing import Any

from aiokafka import AIOKafkaProducer

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from schemas.partitioning import partition_for
from schemas.raw_records import FetchRequest, encode_fetch_request
from schemas.topics import FETCH_REQUESTS


async def ask_for(settings: Settings, key: bytes, request: FetchRequest) -> None:
    """Write a request; returns when the broker has it. Raises `KafkaError`."""
    producer: Any = AIOKafkaProducer(**client_options(settings), acks="all", enable_idempotence=True)
    await producer.start()
    try:
        partition = partition_for(key, settings.partitions)
        await producer.send_and_wait(settings.topic(FETCH_REQUESTS), encode_fetch_request(request), key=key, partition=partition)
    finally:
        await producer.stop()
