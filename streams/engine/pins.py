"""The versions whose insides the engine knows, and the list of these insides: a test compares both with what is installed."""

from typing import Final

from aiokafka.producer import sender

PINNED_VERSIONS: Final = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}

TOUCHED_INTERNALS: Final = (
    "faust.transport.consumer:Consumer._drain_messages",
    "faust.transport.consumer:Consumer._get_active_partitions",
    "faust.transport.consumer:Consumer._is_changelog_tp",
    "faust.transport.consumer:Consumer._seek",
    "faust.transport.consumer:Consumer._set_active_tps",
    "faust.transport.consumer:Consumer.commit",
    "faust.transport.consumer:Consumer.perform_seek",
    "faust.transport.consumer:Consumer.verify_event_path",
    "faust.transport.consumer:Consumer.wait_empty",
    "faust.transport.consumer:ThreadDelegateConsumer._new_consumer_thread",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._ensure_consumer",
    "faust.tables.recovery:Recovery.active_remaining",
    "faust.tables.recovery:Recovery.need_recovery",
    "faust.tables.recovery:Recovery.signal_recovery_end",
    "faust.serializers.codecs:codecs",
    "mode.services:Service._crash",
    "faust.app.base:App._create_directories",
    "faust.app.base:App.transport",
    "faust.stores.memory:Store.apply_changelog_batch",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.on_start",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._send_req",
    "aiokafka.consumer.group_coordinator:GroupCoordinator.reset_generation",
    "aiokafka.consumer.fetcher:Fetcher._create_fetch_waiter",
    "aiokafka.consumer.fetcher:FetchResult.getall",
    "aiokafka.consumer.fetcher:FetchResult.has_more",
    "aiokafka.consumer.fetcher:PartitionRecords._consumer_record",
    "aiokafka.producer.message_accumulator:BatchBuilder._serialize",
    "aiokafka.consumer.subscription_state:TopicPartitionState.has_valid_position",
    "aiokafka.consumer.subscription_state:TopicPartitionState.position",
    "aiokafka.consumer.subscription_state:SubscriptionState.reassignment_in_progress",
    "aiokafka.consumer.subscription_state:SubscriptionState.fetch_context",
    "aiokafka.consumer.group_coordinator:GroupCoordinator.fetch_committed_offsets",
    "aiokafka.producer.sender:BACKOFF_OVERRIDE",
    "aiokafka.producer.sender:Sender._find_coordinator",
)

NEXT_TRANSACTION_BACKOFF_SECONDS: Final = 0.002
"""The broker needs 1-2 ms after a commit before it takes the next transaction of the same producer; aiokafka waits 20 ms."""


def shorten_transaction_backoff() -> None:
    """Let a producer start its next transaction as soon as the broker is done with the last one."""
    sender.BACKOFF_OVERRIDE = NEXT_TRANSACTION_BACKOFF_SECONDS
