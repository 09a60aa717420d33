"""The class archive: used only when it is whole."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asiento.runtime.class_archive import ClassArchive
from asiento.runtime.java import Java, find_java
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


SLOW_DUMP = """\
#!/bin/sh
echo dumped >> "$0.log"
sleep 0.5
for word; do case "$word" in -XX:SharedArchiveFile=*) echo $$ > "${word#*=}" ;; esac; done
"""


def test_of_two_that_start_at_once_both_use_what_the_first_has_made(tmp_path: Path) -> None:
    """No two dumps are alike: with the one of a dump and the broker's of another, Java would use neither for good."""
    program = tmp_path / "java"
    program.write_text(SLOW_DUMP)
    program.chmod(0o755)
    archives = [ClassArchive(Java(program, "21.0.8", 21), tmp_path) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        used = list(pool.map(lambda archive: archive.making(tmp_path / "part"), archives))
    assert used[0] == used[1] != []
    assert (tmp_path / "java.log").read_text() == "dumped\n"


def test_a_damaged_archive_does_not_stop_the_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_kafka: LocalKafka) -> None:
    """Java 17 ends at it, so it must be thrown away; Java 21 passes over it."""
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
        broker.kill()  # a stop would make a new one: seconds
