"""The switches of `bench.costs` reach what they switch off."""

from bench.costs import AS_IT_IS, SWITCHES, blind_switches, chunks, fold_all, share_words
from bench.prefill import day_templates


def test_every_switch_changes_what_it_should() -> None:
    events = [template.message for template in day_templates(1, 12).templates]
    ranges = chunks(events)
    assert sum(len(source.records) for source in ranges) == len(events)
    digests = {}
    for name, switch in SWITCHES.items():
        with switch():
            digests[name] = fold_all(ranges)[1]
    assert digests["without metrics"] == digests[AS_IT_IS]
    assert blind_switches(digests) == []
    assert blind_switches({**digests, "without hashes": digests[AS_IT_IS]}) == ["without hashes"]


def test_a_share_is_of_the_whole() -> None:
    assert share_words([{AS_IT_IS: 200.0, "without hashes": 150.0}], "without hashes") == "saves 25.0 %"
    assert share_words([{AS_IT_IS: 200.0}], AS_IT_IS) == ""
