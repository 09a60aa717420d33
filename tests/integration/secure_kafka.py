"""A real broker that encrypts, asks who one is and refuses what it has no rule for; and one installation on it, a user per component."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import confluent_kafka.admin

from asiento.runtime.local_kafka import LocalKafka, Ports
from asiento.runtime.ports import free_ports
from asiento.runtime.settings import Settings, load_settings
from schemas.access_rights import LEDGER, PROJECTOR, READER
from tests.acceptance.order_pipeline import OrderPipeline
from tests.certificates import Authority, authority
from tests.integration.operational_projector import Projector
from tests.integration.order_stream import PARTITIONS, Worker

ROOT = "root"

kafka_admin: Any = confluent_kafka.admin
"""Its types leave the access rules out."""

LISTENERS = {"SECURE": "SASL_SSL", "ELSEWHERE": "SASL_SSL", "LATE": "SASL_SSL", "CERTIFIED": "SSL"}
"""What clients can connect to: the right one, one whose certificate is for another host, one whose certificate has expired, and one
that knows its clients by their certificates. BROKER stays a plaintext listener of the broker itself and of the tests."""

SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
SECURITY = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:ANONYMOUS;User:root
sasl.enabled.mechanisms=SCRAM-SHA-512
ssl.truststore.type=PEM
ssl.truststore.location={ca}
ssl.keystore.type=PEM
ssl.keystore.location={store}
ssl.enabled.protocols=TLSv1.2,TLSv1.3
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/
listener.name.elsewhere.ssl.keystore.type=PEM
listener.name.elsewhere.ssl.keystore.location={elsewhere}
listener.name.late.ssl.keystore.type=PEM
listener.name.late.ssl.keystore.location={late}
listener.name.certified.ssl.client.auth=required
"""


class SecureKafka(LocalKafka):
    """See `LISTENERS`. `users` are names and passwords for SCRAM, made when the storage is formatted."""

    def __init__(self, directory: Path, users: dict[str, str]) -> None:
        super().__init__(directory)
        self.users = users
        self.directory.mkdir(parents=True, exist_ok=True)
        self.authority: Authority = authority(self.directory, "own")
        self.foreign: Authority = authority(self.directory, "foreign")
        self.ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))

    def address(self, listener: str) -> str:
        """`host:port` of a listener."""
        return f"127.0.0.1:{self.ports[listener]}"

    def _write_configuration(self, ports: Ports) -> Path:
        path = super()._write_configuration(ports)
        text = path.read_text()
        added = "".join(f",{name}://{self.address(name)}" for name in LISTENERS)
        for setting in ("listeners=", "advertised.listeners="):
            line = next(line for line in text.splitlines() if line.startswith(setting))
            text = text.replace(line, line + added)
        protocols = "".join(f",{name}:{protocol}" for name, protocol in LISTENERS.items())
        text = text.replace("CONTROLLER:PLAINTEXT", f"CONTROLLER:PLAINTEXT{protocols}")
        stores = {
            "store": self._store("broker", "127.0.0.1", "localhost"),
            "elsewhere": self._store("elsewhere", "kafka.example"),
            "late": self._store("late", "127.0.0.1", days=-1),
        }
        logins = "".join(f"listener.name.{name.lower()}.scram-sha-512.sasl.jaas.config={SCRAM_LOGIN}\n" for name in LISTENERS)
        path.write_text(text + SECURITY.format(ca=self.authority.ca_file, **stores) + logins)
        return path

    def _store(self, name: str, *hosts: str, days: int = 30) -> Path:
        certificate, key = self.authority.issue(name, *hosts, days=days)
        store = self.directory / f"{name}-store.pem"
        store.write_bytes(key.read_bytes() + certificate.read_bytes())
        return store

    def _format(self, command: list[str | Path], environment: dict[str, str]) -> None:
        scram = [f"SCRAM-SHA-512=[name={name},password={password}]" for name, password in self.users.items()]
        super()._format([*command, *(word for one in scram for word in ("--add-scram", one))], environment)


