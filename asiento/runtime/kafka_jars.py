"""The jars of Apache Kafka: pinned by SHA-256, downloaded once into a cache that all data directories share."""

import hashlib
import os
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from asiento.runtime.file_lock import LockHeld, locked

KAFKA_VERSION = "4.1.1"
DOWNLOADS_AT_ONCE = 4
DOWNLOAD_TRIES_MAX = 3
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
CONNECT_SECONDS_MAX = 10
READ_SECONDS_MAX = 60
LOCK_WAIT_SECONDS_MAX = 300

Fetch = Callable[["PinnedJar", Path], None]


class JarsError(Exception):
    """The jars cannot be obtained or are not the pinned ones; the message says what, where and how to mend it."""


@dataclass(frozen=True, slots=True)
class PinnedJar:
    """One file of a Maven repository, mostly a jar: its coordinates and the SHA-256 its bytes must have (64 hex digits)."""

    group: str
    artifact: str
    version: str
    sha256: str
    classifier: str | None = None
    extension: str = "jar"

    @property
    def file_name(self) -> str:
        """Name in the cache."""
        return f"{self.artifact}-{self.version}{f'-{self.classifier}' if self.classifier else ''}.{self.extension}"


def cache_directory() -> Path:
    """Where downloads are kept: `asiento` below XDG_CACHE_HOME, by default below ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asiento"


def jars_directory() -> Path:
    """The folder of the cache that holds the jars of this Kafka version."""
    return cache_directory() / f"kafka-{KAFKA_VERSION}"


def pinned_jars() -> tuple[PinnedJar, ...]:
    """The list in the package, in class path order (sorted by file name)."""
    text = files("asiento.runtime.kafka_local").joinpath("kafka-jars.sha256").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    jars = [_jar(coordinates, sha256) for sha256, coordinates in lines]
    return tuple(sorted(jars, key=lambda jar: jar.file_name))


def _jar(coordinates: str, sha256: str) -> PinnedJar:
    group, artifact, version = coordinates.split(":")
    return PinnedJar(group, artifact, version, sha256)


def obtain_jars(directory: Path, jars: Sequence[PinnedJar], fetch: Fetch | None = None) -> tuple[Path, ...]:
    """Download what is missing, check every byte, return the paths in the order of `jars`.

    Safe for concurrent callers. `fetch` writes one jar to a path. Raises `JarsError`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with locked(directory / ".lock", LOCK_WAIT_SECONDS_MAX):
            missing = [jar for jar in jars if not (directory / jar.file_name).exists()]
            with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
                list(pool.map(lambda jar: _download(directory, jar, fetch or fetch_from_maven), missing))
                list(pool.map(lambda jar: _check(directory / jar.file_name, jar), jars))
    except LockHeld as error:
        raise JarsError(f"{error} for more than {LOCK_WAIT_SECONDS_MAX} s: another process is downloading; try again") from None
    return tuple(directory / jar.file_name for jar in jars)


def check_jars(directory: Path, jars: Sequence[PinnedJar]) -> tuple[PinnedJar, ...]:
    """Check what is there and download nothing; returns the jars that are missing. Raises `JarsError` on other bytes."""
    missing = tuple(jar for jar in jars if not (directory / jar.file_name).exists())
    for jar in jars:
        if jar not in missing:
            _check(directory / jar.file_name, jar)
    return missing


def _download(directory: Path, jar: PinnedJar, fetch: Fetch) -> None:
    partial = directory / f".{jar.file_name}.part"
    try:
        fetch(jar, partial)
        _check(partial, jar)
        partial.replace(directory / jar.file_name)
    finally:
        partial.unlink(missing_ok=True)


def _check(path: Path, jar: PinnedJar) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != jar.sha256:
        raise JarsError(
            f"{path}: SHA-256 is {found}, but {jar.sha256} is pinned for {jar.group}:{jar.artifact}:{jar.version}; "
            "it is not used. Delete the file if it exists and start again; if the download differs again, "
            "the mirror between you and the repository serves other bytes"
        )


def trusted_certificates() -> str | bool:
    """The CA file that the environment or the system names, as every other client uses; True: the list that requests carries."""
    variables = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"))
    candidates = (*variables, ssl.get_default_verify_paths().cafile, SYSTEM_CERTIFICATES)
    return next((path for path in candidates if path and Path(path).is_file()), True)


def fetch_from_maven(jar: PinnedJar, path: Path) -> None:
    """Write the jar from its public repository to `path`; bounded tries; raises `JarsError`."""
    try:
        from maven_artifact import Artifact, Downloader
    except ImportError:
        raise JarsError(
            "the package maven-artifact is missing: install asiento[local-kafka], or name a broker with ASIENTO_KAFKA_BOOTSTRAP_SERVERS"
        ) from None
    downloader = Downloader()
    url = downloader.resolver.uri_for_artifact(Artifact(jar.group, jar.artifact, jar.version, jar.classifier, jar.extension))
    for attempt in range(1, DOWNLOAD_TRIES_MAX + 1):
        try:
            timeout = (CONNECT_SECONDS_MAX, READ_SECONDS_MAX)
            with (
                downloader.requestor.request(url, None, stream=True, timeout=timeout, verify=trusted_certificates()) as response,
                path.open("wb") as file,
            ):
                for piece in response.iter_content(chunk_size=1 << 16):
                    file.write(piece)
                return
        except OSError as error:  # requests' own errors are OSErrors
            if attempt == DOWNLOAD_TRIES_MAX:
                raise JarsError(
                    f"{jar.group}:{jar.artifact}:{jar.version} cannot be downloaded ({type(error).__name__}: {error}). Check the network "
                    f"or the proxy variables (HTTPS_PROXY, REQUESTS_CA_BUNDLE), or put the jar at {path.parent / jar.file_name} yourself"
                ) from None
