"""The class archive: used only when it is whole."""

import subprocess
from pathlib import Path

import pytest

from asiento.runtime.class_archive import ClassArchive
from asiento.runtime.java import find_java
from asiento.runtime.kafka_jars import jars_directory
from asiento.runtime.local_kafka import LocalKafka


def test_an_archive_is_made_once_and_then_used(tmp_path: Path) -> None:
    java, part = find_java(), tmp_path / "classes.jsa"
    archive = ClassArchive(java, tmp_path / "cache")
    (tmp_path / "cache").mkdir()
    assert archive.using() == []
    archive.keep(part)  # a broker that was killed left none
    assert archive.using() == []

    subprocess.run([java.program, "-XX:+UseSerialGC", *archive.making(part), "-version"], capture_output=True, check=True)
    archive.keep(part)
    used = subprocess.run([java.program, "-XX:+UseSerialGC", *archive.using(), "-Xshare:on", "-version"], capture_output=True, check=True)
    assert b"sharing" in used.stderr
    assert not list((tmp_path / "cache").glob("*.part"))


def test_a_damaged_archive_does_not_stop_the_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_kafka: LocalKafka) -> None:
    assert local_kafka.pid  # so the jars are in the cache
    cached = jars_directory()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    jars_directory().mkdir(parents=True)
    for jar in cached.glob("*.jar"):
        (jars_directory() / jar.name).symlink_to(jar)
    archive, part = ClassArchive(find_java(), jars_directory()), tmp_path / "part"
    archive.making(part)
    part.write_bytes(b"half an archive")
    archive.keep(part)
    assert archive.using()
    with LocalKafka(tmp_path / "broker") as broker:
        assert broker.pid
        assert not archive.using()
        broker.kill()  # a stop would make a new one: seconds
