"""The input of benchmarks: copies of a day that the contract accepts, each under a tenant of its own."""

from itertools import islice

from bench.prefill import day_templates
from schemas.acceptance import accept_record
from schemas.refusal import Refusal

DAY = day_templates(1, 12)


def test_a_copy_is_an_event_of_another_tenant_with_the_same_content() -> None:
    for template in DAY.templates:
        key = DAY.copy(template, 7).key
        assert key.split(b":", 1)[1] == template.message.key.split(b":", 1)[1]
        copies = [DAY.copy(template, number) for number in (7, 8)]
        events = [
            accept_record(key=one.key, value=one.value, partition=one.partition(8), partition_count=8)
            for one in (template.message, *copies)
        ]
        assert not any(isinstance(event, Refusal) for event in events), events
        assert len({one.key for one in copies}) == len({dict(one.headers)["ce_id"] for one in copies}) == 2
        assert {len(one.value) for one in copies} == {len(template.message.value)}


def test_duplicates_stay_duplicates_and_nothing_else_is_one() -> None:
    ids = [dict(template.message.headers)["ce_id"] for template in DAY.templates]
    copied = [dict(DAY.copy(template, number).headers)["ce_id"] for number in range(3) for template in DAY.templates]
    assert len(set(copied)) == 3 * len(set(ids))


def test_the_same_copy_is_the_same_bytes() -> None:
    for template in islice(DAY.templates, 5):
        assert DAY.copy(template, 3) == DAY.copy(template, 3)
        assert DAY.copy(template, 3).value != template.message.value
