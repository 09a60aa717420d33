"""The topics catalogue."""

from schemas.output_codec import OUTPUT_BYTES_MAX
from schemas.topics import DAY_MS, ORDERS_EVENTS, catalogue, changelog_name

SPECS = {spec.name: spec for spec in catalogue("books", 12, 3, 2)}


def test_every_topic_once_with_the_same_partitions() -> None:
    assert len(SPECS) == len(catalogue("books", 12, 3, 2)) == 11
    assert {(spec.partitions, spec.replication_factor) for spec in SPECS.values()} == {(12, 3)}
    assert {spec.config["min.insync.replicas"] for spec in SPECS.values()} == {"2"}


def test_the_changelog_is_only_compacted_and_keeps_the_last_hour() -> None:
    changelog = SPECS["books-orders-order-state-changelog"]
    assert changelog.name == changelog_name("books")
    assert changelog.config["cleanup.policy"] == "compact"
    assert int(changelog.config["min.compaction.lag.ms"]) >= 3_600_000
    assert "retention.ms" not in changelog.config


def test_what_books_are_rebuilt_from_is_never_deleted() -> None:
    for name in (ORDERS_EVENTS, "accounting.entries.v1", "accounting.decisions.v1", "accounting.actions.v1"):
        assert SPECS[name].config["retention.ms"] == "-1"
        assert SPECS[name].config["cleanup.policy"] == "delete"
    assert SPECS["orders.raw.v1"].config["retention.ms"] == str(30 * DAY_MS)
    assert SPECS["orders.raw.v1"].config["segment.ms"] == str(DAY_MS)
    assert SPECS["orders.dlq.v1"].config["retention.ms"] == str(400 * DAY_MS)


def test_records_fit_their_topics() -> None:
    assert int(SPECS[ORDERS_EVENTS].config["max.message.bytes"]) == 1_048_576
    for name in ("accounting.entries.v1", "accounting.decisions.v1", "orders.dlq.v1", changelog_name("books")):
        assert int(SPECS[name].config["max.message.bytes"]) > OUTPUT_BYTES_MAX
