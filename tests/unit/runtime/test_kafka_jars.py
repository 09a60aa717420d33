"""Pinned jars: only the pinned bytes are ever used."""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asiento.runtime.kafka_jars import JarsError, PinnedJar, obtain_jars, pinned_jars


def _jar(name: str, content: bytes) -> PinnedJar:
    return PinnedJar("org.example", name, "1.0", hashlib.sha256(content).hexdigest())


def _serving(contents: dict[str, bytes]) -> Callable[[PinnedJar, Path], None]:
    def fetch(jar: PinnedJar, path: Path) -> None:
        path.write_bytes(contents[jar.artifact])

    return fetch


def _no_network(jar: PinnedJar, path: Path) -> None:
    raise AssertionError(f"{jar.artifact} was fetched again to {path}")


def test_the_list_in_the_package_is_a_whole_broker() -> None:
    jars = pinned_jars()
    assert len(jars) == 46
    assert [jar.file_name for jar in jars] == sorted({jar.file_name for jar in jars})
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)
    assert {jar.version for jar in jars if jar.group == "org.apache.kafka"} == {"4.1.1"}


def test_jars_are_fetched_once(tmp_path: Path) -> None:
    jars = [_jar("a", b"A"), _jar("b", b"B")]
    expected = (tmp_path / "a-1.0.jar", tmp_path / "b-1.0.jar")
    assert obtain_jars(tmp_path, jars, _serving({"a": b"A", "b": b"B"})) == expected
    assert obtain_jars(tmp_path, jars, _no_network) == expected
    assert [path.read_bytes() for path in expected] == [b"A", b"B"]


def test_a_download_with_other_bytes_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(JarsError, match=r"SHA-256 is .* is pinned for org\.example:a:1\.0"):
        obtain_jars(tmp_path, [_jar("a", b"A")], _serving({"a": b"evil"}))
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_planted_jar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a-1.0.jar").write_bytes(b"evil")
    with pytest.raises(JarsError, match=r"a-1\.0\.jar: SHA-256 .* Delete the file"):
        obtain_jars(tmp_path, [_jar("a", b"A")], _no_network)


def test_callers_at_the_same_time_fetch_each_jar_once(tmp_path: Path) -> None:
    jars = [_jar(name, name.encode()) for name in "abcdef"]
    fetched: Counter[str] = Counter()
    count_lock = threading.Lock()

    def fetch(jar: PinnedJar, path: Path) -> None:
        with count_lock:
            fetched[jar.artifact] += 1
        path.write_bytes(jar.artifact.encode())

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: obtain_jars(tmp_path, jars, fetch), range(4)))
    assert set(fetched.values()) == {1}
    assert len(set(results)) == 1
