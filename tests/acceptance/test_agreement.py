"""Processes killed in turn: decisions, ledger and operational database agree with each other, with the topics and with the oracle."""

from copy import deepcopy
from pathlib import Path

import orjson
import pytest

from asiento.runtime.local_kafka import LocalKafka
from tests.acceptance.agreement import CHECKS, Picture, findings
from tests.acceptance.load import Load, everything
from tests.acceptance.nemesis import LOG
from tests.acceptance.planted_faults import FAULTS
from tests.acceptance.rotation import IN_TURN, Rotation
from tests.acceptance.topic_facts import EVENTS
from tests.acceptance.whole_installation import WholeInstallation


@pytest.mark.parametrize(
    ("kills", "seed", "database"),
    [
        pytest.param(6, 3, "sqlite", marks=pytest.mark.soak),
        pytest.param(30, 5, "sqlite", marks=[pytest.mark.soak, pytest.mark.timeout(1_200)]),
        pytest.param(30, 8, "postgresql", marks=[pytest.mark.soak, pytest.mark.timeout(1_200)]),
    ],
    ids=["short", "long-sqlite", "long-postgresql"],
)
def test_killed_in_turn_all_that_was_written_agrees(
    local_kafka: LocalKafka, topic_prefix: str, tmp_path: Path, request: pytest.FixtureRequest, *, kills: int, seed: int, database: str
) -> None:
    url = request.getfixturevalue("postgresql") if database == "postgresql" else None
    installation = WholeInstallation(local_kafka.bootstrap_servers, topic_prefix, tmp_path, operational_url=url)
    try:
        load = Load(installation.stream, everything(installation.stream, seed))
        rotation = Rotation(installation, local_kafka, load, seed)
        rotation.start()
        rotation.kill_in_turn(kills)
        rotation.drain()
        assert [kill.victim for kill in rotation.kills] == [IN_TURN[number % len(IN_TURN)] for number in range(kills)]
        assert all(kill.behind for kill in rotation.kills)
        picture = installation.picture(load)
        assert findings(picture) == {}
        _check_that_faults_are_seen(picture)
        _check_commands(installation)
        LOG.warning("seed %d: %s", seed, _told(rotation, picture))
    finally:
        installation.close()


def _check_that_faults_are_seen(picture: Picture) -> None:
    """Each planted fault is found by the check that is there for it."""
    for name, plant, check in FAULTS:
        broken = deepcopy(picture)
        plant(broken)
        assert list(check(broken)), f"{check.__name__} does not see: {name}"
    assert {check for _, _, check in FAULTS} == set(CHECKS)


def _check_commands(installation: WholeInstallation) -> None:
    """What the product says of itself."""
    done = installation.asiento("verify", "--json")
    report = orjson.loads(done.stdout)
    assert (done.returncode, report["clean"], report["problems"]) == (0, True, []), done.stderr
    rebuilt = installation.projector.command("operational", "rebuild", "--verify", "--json")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    compared = orjson.loads(rebuilt.stdout)
    assert (compared["differences"], compared["taken_by_retention"]) == (0, {})


def _told(rotation: Rotation, picture: Picture) -> str:
    in_flight = sum(kill.in_flight for kill in rotation.kills)
    return (
        f"{len(rotation.kills)} kills, {in_flight} of victims at work, {rotation.sweeper_kills} of the sweeper, other deaths "
        f"{rotation.history.excused_deaths}, {rotation.history.seconds:.0f} s; {len(picture.topics.records[EVENTS])} records, "
        f"{len(picture.ledger.hashes)} entries, {len(picture.operational.open_discrepancies)} open discrepancies"
    )