class SecureInstallation(OrderPipeline):
    """Every component as the user `<component>`, over SASL_SSL; the tests themselves look in through the broker's own listener."""

    def __init__(self, broker: SecureKafka, prefix: str, directory: Path) -> None:
        self.broker = broker
        self.prefix = prefix
        self.directory = directory
        self.password_files = {}
        for user, password in broker.users.items():
            self.password_files[user] = directory / f"{user}.password"
            self.password_files[user].write_text(f"{password}\n")
            self.password_files[user].chmod(0o600)

    def begin(self) -> None:
        """The clients of the tests, once the topics are there."""
        super().__init__(self.broker.bootstrap_servers, self.prefix, self.directory, **self.access(LEDGER))
        self.projector = Projector(
            self.directory, self.broker.bootstrap_servers, self.prefix, **self.access(PROJECTOR), partitions=str(PARTITIONS)
        )

    def access(self, user: str) -> dict[str, str]:
        """Settings with which a user reaches the broker."""
        return {
            "kafka_bootstrap_servers": self.broker.address("SECURE"),
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_sasl_username": user,
            "kafka_sasl_password_file": str(self.password_files[user]),
            "kafka_ca_file": str(self.broker.authority.ca_file),
        }

    def settings(self, user: str, **change: str | None) -> Settings:
        """The settings of a user in this process; None takes one away."""
        given = {"topic_prefix": self.prefix, "app_id": f"{self.prefix}app", **self.access(user), **change}
        return load_settings(given)

    def client(self, user: str) -> dict[str, Any]:
        """Options with which another client library is this user."""
        return {
            "bootstrap.servers": self.broker.address("SECURE"),
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self.broker.users[user],
            "ssl.ca.location": str(self.broker.authority.ca_file),
        }

    def take_away(self, user: str, topic: str) -> None:
        """Remove all rights of a user on a topic (its full name)."""
        rule = kafka_admin.AclBindingFilter(
            kafka_admin.ResourceType.TOPIC,
            topic,
            kafka_admin.ResourcePatternType.LITERAL,
            f"User:{user}",
            "*",
            kafka_admin.AclOperation.ANY,
            kafka_admin.AclPermissionType.ANY,
        )
        root = kafka_admin.AdminClient(self.client(ROOT))
        assert root.delete_acls([rule])[rule].result(30)

    def environment(self, user: str, **more: str) -> dict[str, str]:
        """The environment of a process that runs as a user."""
        settings = {
            "topic_prefix": self.prefix,
            "app_id": f"{self.prefix}app",
            "partitions": str(PARTITIONS),
            "replication_factor": "1",
            "min_insync_replicas": "1",
            "data_dir": str(self.directory),
            "kafka_session_timeout_seconds": "6",
            "log_format": "json",
            **self.access(user),
            **more,
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")}
        return inherited | {f"ASIENTO_{name.upper()}": value for name, value in settings.items()}

    def command(self, user: str, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as a user; for one that does not end by itself a refusal is expected."""
        argv = [sys.executable, "-m", "asiento.cli.main", *words]
        return subprocess.run(argv, env=self.environment(user, **more), capture_output=True, text=True, timeout=90, check=False)

    def asiento(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        """Run a command as the reader."""
        argv = [sys.executable, "-m", "asiento.cli.main", *words]
        return subprocess.run(argv, env=self.environment(READER), capture_output=True, timeout=120, check=False)

    def start_as(self, user: str, *words: str, **more: str) -> Worker:
        """Start a process as a user."""
        number = len(self.stream.workers)
        worker = Worker(self.environment(user, **more), self.directory / f"{user}-{number}.log", ("-m", "asiento.cli.main", *words))
        self.stream.workers.append(worker)
        return worker

    def close(self) -> None:
        """End what still runs."""
        self.projector.close()
        super().close()
