"""The data directory of a system that runs on one machine, and how commands in another shell find its broker."""

from dataclasses import dataclass
from pathlib import Path

from asiento.runtime.child_process import ProcessIdentity, read_pid_file
from asiento.runtime.settings import Settings, load_settings

LOCAL_PARTITIONS = 8


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """Where everything of one running system lives below the data directory."""

    data_dir: Path

    @property
    def broker(self) -> Path:
        """Directory of the local broker."""
        return self.data_dir / "kafka"

    @property
    def broker_pid_file(self) -> Path:
        """PID file of the local broker."""
        return self.broker / "broker.pid"

    @property
    def pid_files(self) -> Path:
        """Folder of the PID files of `up` and its children."""
        return self.data_dir / "run"

    @property
    def logs(self) -> Path:
        """Folder of the children's logs."""
        return self.data_dir / "logs"

    @property
    def up_pid_file(self) -> Path:
        """PID file of `asiento up` itself."""
        return self.pid_files / "up.pid"

    @property
    def addresses_file(self) -> Path:
        """Where `up` notes the metrics address of every process, as a JSON object by name."""
        return self.pid_files / "addresses.json"

    def running(self) -> list[ProcessIdentity]:
        """Living processes by their PID files, in the order in which they are to be ended: `up`, its children, the broker."""
        files = sorted(self.pid_files.glob("*.pid"), key=lambda path: (path != self.up_pid_file, path.name))
        return [identity for path in (*files, self.broker_pid_file) if (identity := read_pid_file(path))]


def on_local_broker(settings: Settings, address: str) -> Settings:
    """The settings for the one node at `address`: one copy of everything, and few partitions unless told otherwise."""
    own = {"kafka_bootstrap_servers": address, "replication_factor": 1, "min_insync_replicas": 1}
    if "partitions" not in settings.model_fields_set:
        own["partitions"] = LOCAL_PARTITIONS
    return settings.model_copy(update=own)


def client_settings() -> Settings:
    """The settings of a command that talks to a broker: where none is named, the one that `asiento up` runs on the data directory."""
    settings = load_settings()
    if settings.kafka_bootstrap_servers is not None:
        return settings
    directory = RunDirectory(settings.data_dir.absolute())
    if read_pid_file(directory.broker_pid_file) is None:
        return settings
    from asiento.runtime.local_kafka import LocalKafka

    return on_local_broker(settings, LocalKafka(directory.broker).bootstrap_servers)
